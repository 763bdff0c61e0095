import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn, type Queryable } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Page, pageOf } from '#libs/http';
import type { GiftCardListQuery } from './dto/credits.dto.js';

/** A gift card as staff see it. */
export interface GiftCardRow {
  id: string;
  last4: string;
  currency: string;
  initial_amount: number;
  balance: number;
  expires_at: Date | null;
  disabled_at: Date | null;
  /** that bought it */
  order_id: string | null;
  recipient_email: string | null;
  note: string;
  created_at: Date;
}

/** One change of credit. */
export interface TransactionRow {
  id: string;
  kind: string;
  delta: number;
  balance_after: number;
  currency: string;
  order_id: string | null;
  refund_id: string | null;
  reason: string;
  actor: string;
  created_at: Date;
}

const CARD =
  'g.id, g.last4, g.currency, g.initial_amount, g.balance, g.expires_at, g.disabled_at, g.order_id, g.recipient_email, g.note, g.created_at';
const NEWEST: KeysetColumn[] = [
  { sql: 'g.created_at', type: 'timestamptz', descending: true },
  { sql: 'g.id', type: 'uuid', descending: true },
];

/** What staff read about gift cards and store credit. */
@Injectable()
export class CreditsQuery {
  constructor(private readonly db: Db) {}

  /** Gift cards, newest first. */
  async cards(query: GiftCardListQuery): Promise<{ rows: GiftCardRow[]; page: Page }> {
    const limit = query.limit ?? 20;
    const last4 = query.last4?.toUpperCase() ?? null;
    const which = [last4, query.orderId ?? null];
    const where = '($1::text IS NULL OR g.last4 = $1) AND ($2::uuid IS NULL OR g.order_id = $2)';
    const keyset = keysetPage('gift-cards', NEWEST, query.cursor, 3);
    const rows = await this.db.query<GiftCardRow>(
      `SELECT ${CARD} FROM gift_cards g WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...which, ...keyset.values],
    );
    const [count] = query.include
      ? await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM gift_cards g WHERE ${where}`, which)
      : [];
    const keyOf = (row: GiftCardRow) => [row.created_at.toISOString(), row.id];
    return pageOf('gift-cards', rows, limit, keyset, query.cursor !== undefined, keyOf, count?.n);
  }

  /** One gift card. @throws not_found */
  async card(id: string, db: Queryable = this.db): Promise<GiftCardRow> {
    const [row] = await db.query<GiftCardRow>(`SELECT ${CARD} FROM gift_cards g WHERE g.id = $1`, [id]);
    if (!row) throw NotFound({ detail: 'There is no such gift card.' });
    return row;
  }

  /** The latest changes of a gift card, newest first. */
  ofCard(id: string): Promise<TransactionRow[]> {
    return this.latest('gift_card_id = $1', id);
  }

  /** The latest changes of a customer's store credit, newest first. */
  ofCustomer(id: string): Promise<TransactionRow[]> {
    return this.latest('account_id IN (SELECT id FROM store_credit_accounts WHERE customer_id = $1)', id);
  }

  /** @throws not_found when there is no such customer, or not any more; in a transaction, they stay as long as it lasts */
  async assertCustomer(id: string, db: Queryable = this.db): Promise<void> {
    const found = await db.query(
      `SELECT 1 FROM customers WHERE id = $1 AND deleted_at IS NULL ${db === this.db ? '' : 'FOR KEY SHARE'}`,
      [id],
    );
    if (found.length === 0) throw NotFound({ detail: 'There is no such customer.' });
  }

  private latest(where: string, id: string): Promise<TransactionRow[]> {
    return this.db.query<TransactionRow>(
      `SELECT id, kind, delta, balance_after, currency, order_id, refund_id, reason, actor, created_at
       FROM credit_transactions WHERE ${where} ORDER BY created_at DESC, id DESC LIMIT 100`,
      [id],
    );
  }
}
