import { Body, Controller, Get, Header, HttpCode, Post, Put, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  IfMatchRequired,
  InvalidCursor,
  InvalidId,
  InvalidParameter,
  NotFound,
  UnknownParameter,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import { etagOf, Idempotent, IdParam, IfMatch, ListEnvelope, type Page, type Reply, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import { AdminReviewResponse, ReplyRequest, ReviewListQuery } from './dto/review.dto.js';
import { ModerateReview } from './moderate-review.service.js';
import { type ReviewRow, ReviewsQuery } from './reviews.query.js';

function send(reply: Reply, row: ReviewRow): AdminReviewResponse {
  reply.header('ETag', etagOf(row.version));
  return AdminReviewResponse.from(row);
}

/** What customers say, before and after others see it. */
@ApiTags('Reviews')
@Controller('v1/admin/reviews')
export class ReviewsAdminController {
  constructor(
    private readonly query: ReviewsQuery,
    private readonly moderate: ModerateReview,
  ) {}

  @Get()
  @Staff('reviews.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'listReviews', summary: 'Reviews, newest first; status=pending wait for you' })
  @ListEnvelope(AdminReviewResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ReviewListQuery): Promise<{ data: AdminReviewResponse[]; page: Page }> {
    const { rows, page } = await this.query.forStaff(query);
    return { data: rows.map((row) => AdminReviewResponse.from(row)), page };
  }

  @Get(':id')
  @Staff('reviews.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'getReview', summary: 'Read a review' })
  @ApiOkResponse({ type: AdminReviewResponse })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('review', 'id', WELL_KNOWN.reviewId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminReviewResponse> {
    return send(reply, await this.query.get(id));
  }

  @Post(':id/publish')
  @HttpCode(200)
  @Staff('reviews.write')
  @Idempotent('optional')
  @ApiOperation({ operationId: 'publishReview', summary: 'Show a review; it counts for the stars of its product' })
  @ApiOkResponse({ type: AdminReviewResponse })
  @Throws(InvalidId, NotFound, IfMatchRequired, VersionMismatch)
  async publish(
    @IdParam('review', 'id', WELL_KNOWN.reviewId) id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminReviewResponse> {
    return send(reply, await this.moderate.decide(id, expectedVersion, 'published'));
  }

  @Post(':id/reject')
  @HttpCode(200)
  @Staff('reviews.write')
  @Idempotent('optional')
  @ApiOperation({ operationId: 'rejectReview', summary: 'Refuse a review, or take it down' })
  @ApiOkResponse({ type: AdminReviewResponse })
  @Throws(InvalidId, NotFound, IfMatchRequired, VersionMismatch)
  async reject(
    @IdParam('review', 'id', WELL_KNOWN.reviewId) id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminReviewResponse> {
    return send(reply, await this.moderate.decide(id, expectedVersion, 'rejected'));
  }

  @Put(':id/reply')
  @Staff('reviews.write')
  @ApiOperation({ operationId: 'replyToReview', summary: 'Answer a review in public' })
  @ApiOkResponse({ type: AdminReviewResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, IfMatchRequired, VersionMismatch)
  async reply(
    @IdParam('review', 'id', WELL_KNOWN.reviewId) id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @Body() body: ReplyRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminReviewResponse> {
    return send(reply, await this.moderate.reply(id, expectedVersion, body.reply));
  }
}
