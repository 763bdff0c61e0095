import { Injectable } from '@nestjs/common';
import { Db, type KeysetColumn, keysetPage, type Queryable } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import type { ReviewListQuery } from './dto/review.dto.js';
import type { ReviewStatus } from './review.state.js';

/** A review with the handle of its product. */
export interface ReviewRow {
  /** uuid, like the other ids */
  id: string;
  productId: string;
  productHandle: string;
  customerId: string;
  orderId: string | null;
  author: string;
  rating: number;
  title: string;
  body: string;
  status: ReviewStatus;
  reply: string | null;
  repliedAt: Date | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** All published reviews of a product together. */
export interface RatingSummary {
  count: number;
  /** of all stars */
  sum: number;
  /** reviews by stars */
  counts: Readonly<Record<number, number>>;
}

const SELECT = `SELECT r.id, r.product_id AS "productId", p.handle AS "productHandle", r.customer_id AS "customerId",
    r.order_id AS "orderId", r.author, r.rating, r.title, r.body, r.status, r.reply, r.replied_at AS "repliedAt", r.version,
    r.created_at AS "createdAt", r.updated_at AS "updatedAt"
  FROM reviews r JOIN products p ON p.id = r.product_id`;

const NEWEST: KeysetColumn[] = [
  { sql: 'r.created_at', type: 'timestamptz', descending: true },
  { sql: 'r.id', type: 'uuid', descending: true },
];

/** Reads reviews. */
@Injectable()
export class ReviewsQuery {
  constructor(private readonly db: Db) {}

  /** What shoppers see of a product's reviews, newest first. */
  published(productId: string, query: ListQuery): Promise<{ rows: ReviewRow[]; page: Page }> {
    return this.list(query, [`r.product_id = $1`, `r.status = 'published'`], [productId]);
  }

  /** The reviews of one customer, newest first. */
  ofCustomer(customerId: string, query: ListQuery): Promise<{ rows: ReviewRow[]; page: Page }> {
    return this.list(query, [`r.customer_id = $1`], [customerId]);
  }

  /** For staff, newest first. */
  forStaff(query: ReviewListQuery): Promise<{ rows: ReviewRow[]; page: Page }> {
    const values: unknown[] = [];
    const conditions: string[] = [];
    if (query.status) conditions.push(`r.status = $${values.push(query.status)}`);
    if (query.productId) conditions.push(`r.product_id = $${values.push(query.productId)}`);
    return this.list(query, conditions, values);
  }

  /** @throws not_found */
  async get(id: string, db: Queryable = this.db): Promise<ReviewRow> {
    return found(await db.query<ReviewRow>(`${SELECT} WHERE r.id = $1`, [id]));
  }

  /** One of the customer's own. @throws not_found, also for one of somebody else */
  async getOwn(customerId: string, id: string, db: Queryable = this.db): Promise<ReviewRow> {
    return found(await db.query<ReviewRow>(`${SELECT} WHERE r.id = $1 AND r.customer_id = $2`, [id, customerId]));
  }

  /** Everything that a customer wrote, oldest first. */
  allOf(customerId: string): Promise<ReviewRow[]> {
    return this.db.query<ReviewRow>(`${SELECT} WHERE r.customer_id = $1 ORDER BY r.created_at, r.id`, [customerId]);
  }

  async summary(productId: string): Promise<RatingSummary> {
    const rows = await this.db.query<{ rating: number; n: number }>(
      `SELECT rating, count(*)::int AS n FROM reviews WHERE product_id = $1 AND status = 'published' GROUP BY rating`,
      [productId],
    );
    return {
      count: rows.reduce((all, row) => all + row.n, 0),
      sum: rows.reduce((all, row) => all + row.n * row.rating, 0),
      counts: Object.fromEntries(rows.map((row) => [row.rating, row.n])),
    };
  }

  private async list(
    query: ListQuery,
    conditions: readonly string[],
    values: readonly unknown[],
  ): Promise<{ rows: ReviewRow[]; page: Page }> {
    const limit = query.limit ?? 20;
    const where = conditions.length > 0 ? conditions.join(' AND ') : 'TRUE';
    const keyset = keysetPage('reviews', NEWEST, query.cursor, values.length + 1);
    const rows = await this.db.query<ReviewRow>(
      `${SELECT} WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM reviews r WHERE ${where}`, [...values]))[0]!.n
      : undefined;
    return pageOf(
      'reviews',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (row) => [row.createdAt.toISOString(), row.id],
      total,
    );
  }
}

function found([row]: ReviewRow[]): ReviewRow {
  if (row) return row;
  throw NotFound({ detail: 'There is no such review.' });
}
