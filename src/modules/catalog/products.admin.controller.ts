import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  IfMatchRequired,
  InvalidCursor,
  InvalidHeader,
  InvalidId,
  InvalidParameter,
  UnknownParameter,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import { Idempotent, IdParam, IfMatch, ListEnvelope, type Page, type Reply, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import { HandleTaken, OptionMismatch, ProductNotFound, UnknownCategory, VariantExists } from './catalog.errors.js';
import { CreateProduct } from './create-product.service.js';
import { AdminProductListQuery, CreateProductRequest, UpdateProductRequest } from './dto/product.request.js';
import { AdminProductSummary, AdminProductView } from './dto/product.response.js';
import { EditProduct } from './edit-product.service.js';
import { CREATED_HEADERS, ETAG_HEADER, setVersion } from './etag-header.js';
import { type AdminProductRecord, AdminProductsQuery } from './products.admin.query.js';

/** What the shop offers. */
@ApiTags('Products')
@Controller('v1/admin/products')
export class ProductsAdminController {
  constructor(
    private readonly query: AdminProductsQuery,
    private readonly createProduct: CreateProduct,
    private readonly edit: EditProduct,
  ) {}

  @Get()
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'listAdminProducts', summary: 'Products, drafts and archived ones too' })
  @ListEnvelope(AdminProductSummary)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: AdminProductListQuery): Promise<{ data: AdminProductSummary[]; page: Page }> {
    const { rows, page } = await this.query.list(query);
    return { data: rows.map((row) => AdminProductSummary.from(row)), page };
  }

  @Post()
  @Staff('catalog.write')
  @Idempotent('optional')
  @ApiOperation({ operationId: 'createProduct', summary: 'Add a product with its variants, prices and images' })
  @ApiCreatedResponse({ type: AdminProductView, headers: CREATED_HEADERS })
  @Throws(ValidationFailed, HandleTaken, OptionMismatch, VariantExists, UnknownCategory)
  async create(
    @Body() body: CreateProductRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminProductView> {
    const product = await this.createProduct.execute(body);
    const view = AdminProductView.from(product);
    setVersion(reply, product.version, `/v1/admin/products/${view.id}`);
    return view;
  }

  @Get(':id')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getAdminProduct', summary: 'A product with all its variants, prices and images' })
  @ApiOkResponse({ type: AdminProductView, headers: ETAG_HEADER })
  @Throws(InvalidId, ProductNotFound)
  async get(
    @IdParam('product', 'id', WELL_KNOWN.productId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminProductView> {
    return answer(reply, await this.query.get(id));
  }

  @Patch(':id')
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'updateProduct', summary: 'Change a product' })
  @ApiOkResponse({ type: AdminProductView, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch)
  @Throws(ProductNotFound, HandleTaken, OptionMismatch, UnknownCategory)
  async update(
    @IdParam('product', 'id', WELL_KNOWN.productId) id: string,
    @Body() body: UpdateProductRequest,
    @IfMatch('required') version: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminProductView> {
    return answer(reply, await this.edit.update(id, body, version));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'archiveProduct',
    summary: 'Archive a product',
    description: 'It disappears from the shop; orders keep it. `PATCH` with `status: "active"` brings it back.',
  })
  @ApiNoContentResponse({ description: 'Archived' })
  @Throws(InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, ProductNotFound)
  archive(
    @IdParam('product', 'id', WELL_KNOWN.optionProductId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.edit.archive(id, version);
  }
}

function answer(reply: Reply, product: AdminProductRecord): AdminProductView {
  setVersion(reply, product.version);
  return AdminProductView.from(product);
}
