import { Body, Controller, Delete, HttpCode, Put, Res } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatchRequired, InvalidHeader, InvalidId, ValidationFailed, VersionMismatch } from '#libs/errors';
import { IdParam, IfMatch, type Reply, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Staff } from '../../auth/index.js';
import { NotABundle, ProductNotFound, VariantNotBundleable, VariantNotFound } from '../catalog.errors.js';
import { AdminVariantView } from '../dto/product.response.js';
import { ETAG_HEADER, setVersion } from '../etag-header.js';
import { BundlePartsRequest } from './bundle.dto.js';
import { EditBundle } from './edit-bundle.service.js';

const PRODUCT = WELL_KNOWN.bundleProductId;
const VARIANT = WELL_KNOWN.bundleVariantId;

/** What variants are made of. */
@ApiTags('Products')
@Controller('v1/admin/products/:id/variants/:variantId/parts')
export class BundlesAdminController {
  constructor(private readonly edit: EditBundle) {}

  @Put()
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'setBundleParts',
    summary: 'Make a variant a bundle of others',
    description:
      'All its parts. It keeps its own price, tax and weight, and can be bought as long as all of its parts are there; orders that were placed before keep what was in it then. The ETag is that of the whole product.',
  })
  @ApiBody({
    type: BundlePartsRequest,
    examples: {
      set: {
        summary: 'A dripper with two bags of coffee',
        value: {
          parts: [
            { variantId: WELL_KNOWN.secondVariantId, quantity: 1 },
            { variantId: WELL_KNOWN.variantId, quantity: 2 },
          ],
        },
      },
    },
  })
  @ApiOkResponse({ type: AdminVariantView, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch)
  @Throws(ProductNotFound, VariantNotFound, VariantNotBundleable)
  async set(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('variant', 'variantId', VARIANT) variantId: string,
    @Body() body: BundlePartsRequest,
    @IfMatch('required') version: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminVariantView> {
    const product = await this.edit.setParts({ productId, variantId, version }, body.parts);
    setVersion(reply, product.version);
    return AdminVariantView.from(
      product.variants.find(({ id }) => id === variantId)!,
      product.option_names,
    );
  }

  @Delete()
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'dissolveBundle',
    summary: 'Make a bundle a variant of its own',
    description: 'With stock of its own, which is 0 until it is counted. The ETag is that of the whole product.',
  })
  @ApiNoContentResponse({ description: 'It is no bundle any more' })
  @Throws(InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, ProductNotFound, VariantNotFound, NotABundle)
  dissolve(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('variant', 'variantId', VARIANT) variantId: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.edit.dissolve({ productId, variantId, version });
  }
}
