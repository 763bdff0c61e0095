import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ValidationFailed } from '#libs/errors';
import { Throws } from '#libs/http';
import { Staff } from '../auth/index.js';
import { PromotionCodeNotFound } from '../promotions/index.js';
import { VariantNotFound } from './cart.errors.js';
import { PromotionPreviewRequest, PromotionPreviewResponse } from './dto/promotion-preview.dto.js';
import { PromotionPreview } from './promotion-preview.service.js';

/** What promotions would do. */
@ApiTags('Promotions')
@Controller('v1/admin/promotions/preview')
export class PromotionPreviewAdminController {
  constructor(private readonly preview: PromotionPreview) {}

  @Post()
  @HttpCode(200)
  @Staff('promotions.read')
  @ApiOperation({
    operationId: 'previewPromotions',
    summary: 'What a cart would cost, and why each promotion applies or not',
    description: 'Any goods, customer, country, codes and time, priced by what prices real carts. Nothing is written.',
  })
  @ApiOkResponse({ type: PromotionPreviewResponse })
  @Throws(ValidationFailed, VariantNotFound, PromotionCodeNotFound)
  execute(@Body() body: PromotionPreviewRequest): Promise<PromotionPreviewResponse> {
    return this.preview.execute(body);
  }
}
