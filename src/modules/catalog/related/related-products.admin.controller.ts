import { Body, Controller, Get, Put, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatchRequired, InvalidHeader, InvalidId, ValidationFailed, VersionMismatch } from '#libs/errors';
import { IdParam, IfMatch, type Reply, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Staff } from '../../auth/index.js';
import { ProductNotFound } from '../catalog.errors.js';
import { ETAG_HEADER, setVersion } from '../etag-header.js';
import { RelatedProductsRequest, RelatedProductsResponse } from './related-products.dto.js';
import { RelatedProductsQuery } from './related-products.query.js';
import { RelatedProducts } from './related-products.service.js';

@ApiTags('Products')
@Controller('v1/admin/products')
export class RelatedProductsAdminController {
  constructor(
    private readonly query: RelatedProductsQuery,
    private readonly related: RelatedProducts,
  ) {}

  @Get(':id/related')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getRelatedProducts', summary: 'The products that were chosen to be shown beside it' })
  @ApiOkResponse({ type: RelatedProductsResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, ProductNotFound)
  async get(
    @IdParam('product', 'id', WELL_KNOWN.productId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<RelatedProductsResponse> {
    return send(reply, await this.query.byHand(id));
  }

  @Put(':id/related')
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'setRelatedProducts',
    summary: 'Show exactly these products beside it, in this order',
    description: 'Where they are few, storefronts get what is most like the product behind them.',
  })
  @ApiOkResponse({ type: RelatedProductsResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, ProductNotFound)
  async set(
    @IdParam('product', 'id', WELL_KNOWN.productId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: RelatedProductsRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<RelatedProductsResponse> {
    return send(reply, await this.related.choose(id, version, body.productIds));
  }
}

function send(
  reply: Reply,
  { productIds, version }: { productIds: string[]; version: number },
): RelatedProductsResponse {
  setVersion(reply, version);
  return { productIds };
}
