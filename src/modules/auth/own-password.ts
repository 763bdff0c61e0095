import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import type { SubjectKind } from './access-token.js';
import { ACCOUNTS } from './account-tables.js';
import { WrongPassword } from './auth.errors.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordHasher } from './password-hasher.js';

/** What is answered to a password that is not the one of the account. */
export const wrongPassword = () =>
  WrongPassword({
    errors: [{ pointer: '/password', code: 'wrong_password', detail: 'is not the password of the account' }],
  });

/** What is answered to who signs in elsewhere only. It is no failed sign-in. */
const noPassword = () =>
  WrongPassword({
    detail: 'The account has no password yet: choose one with POST /v1/auth/forgot-password first.',
    errors: [{ pointer: '/password', code: 'wrong_password', detail: 'the account has none yet' }],
  });

/** Asks somebody who is signed in for their password again, before what a thief of the session must not do. */
@Injectable()
export class OwnPassword {
  constructor(
    private readonly db: Db,
    private readonly throttle: LoginThrottle,
    private readonly passwords: PasswordHasher,
  ) {}

  /**
   * As `confirm`; who signs in elsewhere only has no password to show.
   * @throws wrong_password, validation_failed for none where there is one; rate_limited
   */
  async confirmIfAny(
    kind: SubjectKind,
    person: { id: string; email: string },
    password: string | undefined,
    address: string,
  ): Promise<void> {
    if (password === undefined) {
      const rows = await this.db.query(
        `SELECT FROM ${ACCOUNTS[kind].table} WHERE id = $1 AND password_hash IS NOT NULL`,
        [person.id],
      );
      if (rows.length === 0) return;
      throw ValidationFailed({ errors: [{ pointer: '/password', code: 'required', detail: 'is required' }] });
    }
    await this.confirm(kind, person, password, address);
  }

  /** Tries count as sign-ins do. @returns the hash that the password fits @throws wrong_password, rate_limited */
  async confirm(
    kind: SubjectKind,
    person: { id: string; email: string },
    password: string,
    address: string,
  ): Promise<string> {
    const attempt = await this.throttle.admit(person.email, address);
    let hash: string | null;
    let fits: boolean;
    try {
      const [row] = await this.db.query<{ password_hash: string | null }>(
        `SELECT password_hash FROM ${ACCOUNTS[kind].table} WHERE id = $1`,
        [person.id],
      );
      hash = row?.password_hash ?? null;
      if (hash === null) throw noPassword();
      fits = await this.passwords.verify(hash, password);
    } catch (error) {
      await attempt.notTried();
      throw error;
    }
    if (!fits) throw wrongPassword();
    await attempt.succeeded();
    return hash;
  }
}
