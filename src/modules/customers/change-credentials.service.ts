import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { encodeId } from '#libs/ids';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import {
  AccountLinks,
  announcePasswordChanged,
  type CustomerIdentity,
  Identities,
  LoginThrottle,
  OwnPassword,
  PasswordHasher,
  Sessions,
  wrongPassword,
} from '../auth/index.js';
import { EmailChangeRequested } from './customers.events.js';
import type { ChangeEmailRequest, ChangePasswordRequest } from './dto/account.request.js';
import { checkNewPassword } from './new-password.js';

/** Changes what a customer signs in with. */
@Injectable()
export class ChangeCredentials {
  constructor(
    private readonly db: Db,
    private readonly ownPassword: OwnPassword,
    private readonly throttle: LoginThrottle,
    private readonly passwords: PasswordHasher,
    private readonly links: AccountLinks,
    private readonly sessions: Sessions,
    private readonly identities: Identities,
  ) {}

  /**
   * Sets another password and ends all sessions but this one, and the links of mails that would set one. Accounts at providers
   * stay unless the customer says otherwise: whoever only wants a better password loses no way in. The mail names them.
   * @throws wrong_password; validation_failed for a password that will not do; rate_limited
   */
  async password(customer: CustomerIdentity, request: ChangePasswordRequest, address: string): Promise<void> {
    checkNewPassword(request.newPassword, { email: customer.email, name: '' }, '/newPassword');
    const present = await this.ownPassword.confirm('customer', customer, request.password, address);
    const hash = await this.passwords.hash(request.newPassword);
    await this.db.transaction(async (tx) => {
      const [changed] = await tx.query<{ email: string }>(
        `UPDATE customers SET password_hash = $2, updated_at = now() WHERE id = $1 AND password_hash = $3 RETURNING email`,
        [customer.id, hash, present],
      );
      // Somebody else was faster: what was shown is not the password any more.
      if (!changed) throw wrongPassword();
      await this.links.endResets(tx, changed.email);
      await this.sessions.endAll('customer', customer.id, customer.sessionId, tx);
      if (request.unlinkIdentities) await this.identities.unlinkAll(tx, 'customer', customer.id);
      announcePasswordChanged(tx, 'customer', customer.id);
    });
    log.info('customer.password_changed', { customerId: encodeId('customer', customer.id) });
  }

  /**
   * Sends a link to the new address, which takes effect when it is opened, and word of it to the old one. An address that
   * belongs to somebody else gets the same answer.
   * @throws wrong_password, rate_limited
   */
  async email(customer: CustomerIdentity, request: ChangeEmailRequest, address: string): Promise<void> {
    const email = request.email.trim();
    await this.ownPassword.confirm('customer', customer, request.password, address);
    await this.throttle.admitMail('change_email', email, address);
    await this.db.transaction(async (tx) => {
      const linkId = await this.links.create(tx, {
        purpose: 'change_email',
        email,
        customerId: customer.id,
        oldEmail: customer.email,
      });
      announce(tx, {
        definition: EmailChangeRequested,
        key: `${EmailChangeRequested.topic}:${linkId}`,
        aggregateType: 'customer',
        aggregateId: customer.id,
        payload: { linkId, customerId: encodeId('customer', customer.id) },
      });
    });
  }
}
