import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Page, pageOf } from '#libs/http';
import type { DisputeListQuery } from './dto/disputes.request.js';
import { DisputeResponse, type DisputeView } from './dto/disputes.response.js';

const NEWEST: KeysetColumn[] = [
  { sql: 'd.opened_at', type: 'timestamptz', descending: true },
  { sql: 'd.id', type: 'uuid', descending: true },
];
const SELECT = `SELECT d.*, o.number AS order_number FROM disputes d JOIN orders o ON o.id = d.order_id`;

/** Reads disputes. */
@Injectable()
export class DisputesQuery {
  constructor(private readonly db: Db) {}

  /** @throws `not_found` */
  async get(id: string): Promise<DisputeResponse> {
    const [row] = await this.db.query<DisputeView>(`${SELECT} WHERE d.id = $1`, [id]);
    if (!row) throw NotFound({ detail: 'There is no such dispute.' });
    return DisputeResponse.from(row);
  }

  /** Newest first. */
  async list(query: DisputeListQuery): Promise<{ data: DisputeResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('disputes', NEWEST, query.cursor, 3);
    const where = `($1::text IS NULL OR d.status = $1) AND ($2::uuid IS NULL OR d.order_id = $2)`;
    const values = [query.status ?? null, query.orderId ?? null];
    const rows = await this.db.query<DisputeView>(
      `${SELECT} WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM disputes d WHERE ${where}`, values))[0]!.n
      : undefined;
    const page = pageOf(
      'disputes',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (r) => [r.opened_at.toISOString(), r.id],
      total,
    );
    return { data: page.rows.map((row) => DisputeResponse.from(row)), page: page.page };
  }
}
