import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { assertVersion } from '#libs/http';
import { encodeId } from '#libs/ids';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import {
  type CustomerIdentity,
  Identities,
  LoginFailures,
  OwnPassword,
  SecondFactors,
  Sessions,
} from '../auth/index.js';
import { StoreCredit } from '../credits/index.js';
import { CustomerOrders } from '../orders/index.js';
import { OpenOrders } from './customers.errors.js';
import { CustomerDeleted } from './customers.events.js';
import type { DeleteMeRequest } from './dto/account.request.js';

/** How an account is deleted. */
export interface Deletion {
  expectedVersion?: number | undefined;
  /** Whether store credit that is left is given up. */
  forfeitCredit: boolean;
  actor: string;
}

/**
 * Deletes an account: the person is taken out of it, out of their orders and out of everything else here, at once and for
 * good. What was bought for how much stays, for the books.
 */
@Injectable()
export class DeleteCustomer {
  constructor(
    private readonly db: Db,
    private readonly ownPassword: OwnPassword,
    private readonly orders: CustomerOrders,
    private readonly sessions: Sessions,
    private readonly identities: Identities,
    private readonly factors: SecondFactors,
    private readonly loginFailures: LoginFailures,
    private readonly storeCredit: StoreCredit,
  ) {}

  /** At the wish of the customer. @throws wrong_password, open_orders, credit_left, rate_limited */
  async execute(
    customer: CustomerIdentity,
    { password, forfeitCredit }: DeleteMeRequest,
    address: string,
  ): Promise<void> {
    await this.ownPassword.confirm('customer', customer, password, address);
    await this.anonymize(customer.id, { forfeitCredit: forfeitCredit ?? false, actor: 'customer' });
  }

  /** @returns false when the account is gone already @throws open_orders, credit_left, version_mismatch */
  anonymize(id: string, { expectedVersion, forfeitCredit, actor }: Deletion): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const [customer] = await tx.query<{ id: string; email: string; version: number }>(
        `SELECT id, email, version FROM customers WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`,
        [id],
      );
      if (!customer) return false;
      assertVersion(expectedVersion, customer.version);
      const customerId = encodeId('customer', id);
      // What they ordered as a guest since the last sign-in is theirs, too.
      await this.orders.claim(tx, customer.id, customer.email);
      const orderIds = await this.orders.underWay(tx, customer.id);
      if (orderIds.length > 0) throw OpenOrders({ data: { orderIds } });
      await this.storeCredit.close(tx, customer.id, forfeitCredit, actor);
      await this.storeCredit.forgetRecipients(tx, customer.id, customer.email);
      await this.orders.anonymize(tx, customer.id);
      await tx.query(`DELETE FROM customer_addresses WHERE customer_id = $1`, [customer.id]);
      await tx.query(`DELETE FROM customer_group_members WHERE customer_id = $1`, [customer.id]);
      await tx.query(`DELETE FROM wishlist_items WHERE customer_id = $1`, [customer.id]);
      await tx.query(`DELETE FROM stock_alerts WHERE lower(email) = lower($1) OR customer_id = $2`, [
        customer.email,
        customer.id,
      ]);
      // Links of staff who have the same address are not the customer's.
      await tx.query(
        `DELETE FROM account_links WHERE customer_id = $1
           OR (lower(email) = lower($2) AND user_id IS NULL AND purpose <> 'invite'
             AND profile ->> 'as' IS DISTINCT FROM 'staff')`,
        [customer.id, customer.email],
      );
      await this.identities.removeAll(tx, 'customer', customer.id);
      await this.factors.remove(tx, 'customer', customer.id);
      await tx.query(`DELETE FROM login_challenges WHERE customer_id = $1`, [customer.id]);
      this.loginFailures.forget(tx, customer.email);
      await this.sessions.endAll('customer', customer.id, undefined, tx);
      await tx.query(`UPDATE refresh_tokens SET user_agent = NULL WHERE customer_id = $1`, [customer.id]);
      await tx.query(
        `UPDATE customers SET email = NULL, password_hash = NULL, first_name = '', last_name = '', phone = NULL, vat_number = NULL,
           accepts_marketing = false, note = NULL, tags = '{}', token_version = token_version + 1, version = version + 1,
           deleted_at = now(), updated_at = now()
         WHERE id = $1`,
        [customer.id],
      );
      announce(tx, {
        definition: CustomerDeleted,
        aggregateType: 'customer',
        aggregateId: customer.id,
        payload: { customerId },
      });
      tx.afterCommit(() => log.info('customer.deleted', { customerId }));
      return true;
    });
  }
}
