import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { IfMatchRequired, InvalidHeader, InvalidId, ValidationFailed, VersionMismatch } from '#libs/errors';
import { Idempotent, IdParam, IfMatch, type Reply, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import { OptionMismatch, ProductNotFound, TooManyVariants, VariantExists, VariantNotFound } from './catalog.errors.js';
import { CreateVariantRequest, UpdateVariantRequest } from './dto/product.request.js';
import { AdminVariantView } from './dto/product.response.js';
import { EditVariants } from './edit-variants.service.js';
import { CREATED_HEADERS, ETAG_HEADER, setVersion } from './etag-header.js';
import { type AdminProductRecord, AdminProductsQuery } from './products.admin.query.js';

const PRODUCT = WELL_KNOWN.optionProductId;
const VARIANT = WELL_KNOWN.optionVariantId;
const VERSION_NOTE = 'The ETag is that of the whole product, since both are shown together.';

/** The variants of a product and their prices. */
@ApiTags('Products')
@Controller('v1/admin/products/:id/variants')
export class VariantsAdminController {
  constructor(
    private readonly query: AdminProductsQuery,
    private readonly edit: EditVariants,
  ) {}

  @Post()
  @Staff('catalog.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createVariant',
    summary: 'Add a variant with its prices',
    description:
      'An archived variant with the same options comes back. Its stock is 0 until it is counted. ' +
      'The same request again answers the variant that is there.',
  })
  @ApiBody({
    type: CreateVariantRequest,
    examples: {
      variant: {
        summary: 'A new size of the organic cotton tee',
        value: {
          options: { Color: 'White', Size: '3XL' },
          sku: 'OCT-WHITE-3XL',
          weightGrams: 220,
          prices: [{ amount: 2900, currency: 'USD' }],
        },
      },
    },
  })
  @ApiCreatedResponse({ type: AdminVariantView, headers: CREATED_HEADERS })
  @Throws(ValidationFailed, InvalidId, ProductNotFound, TooManyVariants, VariantExists, OptionMismatch, TooManyVariants)
  async create(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @Body() body: CreateVariantRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminVariantView> {
    const { product, id } = await this.edit.add(productId, body);
    const address = `/v1/admin/products/${encodeId('product', productId)}/variants/${encodeId('variant', id)}`;
    reply.header('Location', address);
    return answer(reply, product, id);
  }

  @Get(':variantId')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getVariant', summary: 'One variant', description: VERSION_NOTE })
  @ApiOkResponse({ type: AdminVariantView, headers: ETAG_HEADER })
  @Throws(InvalidId, ProductNotFound, VariantNotFound)
  async get(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('variant', 'variantId', VARIANT) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminVariantView> {
    return answer(reply, await this.query.get(productId), id);
  }

  @Patch(':variantId')
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'updateVariant', summary: 'Change a variant or its prices', description: VERSION_NOTE })
  @ApiBody({
    type: UpdateVariantRequest,
    examples: {
      price: {
        summary: 'A reduced price',
        value: { prices: [{ amount: 2500, currency: 'USD', compareAt: 2900 }] },
      },
    },
  })
  @ApiOkResponse({ type: AdminVariantView, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch)
  @Throws(ProductNotFound, VariantNotFound, VariantExists, OptionMismatch)
  async update(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('variant', 'variantId', VARIANT) id: string,
    @Body() body: UpdateVariantRequest,
    @IfMatch('required') version: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminVariantView> {
    return answer(reply, await this.edit.update(productId, id, body, version), id);
  }

  @Delete(':variantId')
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'archiveVariant',
    summary: 'Archive a variant',
    description: `It can no longer be bought; orders and stock keep it. ${VERSION_NOTE}`,
  })
  @ApiNoContentResponse({ description: 'Archived' })
  @Throws(InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, ProductNotFound, VariantNotFound)
  archive(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('variant', 'variantId', VARIANT) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.edit.archive(productId, id, version);
  }
}

function answer(reply: Reply, product: AdminProductRecord, id: string): AdminVariantView {
  const variant = product.variants.find((candidate) => candidate.id === id);
  if (!variant) throw VariantNotFound();
  setVersion(reply, product.version);
  return AdminVariantView.from(variant, product.option_names);
}
