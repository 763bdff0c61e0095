import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { log } from '#libs/log';
import type { SubjectKind } from './access-token.js';
import { ACCOUNTS } from './account-tables.js';
import { InvalidCredentials } from './auth.errors.js';
import { type Challenge, LoginChallenges } from './login-challenges.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordHasher } from './password-hasher.js';
import type { Session, SessionOwner } from './sessions.service.js';

/** What is typed at the door. */
export interface Credentials {
  email: string;
  password: string;
  /** Which account, where one address has both. */
  as?: SubjectKind;
}

/** Where a request comes from. */
export interface Caller {
  address: string;
  userAgent: string | undefined;
}

interface AccountRow {
  owner: SessionOwner;
  password_hash: string | null;
  suspended: boolean;
}

/** What comes of the right password: a session, or the question for a code. */
export type SignIn = (Session & { owner: SessionOwner }) | Challenge;

/** Signs staff and customers in with e-mail address and password. */
@Injectable()
export class LoginService {
  constructor(
    private readonly db: Db,
    private readonly throttle: LoginThrottle,
    private readonly passwords: PasswordHasher,
    private readonly challenges: LoginChallenges,
  ) {}

  /**
   * Begins a session, or asks for a code where the account has a second factor.
   * @throws invalid_credentials in the same words and the same time for an unknown address, a wrong password and a
   *   suspended account; rate_limited
   */
  async execute(credentials: Credentials, caller: Caller): Promise<SignIn> {
    this.passwords.refuseCrowd();
    const attempt = await this.throttle.admit(credentials.email, caller.address);
    let account: AccountRow | undefined;
    let passwordHash: string | null;
    try {
      account = await this.find(credentials);
      const fits = await this.passwords.verify(account?.password_hash ?? null, credentials.password);
      passwordHash = account && fits ? await this.upToDate(account, credentials.password) : null;
    } catch (error) {
      await attempt.notTried();
      throw error;
    }
    const signIn =
      account && passwordHash !== null
        ? await this.challenges.begin(account.owner, passwordHash, caller.userAgent)
        : null;
    if (!account || !signIn) {
      const { kind, id: accountId } = account?.owner ?? {};
      log.warn('auth.login_failed', { kind, accountId, suspended: account?.suspended });
      throw InvalidCredentials();
    }
    const { owner } = account;
    if ('challenge' in signIn) {
      // Neither a failure nor a success: that is for the code to say.
      await attempt.notTried();
      return signIn;
    }
    await attempt.succeeded();
    log.info('auth.login_succeeded', { kind: owner.kind, accountId: owner.id, session: signIn.sessionId });
    return { ...signIn, owner };
  }

  /** The account of staff comes first, where one address has both: always one password is looked at, never two. */
  private async find({ email, as }: Credentials): Promise<AccountRow | undefined> {
    const [account] = await this.db.query<AccountRow>(
      `SELECT jsonb_build_object('kind', 'staff', 'id', id, 'email', email, 'name', name, 'role', role,
           'tokenVersion', token_version) AS owner, password_hash, suspended_at IS NOT NULL AS suspended, 1 AS position
         FROM users WHERE lower(email) = lower($1) AND $2::text IS DISTINCT FROM 'customer'
       UNION ALL
       SELECT jsonb_build_object('kind', 'customer', 'id', id, 'email', email, 'firstName', first_name, 'lastName', last_name,
           'tokenVersion', token_version), password_hash, false, 2
         FROM customers WHERE lower(email) = lower($1) AND $2::text IS DISTINCT FROM 'staff'
       ORDER BY position LIMIT 1`,
      [email.trim(), as ?? null],
    );
    return account;
  }

  /**
   * The hash of a password that fits. One of older costs is made anew before anything else, since a sign-in that goes on with a
   * code is for the hash that stands there. Whoever signs in at the same moment goes on with the one that was first; null when
   * the password was changed meanwhile.
   */
  private async upToDate({ owner, password_hash }: AccountRow, password: string): Promise<string | null> {
    const stored = password_hash!;
    if (!this.passwords.isOutdated(stored)) return stored;
    const fresh = await this.passwords.hash(password);
    const { table } = ACCOUNTS[owner.kind];
    const renewed = await this.db.query(
      `UPDATE ${table} SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING 1`,
      [owner.id, stored, fresh],
    );
    if (renewed.length > 0) return fresh;
    const [now] = await this.db.query<{ hash: string | null }>(
      `SELECT password_hash AS hash FROM ${table} WHERE id = $1`,
      [owner.id],
    );
    return now && (await this.passwords.verify(now.hash, password)) ? now.hash : null;
  }
}
