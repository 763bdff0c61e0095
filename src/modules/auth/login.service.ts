import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { log } from '#libs/log';
import { InvalidCredentials } from './auth.errors.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordHasher } from './password-hasher.js';
import { type Session, type SessionOwner, Sessions } from './sessions.service.js';

interface AccountRow extends Omit<SessionOwner, 'tokenVersion'> {
  token_version: number;
  password_hash: string;
  suspended: boolean;
}

/** Signs staff in with e-mail address and password. */
@Injectable()
export class LoginService {
  constructor(
    private readonly db: Db,
    private readonly throttle: LoginThrottle,
    private readonly passwords: PasswordHasher,
    private readonly sessions: Sessions,
  ) {}

  /**
   * Begins a session.
   * @param address where the request comes from
   * @throws invalid_credentials in the same words and the same time for an unknown address, a wrong password and a
   *   suspended account; rate_limited
   */
  async execute(
    credentials: { email: string; password: string },
    address: string,
  ): Promise<Session & { owner: SessionOwner }> {
    const attempt = await this.throttle.admit(credentials.email, address);
    let account: AccountRow | undefined;
    let fits: boolean;
    try {
      [account] = await this.db.query<AccountRow>(
        `SELECT id, email, name, role, token_version, password_hash, suspended_at IS NOT NULL AS suspended
         FROM users WHERE lower(email) = lower($1)`,
        [credentials.email.trim()],
      );
      fits = await this.passwords.verify(account?.password_hash ?? null, credentials.password);
    } catch (error) {
      await attempt.notTried();
      throw error;
    }
    const session = account && fits ? await this.sessions.begin(account.id, account.token_version) : null;
    if (!account || !session) {
      log.warn('auth.login_failed', { userId: account?.id, suspended: account?.suspended });
      throw InvalidCredentials();
    }
    await attempt.succeeded();
    if (this.passwords.isOutdated(account.password_hash)) await this.rehash(account, credentials.password);
    log.info('auth.login_succeeded', { userId: account.id, session: session.sessionId });
    const { id, email, name, role } = account;
    return { ...session, owner: { id, email, name, role, tokenVersion: account.token_version } };
  }

  /** Brings a hash of older costs up to date; only if the password has not been changed since it was read. */
  private async rehash(account: AccountRow, password: string): Promise<void> {
    await this.db.query(`UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, [
      account.id,
      account.password_hash,
      await this.passwords.hash(password),
    ]);
  }
}
