import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { CreditBook, type CreditMove } from './credit-book.service.js';
import { CreditLeft, CreditTooSmall } from './credits.errors.js';

/** What a customer has with the shop in one currency. */
export interface StoreCreditRow {
  id: string;
  currency: string;
  balance: number;
  updated_at: Date;
}

/** Money that customers have with the shop: given by staff, or instead of money that goes back. */
@Injectable()
export class StoreCredit {
  constructor(private readonly book: CreditBook) {}

  /**
   * Gives or takes credit of a customer, in the caller's transaction.
   * @returns the account
   * @throws `credit_too_small` when more is taken than there is
   */
  async change(
    tx: Tx,
    customerId: string,
    change: Pick<CreditMove, 'kind' | 'delta' | 'currency' | 'orderId' | 'refundId' | 'reason' | 'actor'>,
  ): Promise<string> {
    const [account] = await tx.query<{ id: string; balance: number }>(
      `INSERT INTO store_credit_accounts (id, customer_id, currency) VALUES ($1, $2, $3)
       ON CONFLICT ON CONSTRAINT store_credit_of_customer DO UPDATE SET updated_at = now() RETURNING id, balance`,
      [newUuid(), customerId, change.currency],
    );
    const { id, balance } = account!;
    const after = await this.book.move(tx, { holder: { kind: 'store_credit', id }, ...change });
    if (after === null) throw CreditTooSmall({ data: { balance, currency: change.currency } });
    return id;
  }

  /**
   * A customer leaves: nobody reaches their accounts any more, so nothing may be in them. What is given up is the shop's, and
   * the ledger says so. Call it with the customer locked, so that no credit comes to them afterwards.
   * @throws `credit_left` when something is in them that is not given up
   */
  async close(tx: Tx, customerId: string, isGivenUp: boolean, actor: string): Promise<void> {
    const accounts = await tx.query<{ id: string; currency: string; balance: number }>(
      `SELECT id, currency, balance FROM store_credit_accounts WHERE customer_id = $1 AND balance > 0 ORDER BY id FOR UPDATE`,
      [customerId],
    );
    if (accounts.length > 0 && !isGivenUp)
      throw CreditLeft({
        data: { storeCredit: accounts.map(({ balance, currency }) => ({ amount: balance, currency })) },
      });
    for (const { id, currency, balance } of accounts) {
      const holder = { kind: 'store_credit' as const, id };
      await this.book.move(tx, {
        holder,
        kind: 'forfeit',
        delta: -balance,
        currency,
        reason: 'account deleted',
        actor,
      });
    }
  }

  /** Takes the addresses off gift cards, made or still to be made: of whom the customer gave them to, and of the customer where they were given any. */
  async forgetRecipients(tx: Tx, customerId: string, email: string): Promise<void> {
    await tx.query(`UPDATE cart_lines SET recipient_email = NULL WHERE lower(recipient_email) = lower($1)`, [email]);
    await tx.query(
      `UPDATE gift_cards SET recipient_email = NULL, version = version + 1, updated_at = now() WHERE id IN (
         SELECT g.id FROM gift_cards g WHERE lower(g.recipient_email) = lower($2)
         UNION SELECT g.id FROM orders o JOIN gift_cards g ON g.order_id = o.id AND g.recipient_email IS NOT NULL WHERE o.customer_id = $1)`,
      [customerId, email],
    );
  }

  /** The accounts of a customer, by currency. */
  of(db: Queryable, customerId: string): Promise<StoreCreditRow[]> {
    return db.query<StoreCreditRow>(
      `SELECT id, currency, balance, updated_at FROM store_credit_accounts WHERE customer_id = $1 ORDER BY currency`,
      [customerId],
    );
  }
}
