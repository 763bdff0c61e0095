import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { LoginThrottle, PasswordHasher } from '../auth/index.js';
import { WrongPassword } from './customers.errors.js';

/** Asks a customer who is signed in for their password again, before what a thief of the session must not do. */
@Injectable()
export class OwnPassword {
  constructor(
    private readonly db: Db,
    private readonly throttle: LoginThrottle,
    private readonly passwords: PasswordHasher,
  ) {}

  /** Tries count as sign-ins do. @throws wrong_password, rate_limited */
  async confirm(customer: { id: string; email: string }, password: string, address: string): Promise<void> {
    const attempt = await this.throttle.admit(customer.email, address);
    let fits: boolean;
    try {
      const [row] = await this.db.query<{ password_hash: string | null }>(
        `SELECT password_hash FROM customers WHERE id = $1`,
        [customer.id],
      );
      fits = await this.passwords.verify(row?.password_hash ?? null, password);
    } catch (error) {
      await attempt.notTried();
      throw error;
    }
    if (!fits)
      throw WrongPassword({
        errors: [{ pointer: '/password', code: 'wrong_password', detail: 'is not the password of the account' }],
      });
    await attempt.succeeded();
  }
}
