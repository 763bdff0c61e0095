import { ApiProperty } from '@nestjs/swagger';
import { Id, Int32, ListQuery, OneOf, Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { REVIEW_STATUSES, type ReviewStatus } from '../review.state.js';
import type { RatingSummary, ReviewRow } from '../reviews.query.js';

const REVIEW_ID = 'rev_01j4000000e008000000000001';

/** What a customer says of a product. */
export class WriteReviewRequest {
  @Int32(1, 5, { example: 5, description: 'stars' })
  rating: number;
  @Text(120, Opt({ example: 'Better than my café', min: 0 }))
  title?: string;
  @Text(5000, Opt({ example: 'Round and sweet, also as a filter coffee.', min: 0 }))
  body?: string;
  @Text(60, Opt({ example: 'Ada L.', description: 'the name to show; else the first name of the account' }))
  author?: string;
}

/** Any subset of the fields of a review. */
export class ChangeReviewRequest {
  @Int32(1, 5, Opt({ example: 4, description: 'stars' }))
  rating?: number;
  @Text(120, Opt({ example: 'Good', min: 0 }))
  title?: string;
  @Text(5000, Opt({ example: 'Second bag: still good.', min: 0 }))
  body?: string;
  @Text(60, Opt({ example: 'Ada L.', description: 'the name to show' }))
  author?: string;
}

/** The shop's answer to a review. */
export class ReplyRequest {
  @Text(2000, { nullable: true, example: 'Thank you! Try it as a cold brew, too.', description: 'null takes it back' })
  reply: string | null;
}

/** Which reviews staff want to see. */
export class ReviewListQuery extends ListQuery {
  @OneOf(REVIEW_STATUSES, Opt({ example: 'pending' }))
  status?: ReviewStatus;
  @Id('product', Opt({ example: WELL_KNOWN.productId }))
  productId?: string;
}

/** A published review. */
export class ReviewResponse {
  @ApiProperty({ example: REVIEW_ID })
  id: string;
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 5, example: 5 })
  rating: number;
  @ApiProperty({ example: 'Better than my café' })
  title: string;
  @ApiProperty({ example: 'Round and sweet, also as a filter coffee.' })
  body: string;
  @ApiProperty({ example: 'Ada L.' })
  author: string;
  @ApiProperty({ description: 'whether the author bought the product here' })
  verifiedPurchase: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'what the shop answers' })
  reply: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  repliedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  static from(row: ReviewRow): ReviewResponse {
    return {
      id: encodeId('review', row.id),
      rating: row.rating,
      title: row.title,
      body: row.body,
      author: row.author,
      verifiedPurchase: row.orderId !== null,
      reply: row.reply,
      repliedAt: row.repliedAt?.toISOString() ?? null,
      createdAt: row.createdAt.toISOString(),
    };
  }
}

/** A review as its author sees it. */
export class MyReviewResponse extends ReviewResponse {
  @ApiProperty({ example: WELL_KNOWN.productId })
  productId: string;
  @ApiProperty({ example: WELL_KNOWN.productHandle })
  productHandle: string;
  @ApiProperty({ enum: REVIEW_STATUSES, description: 'pending: staff will have a look' })
  status: ReviewStatus;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static override from(row: ReviewRow): MyReviewResponse {
    return {
      ...ReviewResponse.from(row),
      productId: encodeId('product', row.productId),
      productHandle: row.productHandle,
      status: row.status,
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

/** A review as staff see it. */
export class AdminReviewResponse extends MyReviewResponse {
  @ApiProperty({ example: 'cus_01j4000000e00800000000000a' })
  customerId: string;
  @ApiProperty({ type: String, nullable: true, description: 'the order of the purchase' })
  orderId: string | null;

  static override from(row: ReviewRow): AdminReviewResponse {
    return {
      ...MyReviewResponse.from(row),
      customerId: encodeId('customer', row.customerId),
      orderId: row.orderId && encodeId('order', row.orderId),
    };
  }
}

/** How many reviews gave how many stars. */
export class RatingCountResponse {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 5 })
  rating: number;
  @ApiProperty({ type: 'integer' })
  count: number;
}

/** What all published reviews of a product say together. */
export class RatingSummaryResponse {
  @ApiProperty({
    type: 'number',
    nullable: true,
    example: 4.5,
    description: 'stars, to one decimal; null without reviews',
  })
  average: number | null;
  @ApiProperty({ type: 'integer', example: 2 })
  count: number;
  @ApiProperty({ type: [RatingCountResponse], description: 'from five stars to one' })
  distribution: RatingCountResponse[];

  static from(summary: RatingSummary): RatingSummaryResponse {
    return {
      average: summary.count === 0 ? null : Math.round((10 * summary.sum) / summary.count) / 10,
      count: summary.count,
      distribution: [5, 4, 3, 2, 1].map((rating) => ({ rating, count: summary.counts[rating] ?? 0 })),
    };
  }
}
