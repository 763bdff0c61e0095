import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { type Page, pageOf } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { LedgerEntryListQuery } from './dto/ledger.request.js';
import type { LedgerBalanceResponse, LedgerEntryResponse } from './dto/ledger.response.js';

const NEWEST: KeysetColumn[] = [
  { sql: 'e.created_at', type: 'timestamptz', descending: true },
  { sql: 'e.id', type: 'uuid', descending: true },
];

interface EntryRow {
  id: string;
  transaction_id: string;
  kind: string;
  account: string;
  currency: string;
  amount: number;
  order_id: string | null;
  payment_id: string | null;
  provider_ref: string | null;
  occurred_at: Date;
  created_at: Date;
}

/** What staff read in the ledger. */
@Injectable()
export class LedgerQuery {
  constructor(private readonly db: Db) {}

  /** Entries, newest first. */
  async entries(query: LedgerEntryListQuery): Promise<{ data: LedgerEntryResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const values: unknown[] = [];
    const conditions: string[] = [];
    const add = (condition: (parameter: string) => string, value: unknown) => {
      values.push(value);
      conditions.push(condition(`$${values.length}`));
    };
    if (query.account) add((p) => `e.account = ${p}`, query.account);
    if (query.orderId) add((p) => `t.order_id = ${p}`, query.orderId);
    if (query.paymentId) add((p) => `t.payment_id = ${p}`, query.paymentId);
    if (query['createdAt[gte]']) add((p) => `e.created_at >= ${p}`, new Date(query['createdAt[gte]']));
    if (query['createdAt[lte]']) add((p) => `e.created_at <= ${p}`, new Date(query['createdAt[lte]']));
    const where = conditions.length > 0 ? conditions.join(' AND ') : 'TRUE';
    const from = `ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id`;
    const keyset = keysetPage('ledger-entries', NEWEST, query.cursor, values.length + 1);
    const rows = await this.db.query<EntryRow>(
      `SELECT e.id, e.transaction_id, t.kind, e.account, e.currency, e.amount, t.order_id, t.payment_id, t.provider_ref, t.occurred_at, e.created_at
       FROM ${from} WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM ${from} WHERE ${where}`, values))[0]!.n
      : undefined;
    const page = pageOf(
      'ledger-entries',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (r) => [r.created_at.toISOString(), r.id],
      total,
    );
    return { data: page.rows.map(toEntry), page: page.page };
  }

  /** What each account holds, by currency: what was added up, and what came since. Entries are not read, however many. */
  async balances(): Promise<LedgerBalanceResponse[]> {
    const rows = await this.db.query<{ account: string; currency: string; amount: number }>(
      `SELECT account, currency, sum(amount)::bigint AS amount FROM (
         SELECT account, currency, amount FROM ledger_totals UNION ALL SELECT account, currency, amount FROM ledger_unfolded) x
       GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    return rows.map(({ account, currency, amount }) => ({ account, balance: { amount, currency } }));
  }
}

function toEntry(row: EntryRow): LedgerEntryResponse {
  return {
    id: encodeId('ledgerEntry', row.id),
    transactionId: encodeId('ledgerTransaction', row.transaction_id),
    kind: row.kind,
    account: row.account,
    amount: { amount: row.amount, currency: row.currency },
    orderId: row.order_id === null ? null : encodeId('order', row.order_id),
    paymentId: row.payment_id === null ? null : encodeId('payment', row.payment_id),
    providerRef: row.provider_ref,
    occurredAt: row.occurred_at.toISOString(),
    createdAt: row.created_at.toISOString(),
  };
}
