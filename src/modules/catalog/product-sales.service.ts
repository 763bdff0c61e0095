import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';

/** Pieces of a product that were sold on one day. */
export interface Sold {
  /** uuid */
  productId: string;
  quantity: number;
}

/** Bounds how many rows of the read model are held at a time. */
const CHUNK = 500;

/** Keeps how well products sell, so that lists can show the best-selling first. */
@Injectable()
export class ProductSales {
  constructor(private readonly db: Db) {}

  /** The last day that has sales, `2026-01-31`; null where nothing was ever counted. */
  async lastDay(): Promise<string | null> {
    const [row] = await this.db.query<{ day: string | null }>(`SELECT max(day)::text AS day FROM product_sales`);
    return row!.day;
  }

  /**
   * Says what was sold on a day, all of it: what was counted before for that day is replaced. Writes only what differs, so
   * counting a day again and again costs little.
   * @returns how many products are more or less popular now
   */
  async setDay(day: string, sold: readonly Sold[]): Promise<number> {
    const changed = await this.db.query<{ id: string }>(
      `WITH counted AS MATERIALIZED (
         SELECT c."productId" AS product_id, c.quantity
         FROM jsonb_to_recordset($2) AS c ("productId" uuid, quantity bigint) JOIN products p ON p.id = c."productId"),
       gone AS (
         DELETE FROM product_sales s WHERE s.day = $1::date AND NOT EXISTS (SELECT FROM counted c WHERE c.product_id = s.product_id)
         RETURNING s.product_id),
       put AS (
         INSERT INTO product_sales AS s (product_id, day, quantity)
         SELECT product_id, $1::date, quantity FROM counted ORDER BY product_id
         ON CONFLICT (product_id, day) DO UPDATE SET quantity = excluded.quantity WHERE s.quantity <> excluded.quantity
         RETURNING s.product_id)
       SELECT product_id AS id FROM gone UNION ALL SELECT product_id FROM put ORDER BY id`,
      [day, JSON.stringify(sold)],
    );
    const ids = changed.map((row) => row.id);
    for (let i = 0; i < ids.length; i += CHUNK) await this.refresh(ids.slice(i, i + CHUNK));
    return ids.length;
  }

  /** Locks in the order in which every writer of the read model does. */
  private refresh(productIds: string[]): Promise<void> {
    return this.db.transaction(async (tx) => {
      await tx.query(
        `SELECT FROM product_listings WHERE product_id = ANY($1::uuid[]) ORDER BY product_id, currency FOR NO KEY UPDATE`,
        [productIds],
      );
      await tx.query(
        `UPDATE product_listings l SET popularity = p.popularity
         FROM (SELECT id, popularity_of(id) AS popularity FROM unnest($1::uuid[]) AS u (id)) p
         WHERE l.product_id = p.id AND l.popularity <> p.popularity`,
        [productIds],
      );
    });
  }
}
