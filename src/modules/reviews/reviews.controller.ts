import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import {
  InvalidCursor,
  InvalidId,
  InvalidParameter,
  NotFound,
  UnknownParameter,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import {
  etagOf,
  Idempotent,
  IdParam,
  IfMatch,
  ListEnvelope,
  ListQuery,
  type Page,
  type Reply,
  Throws,
} from '#libs/http';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { CurrentCustomer, Customer, type CustomerIdentity, Public } from '../auth/index.js';
import { ProductLookup, ProductNotFound } from '../catalog/index.js';
import {
  ChangeReviewRequest,
  MyReviewResponse,
  RatingSummaryResponse,
  ReviewResponse,
  WriteReviewRequest,
} from './dto/review.dto.js';
import { AlreadyReviewed } from './reviews.errors.js';
import { type ReviewRow, ReviewsQuery } from './reviews.query.js';
import { WriteReview } from './write-review.service.js';

const ProductKey = () =>
  ApiParam({ name: 'idOrHandle', description: 'id or handle of the product', example: WELL_KNOWN.productHandle });

function send(reply: Reply, row: ReviewRow): MyReviewResponse {
  reply.header('ETag', etagOf(row.version));
  return MyReviewResponse.from(row);
}

/** What customers say of products. */
@ApiTags('Reviews')
@Controller('v1')
export class ReviewsController {
  constructor(
    private readonly query: ReviewsQuery,
    private readonly write: WriteReview,
    private readonly products: ProductLookup,
  ) {}

  @Get('products/:idOrHandle/reviews')
  @Public()
  @ApiOperation({ operationId: 'listProductReviews', summary: 'Reviews of a product, newest first' })
  @ProductKey()
  @ListEnvelope(ReviewResponse)
  @Throws(InvalidCursor, InvalidId, InvalidParameter, UnknownParameter, ProductNotFound)
  async list(
    @Param('idOrHandle') key: string,
    @Query() query: ListQuery,
  ): Promise<{ data: ReviewResponse[]; page: Page }> {
    const { rows, page } = await this.query.published(await this.products.idOf(key), query);
    return { data: rows.map((row) => ReviewResponse.from(row)), page };
  }

  @Get('products/:idOrHandle/rating')
  @Public()
  @ApiOperation({
    operationId: 'getProductRating',
    summary: 'The stars of a product: average, count, how many of each',
  })
  @ProductKey()
  @ApiOkResponse({ type: RatingSummaryResponse })
  @Throws(InvalidId, ProductNotFound)
  async rating(@Param('idOrHandle') key: string): Promise<RatingSummaryResponse> {
    return RatingSummaryResponse.from(await this.query.summary(await this.products.idOf(key)));
  }

  @Post('products/:idOrHandle/reviews')
  @Customer()
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'writeReview',
    summary: 'Review a product',
    description:
      'Others see it once staff have published it. Who bought the product here is shown as a verified purchase.',
  })
  @ProductKey()
  @ApiCreatedResponse({ type: MyReviewResponse })
  @Throws(ValidationFailed, InvalidId, ProductNotFound, AlreadyReviewed)
  async create(
    @CurrentCustomer() customer: CustomerIdentity,
    @Param('idOrHandle') key: string,
    @Body() body: WriteReviewRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<MyReviewResponse> {
    const answer = send(reply, await this.write.create(customer, await this.products.idOf(key), body));
    reply.header('Location', `/v1/me/reviews/${answer.id}`);
    return answer;
  }

  @Get('me/reviews')
  @Customer()
  @ApiOperation({ operationId: 'listMyReviews', summary: 'What I wrote, newest first' })
  @ListEnvelope(MyReviewResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async mine(
    @CurrentCustomer() customer: CustomerIdentity,
    @Query() query: ListQuery,
  ): Promise<{ data: MyReviewResponse[]; page: Page }> {
    const { rows, page } = await this.query.ofCustomer(customer.id, query);
    return { data: rows.map((row) => MyReviewResponse.from(row)), page };
  }

  @Get('me/reviews/:id')
  @Customer()
  @ApiOperation({ operationId: 'getMyReview', summary: 'One of my reviews' })
  @ApiOkResponse({ type: MyReviewResponse })
  @Throws(InvalidId, NotFound)
  async get(
    @CurrentCustomer() customer: CustomerIdentity,
    @IdParam('review') id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<MyReviewResponse> {
    return send(reply, await this.query.getOwn(customer.id, id));
  }

  @Patch('me/reviews/:id')
  @Customer()
  @ApiOperation({
    operationId: 'changeMyReview',
    summary: 'Change what I wrote',
    description: 'It is taken down until staff have looked at it again.',
  })
  @ApiOkResponse({ type: MyReviewResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, VersionMismatch)
  async change(
    @CurrentCustomer() customer: CustomerIdentity,
    @IdParam('review') id: string,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Body() body: ChangeReviewRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<MyReviewResponse> {
    return send(reply, await this.write.change(customer, id, expectedVersion, body));
  }

  @Delete('me/reviews/:id')
  @Customer()
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteMyReview', summary: 'Take back what I wrote' })
  @ApiNoContentResponse({ description: 'Gone' })
  @Throws(InvalidId, NotFound, VersionMismatch)
  delete(
    @CurrentCustomer() customer: CustomerIdentity,
    @IdParam('review') id: string,
    @IfMatch('optional') expectedVersion: number | undefined,
  ): Promise<void> {
    return this.write.delete(customer, id, expectedVersion);
  }
}
