import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { assertVersion } from '#libs/http';
import { encodeId, newUuid } from '#libs/ids';
import type { CustomerIdentity } from '../auth/index.js';
import { ProductListings, ProductNotFound } from '../catalog/index.js';
import { CustomersQuery } from '../customers/index.js';
import type { ChangeReviewRequest, WriteReviewRequest } from './dto/review.dto.js';
import { AlreadyReviewed } from './reviews.errors.js';
import { type ReviewRow, ReviewsQuery } from './reviews.query.js';

/** The last order in which the customer (uuid) got this product (uuid) and paid for it. */
const purchase = (
  customer: string,
  product: string,
) => `SELECT o.id FROM orders o JOIN order_lines l ON l.order_id = o.id
  WHERE o.customer_id = ${customer} AND l.product_id = ${product} AND o.status IN ('confirmed', 'completed')
    AND o.payment_status IN ('paid', 'partially_refunded') ORDER BY o.created_at DESC LIMIT 1`;

/** What customers do with their reviews. Staff look at each before others see it, and again whenever it was changed. */
@Injectable()
export class WriteReview {
  constructor(
    private readonly db: Db,
    private readonly query: ReviewsQuery,
    private readonly customers: CustomersQuery,
    private readonly listings: ProductListings,
  ) {}

  /** @throws product_not_found, already_reviewed */
  async create(customer: CustomerIdentity, productId: string, request: WriteReviewRequest): Promise<ReviewRow> {
    const id = newUuid();
    try {
      return await this.db.transaction(async (tx) => {
        await this.customers.holdOpen(tx, customer.id);
        const { firstName } = await this.customers.get(customer.id, tx);
        const [product] = await tx.query(`SELECT 1 FROM products WHERE id = $1 AND status = 'active'`, [productId]);
        if (!product) throw ProductNotFound();
        const author = request.author?.trim() || firstName.trim().slice(0, 60) || 'Customer';
        await tx.query(
          `INSERT INTO reviews (id, product_id, customer_id, order_id, author, rating, title, body)
           VALUES ($3, $2, $1, (${purchase('$1', '$2')}), $4, $5, $6, $7)`,
          [customer.id, productId, id, author, request.rating, text(request.title), text(request.body)],
        );
        return this.query.get(id, tx);
      });
    } catch (error) {
      if (!isUniqueViolation(error, 'reviews_once')) throw error;
      const [before] = await this.db.query<{ id: string }>(
        `SELECT id FROM reviews WHERE product_id = $1 AND customer_id = $2`,
        [productId, customer.id],
      );
      throw AlreadyReviewed({ data: before ? { reviewId: encodeId('review', before.id) } : {}, cause: error });
    }
  }

  /** It waits for staff again, also when they had refused it. @throws not_found, version_mismatch */
  change(
    customer: CustomerIdentity,
    id: string,
    expectedVersion: number | undefined,
    request: ChangeReviewRequest,
  ): Promise<ReviewRow> {
    return this.onOwn(customer, id, expectedVersion, async (tx, before) => {
      await tx.query(
        `UPDATE reviews r SET rating = coalesce($2, rating), title = coalesce($3, title), body = coalesce($4, body),
           author = coalesce($5, author), status = 'pending', order_id = coalesce(order_id, (${purchase('r.customer_id', 'r.product_id')})),
           version = version + 1, updated_at = now()
         WHERE id = $1`,
        [
          id,
          request.rating ?? null,
          request.title === undefined ? null : text(request.title),
          request.body === undefined ? null : text(request.body),
          request.author?.trim() || null,
        ],
      );
      if (before.status === 'published') await this.listings.refresh(tx, [before.productId]);
      return this.query.get(id, tx);
    });
  }

  /** @throws not_found, version_mismatch */
  delete(customer: CustomerIdentity, id: string, expectedVersion: number | undefined): Promise<void> {
    return this.onOwn(customer, id, expectedVersion, async (tx, before) => {
      await tx.query(`DELETE FROM reviews WHERE id = $1`, [id]);
      if (before.status === 'published') await this.listings.refresh(tx, [before.productId]);
    });
  }

  private onOwn<T>(
    customer: CustomerIdentity,
    id: string,
    expectedVersion: number | undefined,
    work: (tx: Tx, before: ReviewRow) => Promise<T>,
  ): Promise<T> {
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT 1 FROM reviews WHERE id = $1 FOR UPDATE`, [id]);
      const before = await this.query.getOwn(customer.id, id, tx);
      assertVersion(expectedVersion, before.version);
      return work(tx, before);
    });
  }
}

const text = (value: string | undefined) => value?.trim() ?? '';
