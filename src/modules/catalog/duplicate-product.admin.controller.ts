import { Body, Controller, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, ValidationFailed } from '#libs/errors';
import { Idempotent, IdParam, type Reply, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import { HandleTaken, ProductNotFound, VariantNotBundleable } from './catalog.errors.js';
import { DuplicateProductRequest } from './dto/duplicate-product.request.js';
import { AdminProductView } from './dto/product.response.js';
import { DuplicateProduct } from './duplicate-product.service.js';
import { CREATED_HEADERS, setVersion } from './etag-header.js';

@ApiTags('Products')
@Controller('v1/admin/products')
export class DuplicateProductController {
  constructor(private readonly duplicate: DuplicateProduct) {}

  @Post(':id/duplicate')
  @Staff('catalog.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'duplicateProduct',
    summary: 'Make a draft that is like a product',
    description:
      'With its variants, prices, parts of bundles, images, attributes, translations, categories, collections by hand and related products. SKUs and barcodes ' +
      'stay with the original, as do stock, files that are sold and prices in price lists.',
  })
  @ApiCreatedResponse({ type: AdminProductView, headers: CREATED_HEADERS })
  @Throws(ValidationFailed, InvalidId, ProductNotFound, HandleTaken, VariantNotBundleable)
  async execute(
    @IdParam('product', 'id', WELL_KNOWN.productId) id: string,
    @Body() body: DuplicateProductRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminProductView> {
    const product = await this.duplicate.execute(id, body);
    const view = AdminProductView.from(product);
    setVersion(reply, product.version, `/v1/admin/products/${view.id}`);
    return view;
  }
}
