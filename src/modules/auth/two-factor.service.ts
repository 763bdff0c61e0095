import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { Forbidden } from '#libs/errors';
import { encodeId, newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { SUBJECT_IDS, type SubjectKind } from './access-token.js';
import { TwoFactorChanged } from './account.events.js';
import { AccountLinks } from './account-links.repository.js';
import { ACCOUNTS } from './account-tables.js';
import { InvalidCode, TwoFactorEnabled, TwoFactorNotEnabled } from './auth.errors.js';
import type { CustomerIdentity } from './customer-identity.js';
import { LoginThrottle } from './login-throttle.js';
import { OwnPassword } from './own-password.js';
import { SecondFactors } from './second-factors.js';
import { Sessions } from './sessions.service.js';
import type { StaffIdentity } from './staff-identity.js';
import { newTotpSecret, totpSetup } from './totp.js';

/** Somebody who is signed in. */
export interface FactorOwner {
  kind: SubjectKind;
  /** uuid */
  id: string;
  email: string;
  /** uuid of the session that goes on */
  sessionId: string;
}

/** What became of a second factor; its owner gets a mail. */
export type TwoFactorChange = 'enabled' | 'disabled' | 'reset' | 'codes_renewed' | 'recovery_code_used';

/** How an account is secured. */
export interface TwoFactorState {
  enabledAt: Date | null;
  recoveryCodesLeft: number;
  isRequired: boolean;
}

/** A member of staff as the owner of their second factor. @throws forbidden for an API key: it has no telephone */
export function staffAsOwner({ id, email, sessionId }: StaffIdentity): FactorOwner {
  if (sessionId === undefined) throw Forbidden({ detail: 'This is for people, not for keys.' });
  return { kind: 'staff', id, email, sessionId };
}

/** A customer as the owner of their second factor. */
export function customerAsOwner({ id, email, sessionId }: CustomerIdentity): FactorOwner {
  return { kind: 'customer', id, email, sessionId };
}

/** What is answered to a code that does not fit. */
export const invalidCode = () =>
  InvalidCode({ errors: [{ pointer: '/code', code: 'invalid_code', detail: 'is wrong, too old or used already' }] });

/** Announces that something became of a second factor. */
export function announceTwoFactor(tx: Tx, kind: SubjectKind, accountId: string, change: TwoFactorChange): void {
  announce(tx, {
    definition: TwoFactorChanged,
    key: `${TwoFactorChanged.topic}:${newUuid()}`,
    aggregateType: kind === 'staff' ? 'user' : 'customer',
    aggregateId: accountId,
    payload: { account: encodeId(SUBJECT_IDS[kind], accountId), kind, change },
  });
  tx.afterCommit(() => log.info('auth.two_factor_changed', { kind, accountId, change }));
}

/** Lets people secure their account with codes of an app on their telephone, and go without it again. */
@Injectable()
export class TwoFactor {
  constructor(
    private readonly db: Db,
    private readonly factors: SecondFactors,
    private readonly ownPassword: OwnPassword,
    private readonly throttle: LoginThrottle,
    private readonly sessions: Sessions,
    private readonly links: AccountLinks,
  ) {}

  /** How the account is secured, and whether the shop asks for it. */
  async state({ kind, id }: Pick<FactorOwner, 'kind' | 'id'>): Promise<TwoFactorState> {
    const [row] = await this.db.query<TwoFactorState>(
      `SELECT f.confirmed_at AS "enabledAt",
         (SELECT count(*) FROM recovery_codes r WHERE r.two_factor_id = f.id AND r.used_at IS NULL) AS "recoveryCodesLeft",
         $2 = 'staff' AND coalesce((SELECT two_factor_required FROM shop_settings), false) AS "isRequired"
       FROM (SELECT $1::uuid AS account_id) a LEFT JOIN two_factors f ON f.${ACCOUNTS[kind].column} = a.account_id`,
      [id, kind],
    );
    return row!;
  }

  /**
   * Gives a secret to an app. It counts once a code of it is shown; until then the same again gives another.
   * @throws wrong_password, two_factor_enabled, rate_limited
   */
  async enroll(
    owner: FactorOwner,
    password: string,
    address: string,
  ): Promise<{ secret: string; uri: string; qrCode: string }> {
    await this.ownPassword.confirm(owner.kind, owner, password, address);
    const secret = newTotpSecret();
    const isProposed = await this.db.transaction((tx) => this.factors.propose(tx, owner.kind, owner.id, secret));
    if (!isProposed) throw TwoFactorEnabled();
    const [shop] = await this.db.query<{ name: string }>(`SELECT name FROM shop_settings`);
    return { secret, ...totpSetup(secret, shop?.name ?? 'Emporium', owner.email) };
  }

  /**
   * Asks for codes from now on, and ends what was begun without one: all other sessions, and changes of the e-mail address
   * that wait for a link.
   * @returns recovery codes, the only copy of them
   * @throws invalid_code, two_factor_enabled; two_factor_not_enabled without an enrollment; rate_limited
   */
  async confirm(owner: FactorOwner, code: string, address: string): Promise<string[]> {
    const attempt = await this.throttle.admitCode(owner.id, address);
    const codes = await this.db.transaction(async (tx) => {
      // A sign-in that is under way is over, or waits: see LoginChallenges.begin.
      await tx.query(`SELECT FROM ${ACCOUNTS[owner.kind].table} WHERE id = $1 FOR NO KEY UPDATE`, [owner.id]);
      const factor = await this.factors.find(tx, owner.kind, owner.id, true);
      if (!factor) throw TwoFactorNotEnabled({ detail: 'Enroll first: there is no secret that a code could be of.' });
      if (factor.confirmedAt) throw TwoFactorEnabled();
      if (!(await this.factors.confirm(tx, factor, owner.id, code))) return null;
      await this.sessions.endAll(owner.kind, owner.id, owner.sessionId, tx);
      if (owner.kind === 'customer') await this.links.endEmailChanges(tx, owner.id);
      announceTwoFactor(tx, owner.kind, owner.id, 'enabled');
      return this.factors.renewCodes(tx, factor.id);
    });
    if (!codes) throw invalidCode();
    await attempt.succeeded();
    return codes;
  }

  /** New recovery codes; the old ones are void. @throws wrong_password, invalid_code, two_factor_not_enabled, rate_limited */
  renewCodes(owner: FactorOwner, proof: { password: string; code: string }, address: string): Promise<string[]> {
    return this.proved(owner, proof, address, async (tx, factorId) => {
      announceTwoFactor(tx, owner.kind, owner.id, 'codes_renewed');
      return this.factors.renewCodes(tx, factorId);
    });
  }

  /** The password alone opens the account again; other sessions end. @throws as renewCodes */
  disable(owner: FactorOwner, proof: { password: string; code: string }, address: string): Promise<void> {
    return this.proved(owner, proof, address, async (tx) => {
      await this.factors.remove(tx, owner.kind, owner.id);
      await this.sessions.endAll(owner.kind, owner.id, owner.sessionId, tx);
      announceTwoFactor(tx, owner.kind, owner.id, 'disabled');
    });
  }

  /** For somebody whose telephone and codes are gone: takes the factor away and ends all sessions. Called in a transaction. */
  async reset(tx: Tx, kind: SubjectKind, accountId: string): Promise<void> {
    if (!(await this.factors.remove(tx, kind, accountId))) throw TwoFactorNotEnabled();
    await this.sessions.endAll(kind, accountId, undefined, tx);
    announceTwoFactor(tx, kind, accountId, 'reset');
  }

  private async proved<T>(
    owner: FactorOwner,
    proof: { password: string; code: string },
    address: string,
    work: (tx: Tx, factorId: string) => Promise<T>,
  ): Promise<T> {
    await this.ownPassword.confirm(owner.kind, owner, proof.password, address);
    const attempt = await this.throttle.admitCode(owner.id, address);
    const result = await this.db.transaction(async (tx) => {
      const outcome = await this.factors.use(tx, owner.kind, owner.id, proof.code);
      if (outcome === 'none') throw TwoFactorNotEnabled();
      // Returned, not thrown: the wrong code must be counted.
      if (outcome === 'wrong') return null;
      const factor = await this.factors.find(tx, owner.kind, owner.id);
      return { value: await work(tx, factor!.id) };
    });
    if (!result) throw invalidCode();
    await attempt.succeeded();
    return result.value;
  }
}
