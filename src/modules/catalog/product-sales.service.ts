import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';

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
   * counting a day again and again costs little. What is counted and what lists show of it change together.
   * @returns how many products are more or less popular now
   */
  async setDay(day: string, sold: readonly Sold[]): Promise<number> {
    const changed = await this.db.query<Sold>(
      `WITH counted AS MATERIALIZED (
         SELECT c."productId" AS product_id, c.quantity
         FROM jsonb_to_recordset($2) AS c ("productId" uuid, quantity bigint) JOIN products p ON p.id = c."productId"),
       before AS (SELECT product_id, quantity FROM product_sales WHERE day = $1::date)
       SELECT product_id AS "productId", coalesce(c.quantity, 0) AS quantity
       FROM counted c FULL JOIN before b USING (product_id) WHERE c.quantity IS DISTINCT FROM b.quantity ORDER BY product_id`,
      [day, JSON.stringify(sold)],
    );
    for (let i = 0; i < changed.length; i += CHUNK) await this.write(day, changed.slice(i, i + CHUNK));
    return changed.length;
  }

  /**
   * Lets lists show again what is counted for the products that were sold on a day, should they show anything else.
   * @returns how many did
   */
  async heal(day: string): Promise<number> {
    const wrong = await this.db.query<{ id: string }>(
      `SELECT s.product_id AS id FROM product_sales s WHERE s.day = $1::date AND EXISTS (
         SELECT FROM product_listings l WHERE l.product_id = s.product_id AND l.popularity <> popularity_of(s.product_id))
       ORDER BY id`,
      [day],
    );
    const ids = wrong.map(({ id }) => id);
    for (let i = 0; i < ids.length; i += CHUNK)
      await this.db.transaction(async (tx) => {
        await lock(tx, ids.slice(i, i + CHUNK));
        await show(tx, ids.slice(i, i + CHUNK));
      });
    return ids.length;
  }

  /** Locks in the order in which every writer of the read model does: so a product that is shown just now misses nothing. */
  private write(day: string, sold: readonly Sold[]): Promise<void> {
    const ids = sold.map(({ productId }) => productId);
    return this.db.transaction(async (tx) => {
      await lock(tx, ids);
      await tx.query(
        `WITH counted AS (
           SELECT c.product_id, c.quantity FROM unnest($2::uuid[], $3::bigint[]) AS c (product_id, quantity)
           JOIN products p ON p.id = c.product_id),
         gone AS (
           DELETE FROM product_sales s USING counted c WHERE s.day = $1::date AND s.product_id = c.product_id AND c.quantity = 0)
         INSERT INTO product_sales (product_id, day, quantity)
         SELECT product_id, $1::date, quantity FROM counted WHERE quantity > 0 ORDER BY product_id
         ON CONFLICT (product_id, day) DO UPDATE SET quantity = excluded.quantity`,
        [day, ids, sold.map(({ quantity }) => quantity)],
      );
      await show(tx, ids);
    });
  }
}

async function lock(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.query(`SELECT FROM products WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`, [ids]);
  await tx.query(
    `SELECT FROM product_listings WHERE product_id = ANY($1::uuid[]) ORDER BY product_id, currency FOR NO KEY UPDATE`,
    [ids],
  );
}

async function show(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.query(
    `UPDATE product_listings l SET popularity = p.popularity
     FROM (SELECT id, popularity_of(id) AS popularity FROM unnest($1::uuid[]) AS u (id)) p
     WHERE l.product_id = p.id AND l.popularity <> p.popularity`,
    [ids],
  );
}
