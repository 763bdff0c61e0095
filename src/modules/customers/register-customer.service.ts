import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { announce } from '#libs/outbox';
import { AccountLinks, LoginThrottle, PasswordHasher } from '../auth/index.js';
import { RegistrationRequested } from './customers.events.js';
import type { RegisterRequest } from './dto/account.request.js';
import { checkNewPassword } from './new-password.js';

/**
 * Takes down that somebody wants an account. There is none before the link of the mail is opened, so nobody can sit on the
 * address of another; and the same happens, in the same time, whether the address has an account or not: what the mail
 * says is decided when it is written.
 */
@Injectable()
export class RegisterCustomer {
  constructor(
    private readonly db: Db,
    private readonly throttle: LoginThrottle,
    private readonly passwords: PasswordHasher,
    private readonly links: AccountLinks,
  ) {}

  /** @throws validation_failed for a password that will not do; rate_limited */
  async execute(request: RegisterRequest, address: string): Promise<void> {
    const { firstName = '', lastName = '', acceptsMarketing = false } = request;
    const email = request.email.trim();
    checkNewPassword(request.password, { email, name: `${firstName} ${lastName}` });
    await this.throttle.admitMail('register', email, address);
    const passwordHash = await this.passwords.hash(request.password);
    await this.db.transaction(async (tx) => {
      const linkId = await this.links.create(tx, {
        purpose: 'register',
        email,
        passwordHash,
        profile: { firstName, lastName, acceptsMarketing },
      });
      announce(tx, {
        definition: RegistrationRequested,
        aggregateType: 'account_link',
        aggregateId: linkId,
        payload: { linkId },
      });
    });
  }
}
