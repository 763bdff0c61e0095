import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { derivedKey, seal, unseal } from '#libs/sealing';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { SubjectKind } from './access-token.js';
import { ACCOUNTS } from './account-tables.js';
import { TwoFactorLocked } from './auth.errors.js';
import { newRecoveryCodes, plainCode } from './recovery-codes.js';
import { isAppCode, stepOfCode } from './totp.js';

/** Wrong codes in a row after which only another password helps: who guesses on has the password already. */
const MAX_FAILURES = 100;

/** How a code was made; `none` where the account has no second factor. */
export type CodeOutcome = 'app' | 'recovery' | 'wrong' | 'none';

/** The second factor of an account as it is stored. */
export interface StoredFactor {
  /** uuid */
  id: string;
  secret: Buffer;
  confirmedAt: Date | null;
  failures: number;
}

/** Keeps second factors: what makes codes, encrypted, and the codes for the day that the telephone is gone, hashed. */
@Injectable()
export class SecondFactors {
  private readonly sealingKey: Buffer;
  private readonly codeKey: Buffer;

  constructor(@Inject(APP_CONFIG) config: Config) {
    this.sealingKey = derivedKey(config.encryptionKey, 'emporium two-factor secrets');
    this.codeKey = derivedKey(config.encryptionKey, 'emporium recovery codes');
  }

  /** The factor of an account, confirmed or not. */
  async find(db: Queryable, kind: SubjectKind, accountId: string, lock = false): Promise<StoredFactor | null> {
    const [row] = await db.query<StoredFactor>(
      `SELECT id, secret, confirmed_at AS "confirmedAt", failures FROM two_factors
       WHERE ${ACCOUNTS[kind].column} = $1 ${lock ? 'FOR UPDATE' : ''}`,
      [accountId],
    );
    return row ?? null;
  }

  /** Notes a secret that is to be confirmed; one before it is forgotten. @returns false when the account has a factor */
  async propose(db: Queryable, kind: SubjectKind, accountId: string, secret: string): Promise<boolean> {
    const { column } = ACCOUNTS[kind];
    const rows = await db.query(
      `INSERT INTO two_factors AS f (id, ${column}, secret) VALUES ($1, $2, $3)
       ON CONFLICT (${column}) DO UPDATE SET secret = excluded.secret, failures = 0, created_at = now()
         WHERE f.confirmed_at IS NULL RETURNING 1`,
      [newUuid(), accountId, seal(this.sealingKey, secret, accountId)],
    );
    return rows.length > 0;
  }

  /** Makes a proposed factor count, if the code is one of it. */
  async confirm(tx: Tx, factor: StoredFactor, accountId: string, typed: string): Promise<boolean> {
    const step = this.stepOf(factor, accountId, plainCode(typed));
    if (step === null) return false;
    const rows = await tx.query(
      `UPDATE two_factors SET confirmed_at = now(), last_step = $2, failures = 0
       WHERE id = $1 AND confirmed_at IS NULL RETURNING 1`,
      [factor.id, step],
    );
    return rows.length > 0;
  }

  /**
   * Uses a code up: one of the app, later than the one that was used last, or one that was written down. What went wrong is
   * counted, so the transaction must be committed either way.
   * @throws two_factor_locked
   */
  async use(tx: Tx, kind: SubjectKind, accountId: string, typed: string): Promise<CodeOutcome> {
    const factor = await this.find(tx, kind, accountId, true);
    if (!factor?.confirmedAt) return 'none';
    if (factor.failures >= MAX_FAILURES) throw TwoFactorLocked();
    const plain = plainCode(typed);
    const isOfApp = isAppCode(plain);
    const fits = isOfApp ? await this.useStep(tx, factor, accountId, plain) : await this.useWritten(tx, factor, plain);
    await tx.query(`UPDATE two_factors SET failures = CASE WHEN $2 THEN 0 ELSE failures + 1 END WHERE id = $1`, [
      factor.id,
      fits,
    ]);
    if (!fits) return 'wrong';
    return isOfApp ? 'app' : 'recovery';
  }

  /** Writes new recovery codes in the place of the old ones. @returns the only copy of them */
  async renewCodes(tx: Tx, factorId: string): Promise<string[]> {
    const codes = newRecoveryCodes();
    await tx.query(`DELETE FROM recovery_codes WHERE two_factor_id = $1`, [factorId]);
    await tx.query(`INSERT INTO recovery_codes (two_factor_id, code_hash) SELECT $1, unnest($2::bytea[])`, [
      factorId,
      codes.map((code) => this.hashOf(factorId, plainCode(code))),
    ]);
    await tx.query(`UPDATE two_factors SET codes_made_at = now() WHERE id = $1`, [factorId]);
    return codes;
  }

  /** Takes the factor away, with its codes. @returns false when there was none that counted */
  async remove(db: Queryable, kind: SubjectKind, accountId: string): Promise<boolean> {
    const [gone] = await db.query<{ confirmed_at: Date | null }>(
      `DELETE FROM two_factors WHERE ${ACCOUNTS[kind].column} = $1 RETURNING confirmed_at`,
      [accountId],
    );
    return gone !== undefined && gone.confirmed_at !== null;
  }

  /** Forgets wrong codes: whoever made them does not know the new password. */
  async forgetFailures(tx: Tx, kind: SubjectKind, accountId: string): Promise<void> {
    await tx.query(`UPDATE two_factors SET failures = 0 WHERE ${ACCOUNTS[kind].column} = $1 AND failures > 0`, [
      accountId,
    ]);
  }

  private async useStep(tx: Tx, factor: StoredFactor, accountId: string, code: string): Promise<boolean> {
    const step = this.stepOf(factor, accountId, code);
    if (step === null) return false;
    // Of two who show the same code one is first, and an older one than that fits no more.
    const rows = await tx.query(`UPDATE two_factors SET last_step = $2 WHERE id = $1 AND last_step < $2 RETURNING 1`, [
      factor.id,
      step,
    ]);
    return rows.length > 0;
  }

  private async useWritten(tx: Tx, factor: StoredFactor, code: string): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE recovery_codes SET used_at = now() WHERE two_factor_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING 1`,
      [factor.id, this.hashOf(factor.id, code)],
    );
    return rows.length > 0;
  }

  private stepOf(factor: StoredFactor, accountId: string, code: string): number | null {
    return stepOfCode(unseal(this.sealingKey, factor.secret, accountId), code);
  }

  private hashOf(factorId: string, plain: string): Buffer {
    return createHmac('sha256', this.codeKey).update(`${factorId}\n${plain}`).digest();
  }
}
