import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { type Page, pageOf } from '#libs/http';
import { encodeId } from '#libs/ids';
import {
  StockLevelResponse,
  type StockLevelQuery,
  type StockMovementQuery,
  type StockMovementResponse,
} from './dto/stock.dto.js';

const LEVEL_ORDER: KeysetColumn[] = [
  { sql: 's.variant_id', type: 'uuid' },
  { sql: 's.location_id', type: 'uuid' },
];
const MOVEMENT_ORDER: KeysetColumn[] = [
  { sql: 'm.created_at', type: 'timestamptz', descending: true },
  { sql: 'm.id', type: 'uuid', descending: true },
];

/** What staff read about stock. */
@Injectable()
export class InventoryQuery {
  constructor(private readonly db: Db) {}

  async levels(query: StockLevelQuery): Promise<{ data: StockLevelResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('stock-levels', LEVEL_ORDER, query.cursor, 3);
    // What bundles had before they were bundles says nothing of them.
    const where = `($1::uuid IS NULL OR s.variant_id = $1) AND ($2::uuid IS NULL OR s.location_id = $2)
      AND NOT EXISTS (SELECT FROM variants v WHERE v.id = s.variant_id AND v.is_bundle)${
        query.low ? ' AND s.on_hand - s.reserved <= (SELECT low_stock_threshold FROM shop_settings)' : ''
      }`;
    const values = [query.variantId ?? null, query.locationId ?? null];
    const rows = await this.db.query<{
      variant_id: string;
      location_id: string;
      on_hand: number;
      reserved: number;
      available: number;
    }>(
      `SELECT s.variant_id, s.location_id, s.on_hand, s.reserved, greatest(s.on_hand + s.backorder_limit - s.reserved, 0) AS available
       FROM stock_levels s WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? await this.count(`SELECT count(*) AS n FROM stock_levels s WHERE ${where}`, values)
      : undefined;
    const page = pageOf(
      'stock-levels',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (r) => [r.variant_id, r.location_id],
      total,
    );
    return {
      data: page.rows.map((r) =>
        StockLevelResponse.from({
          variantId: r.variant_id,
          locationId: r.location_id,
          onHand: r.on_hand,
          reserved: r.reserved,
          available: r.available,
        }),
      ),
      page: page.page,
    };
  }

  async movements(query: StockMovementQuery): Promise<{ data: StockMovementResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('stock-movements', MOVEMENT_ORDER, query.cursor, 2);
    const where = `($1::uuid IS NULL OR m.variant_id = $1)`;
    const values = [query.variantId ?? null];
    const rows = await this.db.query<MovementRow>(
      `SELECT m.id, m.variant_id, m.location_id, m.kind, m.delta, m.reason, m.actor, m.created_at,
         (SELECT r.order_id FROM stock_reservations r WHERE r.order_line_id = m.order_line_id LIMIT 1) AS order_id
       FROM stock_movements m
       WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? await this.count(`SELECT count(*) AS n FROM stock_movements m WHERE ${where}`, values)
      : undefined;
    const page = pageOf(
      'stock-movements',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (r) => [r.created_at.toISOString(), r.id],
      total,
    );
    return {
      data: page.rows.map((r) => ({
        id: encodeId('movement', r.id),
        variantId: encodeId('variant', r.variant_id),
        locationId: encodeId('location', r.location_id),
        kind: r.kind,
        delta: r.delta,
        reason: r.reason,
        actor: r.actor,
        orderId: r.order_id === null ? null : encodeId('order', r.order_id),
        createdAt: r.created_at.toISOString(),
      })),
      page: page.page,
    };
  }

  private async count(sql: string, values: unknown[]): Promise<number> {
    return (await this.db.query<{ n: number }>(sql, values))[0]!.n;
  }
}

interface MovementRow {
  id: string;
  variant_id: string;
  location_id: string;
  kind: string;
  delta: number;
  reason: string;
  actor: string;
  created_at: Date;
  order_id: string | null;
}
