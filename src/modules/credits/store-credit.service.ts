import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { CreditBook, type CreditMove } from './credit-book.service.js';
import { CreditTooSmall } from './credits.errors.js';

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

  /** The accounts of a customer, by currency. */
  of(db: Queryable, customerId: string): Promise<StoreCreditRow[]> {
    return db.query<StoreCreditRow>(
      `SELECT id, currency, balance, updated_at FROM store_credit_accounts WHERE customer_id = $1 ORDER BY currency`,
      [customerId],
    );
  }
}
