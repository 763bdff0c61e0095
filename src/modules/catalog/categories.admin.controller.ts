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
import { CategoryCycle, CategoryNotEmpty, CategoryNotFound, HandleTaken, UnknownCategory } from './catalog.errors.js';
import { AdminCategoriesQuery } from './categories.admin.query.js';
import {
  AdminCategoryListQuery,
  AdminCategoryView,
  CreateCategoryRequest,
  UpdateCategoryRequest,
} from './dto/category.dto.js';
import { EditCategories } from './edit-categories.service.js';
import { CREATED_HEADERS, ETAG_HEADER, setVersion } from './etag-header.js';

/** The tree in which products are found. */
@ApiTags('Categories')
@Controller('v1/admin/categories')
export class CategoriesAdminController {
  constructor(
    private readonly query: AdminCategoriesQuery,
    private readonly edit: EditCategories,
  ) {}

  @Get()
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'listAdminCategories', summary: 'Categories' })
  @ListEnvelope(AdminCategoryView)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: AdminCategoryListQuery): Promise<{ data: AdminCategoryView[]; page: Page }> {
    const { rows, page } = await this.query.list(query);
    return { data: rows.map((row) => AdminCategoryView.from(row)), page };
  }

  @Post()
  @Staff('catalog.write')
  @Idempotent('optional')
  @ApiOperation({ operationId: 'createCategory', summary: 'Add a category' })
  @ApiCreatedResponse({ type: AdminCategoryView, headers: CREATED_HEADERS })
  @Throws(ValidationFailed, HandleTaken, UnknownCategory)
  async create(
    @Body() body: CreateCategoryRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminCategoryView> {
    const row = await this.edit.create(body);
    const view = AdminCategoryView.from(row);
    setVersion(reply, row.version, `/v1/admin/categories/${view.id}`);
    return view;
  }

  @Get(':id')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getAdminCategory', summary: 'One category' })
  @ApiOkResponse({ type: AdminCategoryView, headers: ETAG_HEADER })
  @Throws(InvalidId, CategoryNotFound)
  async get(
    @IdParam('category', 'id', WELL_KNOWN.categoryId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminCategoryView> {
    const row = await this.query.get(id);
    setVersion(reply, row.version);
    return AdminCategoryView.from(row);
  }

  @Patch(':id')
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'updateCategory', summary: 'Change, rename or move a category' })
  @ApiOkResponse({ type: AdminCategoryView, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch)
  @Throws(CategoryNotFound, HandleTaken, UnknownCategory, CategoryCycle)
  async update(
    @IdParam('category', 'id', WELL_KNOWN.categoryId) id: string,
    @Body() body: UpdateCategoryRequest,
    @IfMatch('required') version: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminCategoryView> {
    const row = await this.edit.update(id, body, version);
    setVersion(reply, row.version);
    return AdminCategoryView.from(row);
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'deleteCategory', summary: 'Delete an empty category' })
  @ApiNoContentResponse({ description: 'Deleted' })
  @Throws(InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, CategoryNotFound, CategoryNotEmpty)
  delete(
    @IdParam('category', 'id', WELL_KNOWN.categoryId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.edit.delete(id, version);
  }
}
