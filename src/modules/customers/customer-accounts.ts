import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { announce } from '#libs/outbox';
import { CustomerRegistered } from './customers.events.js';

/** An account with what a session of it needs. */
export interface CustomerAccount {
  /** uuid */
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  tokenVersion: number;
  passwordHash: string | null;
}

/** Somebody who has shown that an e-mail address is theirs. */
export interface NewCustomer {
  email: string;
  passwordHash: string | null;
  firstName: string;
  lastName: string;
  acceptsMarketing: boolean;
}

export const ACCOUNT_COLUMNS = `id, email, first_name AS "firstName", last_name AS "lastName",
  token_version AS "tokenVersion", password_hash AS "passwordHash"`;

/** Opens accounts, and finds them by what their owners have shown to be theirs. */
@Injectable()
export class CustomerAccounts {
  /** The account, locked against a change of its password; null when there is none any more. */
  async lock(tx: Tx, id: string): Promise<CustomerAccount | null> {
    const [account] = await tx.query<CustomerAccount>(
      `SELECT ${ACCOUNT_COLUMNS} FROM customers WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE`,
      [id],
    );
    return account ?? null;
  }

  /** The account with an e-mail address. */
  async withEmail(tx: Queryable, email: string): Promise<CustomerAccount | null> {
    const [account] = await tx.query<CustomerAccount>(
      `SELECT ${ACCOUNT_COLUMNS} FROM customers WHERE lower(email) = lower($1) FOR NO KEY UPDATE`,
      [email],
    );
    return account ?? null;
  }

  /** Opens an account. @throws a violation of `customers_email` when the address has one */
  async open(tx: Tx, customer: NewCustomer): Promise<CustomerAccount> {
    const id = newUuid();
    const [account] = await tx.query<CustomerAccount>(
      `INSERT INTO customers (id, email, password_hash, first_name, last_name, accepts_marketing)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${ACCOUNT_COLUMNS}`,
      [id, customer.email, customer.passwordHash, customer.firstName, customer.lastName, customer.acceptsMarketing],
    );
    return this.announced(tx, account!);
  }

  /**
   * The account that staff have opened for somebody who now registers by themselves: whoever reads the mailbox gets it, with
   * what was noted. Null where there is none that waits for its owner.
   */
  async openInvited(tx: Tx, customer: NewCustomer): Promise<CustomerAccount | null> {
    const [account] = await tx.query<CustomerAccount>(
      `UPDATE customers c SET password_hash = $2, first_name = coalesce(nullif($3, ''), first_name),
         last_name = coalesce(nullif($4, ''), last_name), accepts_marketing = $5, version = version + 1, updated_at = now()
       WHERE lower(email) = lower($1) AND password_hash IS NULL
         AND NOT EXISTS (SELECT FROM identities i WHERE i.customer_id = c.id)
       RETURNING ${ACCOUNT_COLUMNS}`,
      [customer.email, customer.passwordHash, customer.firstName, customer.lastName, customer.acceptsMarketing],
    );
    return account ? this.announced(tx, account) : null;
  }

  private announced(tx: Tx, account: CustomerAccount): CustomerAccount {
    announce(tx, {
      definition: CustomerRegistered,
      aggregateType: 'customer',
      aggregateId: account.id,
      payload: { customerId: encodeId('customer', account.id) },
    });
    return account;
  }
}
