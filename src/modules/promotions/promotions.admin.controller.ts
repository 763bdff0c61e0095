import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import {
  IfMatchRequired,
  InvalidCursor,
  InvalidHeader,
  InvalidId,
  InvalidParameter,
  NotFound,
  UnknownParameter,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import { etagOf, Idempotent, IdParam, IfMatch, ListEnvelope, type Page, type Reply, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import { CreatePromotionRequest, PromotionListQuery, UpdatePromotionRequest } from './dto/promotion.request.js';
import { PromotionResponse, PromotionStatisticsResponse } from './dto/promotion.response.js';
import type { Promotion } from './entities/index.js';
import { CREATE_EXAMPLES, UPDATE_EXAMPLES } from './promotion-examples.js';
import { PromotionArchived, PromotionCodeTaken } from './promotions.errors.js';
import { PromotionsQuery } from './promotions.query.js';
import { PromotionsService } from './promotions.service.js';

const ETAG = { ETag: { description: 'version for If-Match', schema: { type: 'string' as const } } };

/** What the shop gives off, to whom and when. */
@ApiTags('Promotions')
@Controller('v1/admin/promotions')
export class PromotionsAdminController {
  constructor(
    private readonly query: PromotionsQuery,
    private readonly promotions: PromotionsService,
  ) {}

  @Get()
  @Staff('promotions.read')
  @ApiOperation({ operationId: 'listPromotions', summary: 'Promotions, the newest first' })
  @ListEnvelope(PromotionResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: PromotionListQuery): Promise<{ data: PromotionResponse[]; page: Page }> {
    const { rows, page } = await this.query.list(query);
    return { data: rows.map((row) => PromotionResponse.from(row)), page };
  }

  @Post()
  @Staff('promotions.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createPromotion',
    summary: 'Add a promotion',
    description:
      'Promotions are looked at by `priority`, the lowest number first, then by age. Two go together when each names the class of the ' +
      'other in `combinesWith`; who comes later and does not fit stays out. What goes together takes off in the order product, order, ' +
      'shipping. An `exclusive` one stands alone: the shopper gets whichever takes off the most.',
  })
  @ApiBody({ type: CreatePromotionRequest, examples: CREATE_EXAMPLES })
  @ApiCreatedResponse({ type: PromotionResponse, headers: ETAG })
  @Throws(ValidationFailed, PromotionCodeTaken)
  async create(
    @Body() body: CreatePromotionRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PromotionResponse> {
    const promotion = await this.promotions.create(body);
    reply.header('Location', `/v1/admin/promotions/${encodeId('promotion', promotion.id)}`);
    return answer(reply, promotion);
  }

  @Get(':id')
  @Staff('promotions.read')
  @ApiOperation({ operationId: 'getPromotion', summary: 'One promotion' })
  @ApiOkResponse({ type: PromotionResponse, headers: ETAG })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PromotionResponse> {
    return answer(reply, await this.query.get(id));
  }

  @Patch(':id')
  @Staff('promotions.write')
  @ApiOperation({
    operationId: 'updatePromotion',
    summary: 'Change a promotion',
    description: 'Carts are priced anew at once; orders keep what was applied to them.',
  })
  @ApiBody({ type: UpdatePromotionRequest, examples: UPDATE_EXAMPLES })
  @ApiOkResponse({ type: PromotionResponse, headers: ETAG })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, PromotionArchived)
  async update(
    @IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdatePromotionRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PromotionResponse> {
    return answer(reply, await this.promotions.update(id, body, version));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('promotions.write')
  @ApiOperation({ operationId: 'archivePromotion', summary: 'Archive a promotion', description: 'Orders keep it.' })
  @ApiNoContentResponse({ description: 'It is archived' })
  @Throws(InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch)
  archive(
    @IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.promotions.archive(id, version);
  }

  @Post(':id/activate')
  @HttpCode(200)
  @Staff('promotions.write')
  @ApiOperation({ operationId: 'activatePromotion', summary: 'Let a promotion run, within its period' })
  @ApiOkResponse({ type: PromotionResponse, headers: ETAG })
  @Throws(InvalidId, NotFound, PromotionArchived)
  async activate(
    @IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PromotionResponse> {
    return answer(reply, await this.promotions.setActive(id, true));
  }

  @Post(':id/deactivate')
  @HttpCode(200)
  @Staff('promotions.write')
  @ApiOperation({ operationId: 'deactivatePromotion', summary: 'Stop a promotion' })
  @ApiOkResponse({ type: PromotionResponse, headers: ETAG })
  @Throws(InvalidId, NotFound, PromotionArchived)
  async deactivate(
    @IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PromotionResponse> {
    return answer(reply, await this.promotions.setActive(id, false));
  }

  @Get(':id/statistics')
  @Staff('promotions.read')
  @ApiOperation({
    operationId: 'getPromotionStatistics',
    summary: 'How often a promotion was used, and what that came to',
  })
  @ApiOkResponse({ type: PromotionStatisticsResponse })
  @Throws(InvalidId, NotFound)
  statistics(@IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string): Promise<PromotionStatisticsResponse> {
    return this.query.statistics(id);
  }
}

function answer(reply: Reply, promotion: Promotion): PromotionResponse {
  reply.header('ETag', etagOf(promotion.version));
  return PromotionResponse.from(promotion);
}
