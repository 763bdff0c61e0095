import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ValidationFailed } from '#libs/errors';
import { Throws } from '#libs/http';
import { Staff } from '../auth/index.js';
import { VariantNotFound } from './cart.errors.js';
import { ShippingPreviewRequest, ShippingPreviewResponse } from './dto/shipping-preview.dto.js';
import { ShippingPreview } from './shipping-preview.service.js';

/** How goods would be shipped. */
@ApiTags('Shipping')
@Controller('v1/admin/shipping-previews')
export class ShippingPreviewAdminController {
  constructor(private readonly preview: ShippingPreview) {}

  @Post()
  @HttpCode(200)
  @Staff('settings.read')
  @ApiOperation({
    operationId: 'previewShipping',
    summary: 'What shipping would cost, and why methods are not offered',
    description: 'All methods of the zone, those that shoppers would not see with the reason. Nothing is written.',
  })
  @ApiOkResponse({ type: ShippingPreviewResponse })
  @Throws(ValidationFailed, VariantNotFound)
  execute(@Body() body: ShippingPreviewRequest): Promise<ShippingPreviewResponse> {
    return this.preview.execute(body);
  }
}
