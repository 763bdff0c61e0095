import { Injectable } from '@nestjs/common';
import { Db, type KeysetColumn, keysetPage, type Queryable } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { SELLABLE_SQL, THUMBNAIL_SQL } from '../catalog/index.js';
import { WishlistFull } from './customers.errors.js';
import { CustomersQuery } from './customers.query.js';

const MAX_ITEMS = 500;

/** An item of a wishlist, as the catalog has it at this moment. */
export interface WishlistRow {
  /** uuid */
  variantId: string;
  /** uuid */
  productId: string;
  handle: string;
  title: string;
  variantTitle: string;
  thumbnail: string | null;
  currency: string;
  /** minor units of `currency`; null when it is not for sale (any more, or in this currency) */
  amount: number | null;
  available: boolean;
  createdAt: Date;
}

const NEWEST: KeysetColumn[] = [
  { sql: 'w.created_at', type: 'timestamptz', descending: true },
  { sql: 'w.variant_id', type: 'uuid', descending: true },
];

/** `$1`: a currency, or null for that of the shop. */
const SELECT = `
  SELECT v.id AS "variantId", p.id AS "productId", p.handle, p.title, v.title AS "variantTitle", c.currency,
    (SELECT ${THUMBNAIL_SQL} FROM product_images i WHERE i.product_id = p.id ORDER BY i.id = v.image_id DESC NULLS LAST, i.position, i.id LIMIT 1) AS thumbnail,
    CASE WHEN v.status = 'active' AND p.status = 'active' THEN pr.amount END AS amount,
    v.status = 'active' AND p.status = 'active' AND pr.amount IS NOT NULL AND ${SELLABLE_SQL} AS available,
    w.created_at AS "createdAt"
  FROM wishlist_items w JOIN variants v ON v.id = w.variant_id JOIN products p ON p.id = v.product_id
    CROSS JOIN (SELECT coalesce($1::text, currency) AS currency FROM shop_settings) c
    LEFT JOIN prices pr ON pr.variant_id = v.id AND pr.currency = c.currency`;

/** What a customer would like to have: a set of variants. */
@Injectable()
export class Wishlist {
  constructor(
    private readonly db: Db,
    private readonly customers: CustomersQuery,
  ) {}

  /** What was put on it last comes first. */
  async list(
    customerId: string,
    currency: string | undefined,
    query: ListQuery,
  ): Promise<{ rows: WishlistRow[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('wishlist', NEWEST, query.cursor, 3);
    const rows = await this.db.query<WishlistRow>(
      `${SELECT} WHERE w.customer_id = $2 AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [currency ?? null, customerId, ...keyset.values],
    );
    const total = query.include ? await this.count(this.db, customerId) : undefined;
    return pageOf(
      'wishlist',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (row) => [row.createdAt.toISOString(), row.variantId],
      total,
    );
  }

  /** Everything on it, the oldest first. */
  all(customerId: string): Promise<WishlistRow[]> {
    return this.db.query<WishlistRow>(`${SELECT} WHERE w.customer_id = $2 ORDER BY w.created_at, w.variant_id`, [
      null,
      customerId,
    ]);
  }

  /** Puts a variant on it; twice is once. @throws not_found for what is not for sale, wishlist_full */
  async add(customerId: string, variantId: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.customers.holdOpen(tx, customerId);
      const [variant] = await tx.query(
        `SELECT 1 FROM variants v JOIN products p ON p.id = v.product_id
         WHERE v.id = $1 AND v.status = 'active' AND p.status = 'active'`,
        [variantId],
      );
      if (!variant) throw NotFound({ detail: 'There is no such variant for sale.' });
      const added = await tx.query(
        `INSERT INTO wishlist_items (customer_id, variant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`,
        [customerId, variantId],
      );
      if (added.length > 0 && (await this.count(tx, customerId)) > MAX_ITEMS) throw WishlistFull();
    });
  }

  /** Takes a variant off it. @throws not_found when it is not on it */
  async remove(customerId: string, variantId: string): Promise<void> {
    const removed = await this.db.query(
      `DELETE FROM wishlist_items WHERE customer_id = $1 AND variant_id = $2 RETURNING 1`,
      [customerId, variantId],
    );
    if (removed.length === 0) throw NotFound({ detail: 'It is not on your wishlist.' });
  }

  private async count(db: Queryable, customerId: string): Promise<number> {
    const [row] = await db.query<{ n: number }>(`SELECT count(*) AS n FROM wishlist_items WHERE customer_id = $1`, [
      customerId,
    ]);
    return row!.n;
  }
}
