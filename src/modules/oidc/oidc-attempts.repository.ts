import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { ExternalPerson, Proofs } from './oidc-clients.js';

/** How long somebody may take at the provider. */
export const ATTEMPT_SECONDS = 600;
/** How long the page has to finish a sign-in when its visitor is back. */
export const HANDOVER_SECONDS = 60;

/** What a sign-in is for: to come in as a customer or as staff, or to give an account another way in. */
export type AttemptPurpose = 'customer' | 'staff' | 'link';

/** A sign-in that is under way. */
export interface Attempt {
  /** uuid */
  id: string;
  provider: string;
  purpose: AttemptPurpose;
  /** uuid; of a link */
  customerId: string | null;
  returnUrl: string;
}

const COLUMNS = `id, provider, purpose, customer_id AS "customerId", return_url AS "returnUrl"`;
const hashOf = (text: string) => createHash('sha256').update(text).digest();

/**
 * Sign-ins that are under way. Their secrets are derived from the id of the row and a key of the shop, so that the database
 * holds hashes alone; each step happens once.
 */
@Injectable()
export class OidcAttempts {
  private readonly key: Buffer;

  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) config: Config,
  ) {
    this.key = Buffer.from(hkdfSync('sha256', config.encryptionKey, '', 'emporium oidc attempts', 32));
  }

  /** Begins one. `challenge` is the SHA-256 of a secret that only the page which began it knows. */
  async begin(attempt: Omit<Attempt, 'id'> & { challenge: Buffer }): Promise<Proofs> {
    const id = newUuid();
    const proofs = this.proofsOf(id);
    await this.db.query(
      `INSERT INTO oidc_attempts (id, provider, purpose, customer_id, return_url, challenge, state_hash, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => ${ATTEMPT_SECONDS}))`,
      [
        id,
        attempt.provider,
        attempt.purpose,
        attempt.customerId,
        attempt.returnUrl,
        attempt.challenge,
        hashOf(proofs.state),
      ],
    );
    return proofs;
  }

  /** The one that a browser brings back, once; null for a state that is unknown, over or used. */
  async comeBack(provider: string, state: string): Promise<(Attempt & { proofs: Proofs }) | null> {
    const [attempt] = await this.db.query<Attempt>(
      `UPDATE oidc_attempts SET called_back_at = now()
       WHERE state_hash = $1 AND provider = $2 AND called_back_at IS NULL AND expires_at > now() RETURNING ${COLUMNS}`,
      [hashOf(state), provider],
    );
    return attempt ? { ...attempt, proofs: this.proofsOf(attempt.id) } : null;
  }

  /** Keeps who came. @returns the code with which the page finishes the sign-in */
  async keep(attemptId: string, person: ExternalPerson): Promise<string> {
    const code = this.derive('code', attemptId);
    await this.db.query(
      `UPDATE oidc_attempts SET person = $2, code_hash = $3, expires_at = now() + make_interval(secs => ${HANDOVER_SECONDS})
       WHERE id = $1`,
      [attemptId, JSON.stringify(person), hashOf(code)],
    );
    return code;
  }

  /**
   * Who came, once, to the page that began the sign-in. Null when the code is unknown, used, over, or of another page; a
   * code that is shown with a wrong secret is over, too.
   */
  async redeem(
    tx: Tx,
    code: string,
    verifier: string,
    purposes: readonly AttemptPurpose[],
  ): Promise<(Attempt & { person: ExternalPerson }) | null> {
    const [row] = await tx.query<Attempt & { person: ExternalPerson; fits: boolean }>(
      `WITH came AS (
         SELECT id, person, challenge = $2 AS fits FROM oidc_attempts
         WHERE code_hash = $1 AND redeemed_at IS NULL AND expires_at > now() AND purpose = ANY($3) FOR UPDATE)
       UPDATE oidc_attempts a SET redeemed_at = now(), person = NULL FROM came WHERE a.id = came.id
       RETURNING a.id, a.provider, a.purpose, a.customer_id AS "customerId", a.return_url AS "returnUrl", came.person, came.fits`,
      [hashOf(code), hashOf(verifier), purposes],
    );
    return row?.fits ? row : null;
  }

  private proofsOf(id: string): Proofs {
    return {
      state: this.derive('state', id),
      nonce: this.derive('nonce', id),
      verifier: this.derive('verifier', id),
    };
  }

  private derive(what: string, id: string): string {
    return createHmac('sha256', this.key).update(`${what}\n${id}`).digest('base64url');
  }
}
