import { Injectable } from '@nestjs/common';
import { isCheckViolation, type Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import { newUuid } from '#libs/ids';
import { announce } from '#libs/outbox';
import { ProductListings } from '../catalog/index.js';
import { DEFAULT_LOCATION_ID } from './entities/location.entity.js';
import { StockNotTracked, StockPromised } from './inventory.errors.js';
import { BackInStock, LowStockReached } from './inventory.events.js';

/** Stock that an order line, or a part of its bundle, asks for. */
export interface StockRequest {
  orderId: string;
  /** of a part of a bundle: the id that the part has on the line */
  orderLineId: string;
  variantId: string;
  quantity: number;
  /** Names a later time at which the same line is sold, after it had been returned. */
  occasion?: string;
}

/** A level as a write left it, with what was available before. */
interface ChangedLevel {
  variant_id: string;
  location_id: string;
  on_hand: number;
  reserved: number;
  available: number;
  delta: number;
  threshold: number;
  /** The most that a bundle takes of it; 0 where it is in none. */
  bundle_quantity: number;
}

/** A new level of on-hand stock, from an import or a count. */
export interface OnHandCount {
  variantId: string;
  onHand: number;
  reason: string;
  actor: string;
  dedupeKey: string;
}

export interface StockLevelRow {
  variantId: string;
  locationId: string;
  onHand: number;
  reserved: number;
  available: number;
}

/**
 * Every change of stock. On-hand moves only together with a row of the append-only ledger, reserved only together with a
 * reservation, and Postgres refuses what would oversell. Rows are locked in the order of variant and location, always,
 * which is why two orders for the same things never deadlock.
 */
@Injectable()
export class StockLedger {
  constructor(private readonly listings: ProductListings) {}

  /**
   * Holds stock for the lines of an unpaid order, or takes it at once (`commit`) for one that counts without a payment.
   * All or nothing: call it last in the transaction, so that hot rows are locked as briefly as can be.
   * @returns the variants of which there is not enough; then the caller must roll back
   */
  async reserve(tx: Tx, requests: readonly StockRequest[], mode: 'hold' | 'commit'): Promise<string[]> {
    if (requests.length === 0) return [];
    const variants = new Set(requests.map((r) => r.variantId));
    const changed = await tx.query<ChangedLevel>(
      `WITH line AS MATERIALIZED (
         SELECT * FROM unnest($1::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::int[], $9::text[])
           AS x (order_id, id, movement_id, order_line_id, variant_id, quantity, dedupe_key)),
       want AS MATERIALIZED (SELECT variant_id, sum(quantity)::int AS quantity FROM line GROUP BY variant_id),
       locked AS MATERIALIZED (
         SELECT s.variant_id, s.location_id FROM stock_levels s JOIN want USING (variant_id)
         WHERE s.location_id = $2 ORDER BY s.variant_id, s.location_id FOR UPDATE OF s),
       level AS (
         UPDATE stock_levels s
         SET on_hand = s.on_hand - ${mode === 'commit' ? 'w.quantity' : '0'},
             reserved = s.reserved + ${mode === 'hold' ? 'w.quantity' : '0'}, updated_at = now()
         FROM want w JOIN locked USING (variant_id)
         WHERE s.variant_id = w.variant_id AND s.location_id = $2 AND s.on_hand + s.backorder_limit - s.reserved >= w.quantity
         RETURNING s.variant_id, s.location_id, s.on_hand, s.reserved, s.bundle_quantity,
           s.on_hand + s.backorder_limit - s.reserved AS available, -w.quantity AS delta,
           (SELECT low_stock_threshold FROM shop_settings) AS threshold),
       reservation AS (
         INSERT INTO stock_reservations AS r (id, order_id, order_line_id, variant_id, location_id, quantity, state)
         SELECT id, order_id, order_line_id, variant_id, $2, quantity, $3 FROM line JOIN level USING (variant_id)
         ON CONFLICT (order_line_id, location_id) DO UPDATE SET state = excluded.state, updated_at = now() WHERE r.state = 'released')
       ${
         mode === 'commit'
           ? `, movement AS (
         INSERT INTO stock_movements (id, variant_id, location_id, kind, delta, order_line_id, reason, dedupe_key)
         SELECT movement_id, variant_id, $2, 'sale', -quantity, order_line_id, 'sale', dedupe_key
         FROM line JOIN level USING (variant_id))`
           : ''
       }
       SELECT * FROM level`,
      [
        requests.map((r) => r.orderId),
        DEFAULT_LOCATION_ID,
        mode === 'commit' ? 'committed' : 'held',
        requests.map(() => newUuid()),
        requests.map(() => newUuid()),
        requests.map((r) => r.orderLineId),
        requests.map((r) => r.variantId),
        requests.map((r) => r.quantity),
        requests.map((r) => `sale:${r.orderLineId}${r.occasion === undefined ? '' : `:${r.occasion}`}`),
      ],
    );
    if (changed.length < variants.size) {
      const enough = new Set(changed.map((c) => c.variant_id));
      return [...variants].filter((id) => !enough.has(id));
    }
    await this.afterChange(tx, changed);
    return [];
  }

  /** What can still be sold of these variants at this moment; for messages, never for decisions. */
  async available(tx: Tx, variantIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await tx.query<{ variant_id: string; available: number }>(
      `SELECT variant_id, greatest(sum(on_hand + backorder_limit - reserved), 0)::int AS available
       FROM stock_levels WHERE variant_id = ANY($1) GROUP BY variant_id`,
      [variantIds],
    );
    return new Map(rows.map((r) => [r.variant_id, r.available]));
  }

  /**
   * The order is paid: what was held for it leaves the shelf. Repeating it changes nothing.
   * @returns whether anything is missing, because the hold was released before the money came
   */
  async commit(tx: Tx, orderId: string): Promise<{ complete: boolean }> {
    const held = await this.lockReservations(tx, orderId);
    const open = held.filter((r) => r.state === 'held');
    if (open.length > 0) {
      const changed = await tx.query<ChangedLevel>(
        `WITH line AS MATERIALIZED (
           SELECT * FROM jsonb_to_recordset($1) AS x(id uuid, movement_id uuid, order_line_id uuid, variant_id uuid, location_id uuid, quantity int)),
         want AS MATERIALIZED (SELECT variant_id, location_id, sum(quantity)::int AS quantity FROM line GROUP BY 1, 2),
         locked AS MATERIALIZED (
           SELECT s.variant_id, s.location_id FROM stock_levels s JOIN want USING (variant_id, location_id)
           ORDER BY s.variant_id, s.location_id FOR UPDATE OF s),
         movement AS (
           INSERT INTO stock_movements (id, variant_id, location_id, kind, delta, order_line_id, reason, dedupe_key)
           SELECT movement_id, variant_id, location_id, 'sale', -quantity, order_line_id, 'sale', 'sale:' || order_line_id FROM line),
         reservation AS (
           UPDATE stock_reservations r SET state = 'committed', updated_at = now() FROM line WHERE r.id = line.id)
         UPDATE stock_levels s SET on_hand = s.on_hand - w.quantity, reserved = s.reserved - w.quantity, updated_at = now()
         FROM want w JOIN locked USING (variant_id, location_id)
         WHERE s.variant_id = w.variant_id AND s.location_id = w.location_id
         RETURNING s.variant_id, s.location_id, s.on_hand, s.reserved, s.bundle_quantity, s.on_hand + s.backorder_limit - s.reserved AS available,
           0 AS delta, 0 AS threshold`,
        [JSON.stringify(open.map((r) => ({ ...r, movement_id: newUuid() })))],
      );
      await this.afterChange(tx, changed);
    }
    return { complete: held.every((r) => r.state !== 'released') };
  }

  /** The order will not be paid: what was held for it can be sold again. Repeating it changes nothing. */
  async release(tx: Tx, orderId: string): Promise<void> {
    const open = (await this.lockReservations(tx, orderId)).filter((r) => r.state === 'held');
    if (open.length === 0) return;
    const changed = await tx.query<ChangedLevel>(
      `WITH line AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($1) AS x(id uuid, variant_id uuid, location_id uuid, quantity int)),
       want AS MATERIALIZED (SELECT variant_id, location_id, sum(quantity)::int AS quantity FROM line GROUP BY 1, 2),
       locked AS MATERIALIZED (
         SELECT s.variant_id, s.location_id FROM stock_levels s JOIN want USING (variant_id, location_id)
         ORDER BY s.variant_id, s.location_id FOR UPDATE OF s),
       reservation AS (UPDATE stock_reservations r SET state = 'released', updated_at = now() FROM line WHERE r.id = line.id)
       UPDATE stock_levels s SET reserved = s.reserved - w.quantity, updated_at = now()
       FROM want w JOIN locked USING (variant_id, location_id)
       WHERE s.variant_id = w.variant_id AND s.location_id = w.location_id
       RETURNING s.variant_id, s.location_id, s.on_hand, s.reserved, s.bundle_quantity, s.on_hand + s.backorder_limit - s.reserved AS available,
         w.quantity AS delta, 0 AS threshold`,
      [JSON.stringify(open)],
    );
    await this.afterChange(tx, changed);
  }

  /**
   * Goods that were sold come back on the shelf: after a cancellation or a refund with restock. Of a bundle its parts.
   * @param dedupeKey names the return; a second call with it changes nothing
   */
  async restock(
    tx: Tx,
    lines: readonly { orderLineId: string; quantity: number }[],
    options: { reason: string; actor: string; dedupeKey: string },
  ): Promise<void> {
    if (lines.length === 0) return;
    const changed = await tx.query<ChangedLevel>(
      `WITH line AS MATERIALIZED (
         SELECT CASE WHEN p.id IS NULL THEN x.id ELSE gen_random_uuid() END AS id, r.order_line_id,
           x.quantity * coalesce(p.quantity, 1) AS quantity, r.variant_id, r.location_id
         FROM jsonb_to_recordset($1) AS x(id uuid, order_line_id uuid, quantity int)
         JOIN order_lines l ON l.id = x.order_line_id
         LEFT JOIN LATERAL jsonb_to_recordset(l.parts) AS p(id uuid, quantity int) ON true
         JOIN stock_reservations r ON r.order_line_id = coalesce(p.id, l.id) AND r.state = 'committed'),
       movement AS (
         INSERT INTO stock_movements (id, variant_id, location_id, kind, delta, order_line_id, reason, actor, dedupe_key)
         SELECT id, variant_id, location_id, 'return', quantity, order_line_id, $2, $3, $4 || ':' || order_line_id FROM line
         ON CONFLICT (dedupe_key) DO NOTHING RETURNING variant_id, location_id, delta),
       want AS MATERIALIZED (SELECT variant_id, location_id, sum(delta)::int AS quantity FROM movement GROUP BY 1, 2),
       locked AS MATERIALIZED (
         SELECT s.variant_id, s.location_id FROM stock_levels s JOIN want USING (variant_id, location_id)
         ORDER BY s.variant_id, s.location_id FOR UPDATE OF s)
       UPDATE stock_levels s SET on_hand = s.on_hand + w.quantity, updated_at = now()
       FROM want w JOIN locked USING (variant_id, location_id)
       WHERE s.variant_id = w.variant_id AND s.location_id = w.location_id
       RETURNING s.variant_id, s.location_id, s.on_hand, s.reserved, s.bundle_quantity, s.on_hand + s.backorder_limit - s.reserved AS available,
         w.quantity AS delta, 0 AS threshold`,
      [
        JSON.stringify(lines.map((l) => ({ id: newUuid(), order_line_id: l.orderLineId, quantity: l.quantity }))),
        options.reason,
        options.actor,
        options.dedupeKey,
      ],
    );
    await this.afterChange(tx, changed);
  }

  /** Sets on-hand stock to what was counted, for many variants at once. A repeated `dedupeKey` changes nothing. */
  async setOnHand(tx: Tx, counts: readonly OnHandCount[]): Promise<void> {
    if (counts.length === 0) return;
    const changed = await tx.query<ChangedLevel>(
      `WITH given AS MATERIALIZED (
         SELECT * FROM jsonb_to_recordset($1) AS x(id uuid, variant_id uuid, on_hand int, reason text, actor text, dedupe_key text)),
       locked AS MATERIALIZED (
         SELECT s.variant_id, s.location_id, s.on_hand AS before FROM stock_levels s JOIN given USING (variant_id)
         WHERE s.location_id = $2 ORDER BY s.variant_id, s.location_id FOR UPDATE OF s),
       movement AS (
         INSERT INTO stock_movements (id, variant_id, location_id, kind, delta, reason, actor, dedupe_key)
         SELECT g.id, g.variant_id, $2, CASE WHEN l.before = 0 THEN 'receipt' ELSE 'adjustment' END, g.on_hand - l.before, g.reason, g.actor, g.dedupe_key
         FROM given g JOIN locked l USING (variant_id) WHERE g.on_hand <> l.before
         ON CONFLICT (dedupe_key) DO NOTHING RETURNING variant_id, delta)
       UPDATE stock_levels s SET on_hand = s.on_hand + m.delta, updated_at = now()
       FROM movement m WHERE s.variant_id = m.variant_id AND s.location_id = $2
       RETURNING s.variant_id, s.location_id, s.on_hand, s.reserved, s.bundle_quantity, s.on_hand + s.backorder_limit - s.reserved AS available,
         m.delta, (SELECT low_stock_threshold FROM shop_settings) AS threshold`,
      [
        JSON.stringify(
          counts.map((c) => ({
            id: newUuid(),
            variant_id: c.variantId,
            on_hand: c.onHand,
            reason: c.reason,
            actor: c.actor,
            dedupe_key: c.dedupeKey,
          })),
        ),
        DEFAULT_LOCATION_ID,
      ],
    );
    await this.afterChange(tx, changed);
  }

  /**
   * One adjustment by staff: to a counted number (`onHand`) or by a difference (`delta`).
   * @throws `not_found`, `stock_not_tracked`, or `stock_promised` when it would go below what is reserved
   */
  async adjust(
    tx: Tx,
    change: {
      variantId: string;
      locationId?: string;
      onHand?: number;
      delta?: number;
      reason: string;
      actor: string;
      dedupeKey: string;
    },
  ): Promise<StockLevelRow> {
    const locationId = change.locationId ?? DEFAULT_LOCATION_ID;
    const [level] = await tx.query<{
      on_hand: number;
      reserved: number;
      backorder_limit: number;
      track_inventory: boolean;
      is_bundle: boolean;
    }>(
      `SELECT s.on_hand, s.reserved, s.backorder_limit, v.track_inventory, v.is_bundle FROM stock_levels s JOIN variants v ON v.id = s.variant_id
       WHERE s.variant_id = $1 AND s.location_id = $2 FOR UPDATE OF s`,
      [change.variantId, locationId],
    );
    if (!level) {
      const [variant] = await tx.query<{ track_inventory: boolean }>(
        `SELECT track_inventory FROM variants WHERE id = $1`,
        [change.variantId],
      );
      if (variant && !variant.track_inventory) throw StockNotTracked();
      throw NotFound({ detail: variant ? 'There is no such location.' : 'There is no such variant.' });
    }
    if (!level.track_inventory) throw StockNotTracked();
    if (level.is_bundle) throw StockNotTracked({ detail: 'A bundle has no stock of its own: count its parts.' });
    const delta = change.onHand === undefined ? change.delta! : change.onHand - level.on_hand;
    if (delta === 0) return toRow(change.variantId, locationId, level.on_hand, level.reserved, level.backorder_limit);
    const after = level.on_hand + delta;
    if (after + level.backorder_limit < level.reserved || after < -level.backorder_limit || after > 1_000_000_000) {
      throw StockPromised({
        detail: `On-hand stock would become ${after}, with ${level.reserved} reserved.`,
        data: { onHand: level.on_hand, reserved: level.reserved },
      });
    }
    try {
      const changed = await tx.query<ChangedLevel>(
        `WITH movement AS (
           INSERT INTO stock_movements (id, variant_id, location_id, kind, delta, reason, actor, dedupe_key)
           VALUES ($1, $2, $3, 'adjustment', $4, $5, $6, $7) ON CONFLICT (dedupe_key) DO NOTHING RETURNING delta)
         UPDATE stock_levels s SET on_hand = s.on_hand + m.delta, updated_at = now() FROM movement m
         WHERE s.variant_id = $2 AND s.location_id = $3
         RETURNING s.variant_id, s.location_id, s.on_hand, s.reserved, s.bundle_quantity, s.on_hand + s.backorder_limit - s.reserved AS available,
           m.delta, (SELECT low_stock_threshold FROM shop_settings) AS threshold`,
        [newUuid(), change.variantId, locationId, delta, change.reason, change.actor, change.dedupeKey],
      );
      await this.afterChange(tx, changed);
      const row = changed[0];
      return row
        ? toRow(row.variant_id, row.location_id, row.on_hand, row.reserved, level.backorder_limit)
        : toRow(change.variantId, locationId, level.on_hand, level.reserved, level.backorder_limit);
    } catch (error) {
      if (isCheckViolation(error, 'stock_no_oversell'))
        throw StockPromised({ data: { reserved: level.reserved }, cause: error });
      throw error;
    }
  }

  private async lockReservations(tx: Tx, orderId: string): Promise<ReservationRow[]> {
    return tx.query<ReservationRow>(
      `SELECT id, order_line_id, variant_id, location_id, quantity, state FROM stock_reservations
       WHERE order_id = $1 ORDER BY variant_id, location_id FOR UPDATE`,
      [orderId],
    );
  }

  /** Tells the catalog when a product comes or goes, and the shop when stock runs low: only at the crossing. */
  private async afterChange(tx: Tx, changed: readonly ChangedLevel[]): Promise<void> {
    const flipped = changed.filter((c) => c.available <= 0 !== c.available - c.delta <= 0);
    // What a bundle takes of it may have come within reach or out of it, whatever its other parts say.
    const parts = changed.filter(
      (c) => c.delta !== 0 && Math.min(c.available, c.available - c.delta) < c.bundle_quantity,
    );
    if (flipped.length > 0 || parts.length > 0) {
      const products = await tx.query<{ product_id: string }>(
        `SELECT DISTINCT product_id FROM variants
         WHERE id = ANY($1) OR id IN (SELECT variant_id FROM bundle_parts WHERE part_variant_id = ANY($2))`,
        [flipped.map((c) => c.variant_id), parts.map((c) => c.variant_id)],
      );
      await this.listings.refreshAvailability(
        tx,
        products.map((p) => p.product_id),
      );
    }
    if (parts.some((c) => c.delta > 0)) await this.tellOfBundles(tx, changed);
    for (const c of changed) {
      const before = c.available - c.delta;
      const runsLow = c.delta < 0 && c.available <= c.threshold && before > c.threshold;
      const isBack = c.available > 0 && before <= 0;
      if (runsLow || isBack) this.tell(tx, isBack ? BackInStock : LowStockReached, c);
    }
  }

  /**
   * Bundles that can be had again since these levels have changed. Their listings are locked by now: of two changes that
   * bring different parts the second one sees both.
   */
  private async tellOfBundles(tx: Tx, changed: readonly ChangedLevel[]): Promise<void> {
    const back = await tx.query<{ variant_id: string; available: number }>(
      `WITH part AS (
         SELECT b.variant_id, b.quantity, coalesce(d.delta, 0) AS delta,
           coalesce((SELECT sum(s.on_hand::bigint + s.backorder_limit - s.reserved) FROM stock_levels s WHERE s.variant_id = v.id), 0) AS available
         FROM bundle_parts b JOIN variants v ON v.id = b.part_variant_id AND v.track_inventory
         LEFT JOIN unnest($1::uuid[], $2::int[]) AS d (id, delta) ON d.id = v.id
         WHERE b.variant_id IN (SELECT variant_id FROM bundle_parts WHERE part_variant_id = ANY($1)))
       SELECT variant_id, min(floor(available / quantity))::int AS available FROM part GROUP BY variant_id
       HAVING min(available - quantity) >= 0 AND min(available - delta - quantity) < 0 ORDER BY variant_id`,
      [changed.map((c) => c.variant_id), changed.map((c) => c.delta)],
    );
    for (const bundle of back) this.tell(tx, BackInStock, { ...bundle, location_id: DEFAULT_LOCATION_ID });
  }

  private tell(
    tx: Tx,
    definition: typeof BackInStock,
    level: Pick<ChangedLevel, 'variant_id' | 'location_id' | 'available'>,
  ): void {
    announce(tx, {
      definition,
      key: `${definition.topic}:${newUuid()}`,
      aggregateType: 'variant',
      aggregateId: level.variant_id,
      payload: { variantId: level.variant_id, locationId: level.location_id, available: level.available },
    });
  }
}

interface ReservationRow {
  id: string;
  order_line_id: string;
  variant_id: string;
  location_id: string;
  quantity: number;
  state: 'held' | 'committed' | 'released';
}

function toRow(
  variantId: string,
  locationId: string,
  onHand: number,
  reserved: number,
  backorderLimit: number,
): StockLevelRow {
  return { variantId, locationId, onHand, reserved, available: Math.max(onHand + backorderLimit - reserved, 0) };
}
