import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidId, InvalidParameter, NotFound, UnknownParameter, ValidationFailed } from '#libs/errors';
import { Idempotent, IdParam, ListEnvelope, ListQuery, type Page, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import { CreatePromotionCodeRequest, GeneratePromotionCodesRequest } from './dto/promotion.request.js';
import { GeneratedPromotionCodesResponse, PromotionCodeResponse } from './dto/promotion.response.js';
import { PromotionCodesService } from './promotion-codes.service.js';
import { PromotionArchived, PromotionCodeTaken, PromotionWithoutCodes } from './promotions.errors.js';
import { PromotionsQuery } from './promotions.query.js';

/** Codes by which carts get a promotion. */
@ApiTags('Promotions')
@Controller('v1/admin/promotions/:id/codes')
export class PromotionCodesAdminController {
  constructor(
    private readonly query: PromotionsQuery,
    private readonly codes: PromotionCodesService,
  ) {}

  @Get()
  @Staff('promotions.read')
  @ApiOperation({ operationId: 'listPromotionCodes', summary: 'Codes of a promotion, the newest first' })
  @ListEnvelope(PromotionCodeResponse)
  @Throws(InvalidId, NotFound, InvalidCursor, InvalidParameter, UnknownParameter)
  async list(
    @IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string,
    @Query() query: ListQuery,
  ): Promise<{ data: PromotionCodeResponse[]; page: Page }> {
    const { rows, page } = await this.query.codes(id, query);
    return { data: rows.map((row) => PromotionCodeResponse.from(row)), page };
  }

  @Post()
  @Staff('promotions.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createPromotionCode',
    summary: 'Add a code',
    description: 'The same request again answers the code that is there.',
  })
  @ApiCreatedResponse({ type: PromotionCodeResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, PromotionArchived, PromotionWithoutCodes, PromotionCodeTaken)
  async create(
    @IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string,
    @Body() body: CreatePromotionCodeRequest,
  ): Promise<PromotionCodeResponse> {
    return PromotionCodeResponse.from(await this.codes.add(id, body));
  }

  @Post('generate')
  @Staff('promotions.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'generatePromotionCodes',
    summary: 'Make up to 10,000 codes that nobody can guess',
    description: 'The answer has all of them. With an Idempotency-Key a repetition answers the same codes.',
  })
  @ApiCreatedResponse({ type: GeneratedPromotionCodesResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, PromotionArchived, PromotionWithoutCodes)
  async generate(
    @IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string,
    @Body() body: GeneratePromotionCodesRequest,
  ): Promise<GeneratedPromotionCodesResponse> {
    const codes = await this.codes.generate(id, body);
    return { count: codes.length, codes };
  }

  @Delete(':codeId')
  @HttpCode(204)
  @Staff('promotions.write')
  @ApiOperation({
    operationId: 'disablePromotionCode',
    summary: 'Take a code back',
    description: 'Carts that have it pay the full price and say so; orders keep what they were given.',
  })
  @ApiNoContentResponse({ description: 'Nobody can use it any more' })
  @Throws(InvalidId, NotFound)
  disable(
    @IdParam('promotion', 'id', WELL_KNOWN.promotionId) id: string,
    @IdParam('promotionCode', 'codeId') codeId: string,
  ): Promise<void> {
    return this.codes.disable(id, codeId);
  }
}
