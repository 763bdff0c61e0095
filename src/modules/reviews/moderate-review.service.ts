import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { assertVersion } from '#libs/http';
import { ProductListings } from '../catalog/index.js';
import type { ReviewStatus } from './review.state.js';
import { type ReviewRow, ReviewsQuery } from './reviews.query.js';

/** What staff do with reviews: they decide what others see, and answer; they never change what a customer said. */
@Injectable()
export class ModerateReview {
  constructor(
    private readonly db: Db,
    private readonly query: ReviewsQuery,
    private readonly listings: ProductListings,
  ) {}

  /**
   * Publishes or refuses a review as staff have read it; the stars of its product follow. Repeating it changes nothing.
   * @throws not_found; version_mismatch where its author has changed it meanwhile
   */
  decide(
    id: string,
    expectedVersion: number | undefined,
    status: Exclude<ReviewStatus, 'pending'>,
  ): Promise<ReviewRow> {
    return this.onLocked(id, async (tx, before) => {
      if (before.status === status) return;
      assertVersion(expectedVersion, before.version);
      await tx.query(`UPDATE reviews SET status = $2, version = version + 1, updated_at = now() WHERE id = $1`, [
        id,
        status,
      ]);
      if (status === 'published' || before.status === 'published') await this.listings.refresh(tx, [before.productId]);
    });
  }

  /** Answers a review in public, or takes the answer back with null. @throws not_found, version_mismatch */
  reply(id: string, expectedVersion: number | undefined, reply: string | null): Promise<ReviewRow> {
    return this.onLocked(id, async (tx, before) => {
      assertVersion(expectedVersion, before.version);
      await tx.query(
        `UPDATE reviews SET reply = $2, replied_at = CASE WHEN $2::text IS NOT NULL THEN now() END, version = version + 1,
           updated_at = now()
         WHERE id = $1`,
        [id, reply?.trim() || null],
      );
    });
  }

  private onLocked(id: string, work: (tx: Tx, before: ReviewRow) => Promise<void>): Promise<ReviewRow> {
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT 1 FROM reviews WHERE id = $1 FOR UPDATE`, [id]);
      await work(tx, await this.query.get(id, tx));
      return this.query.get(id, tx);
    });
  }
}
