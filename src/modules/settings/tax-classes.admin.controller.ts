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
import {
  etagOf,
  Idempotent,
  IdParam,
  IfMatch,
  ListEnvelope,
  ListQuery,
  type Page,
  type Reply,
  Throws,
} from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import { CreateTaxClassRequest, TaxClassResponse, UpdateTaxClassRequest } from './dto/tax-class.dto.js';
import type { TaxClass } from './entities/index.js';
import { ETAG_HEADER } from './etag-header.js';
import { TaxClassExists, TaxClassInUse } from './settings.errors.js';
import { SettingsQuery } from './settings.query.js';
import { TaxClasses } from './tax-classes.service.js';

/** Goods with a tax rate of their own. */
@ApiTags('Taxes')
@Controller('v1/admin/tax-classes')
export class TaxClassesAdminController {
  constructor(
    private readonly query: SettingsQuery,
    private readonly classes: TaxClasses,
  ) {}

  @Get()
  @Staff('settings.read')
  @ApiOperation({ operationId: 'listTaxClasses', summary: 'Kinds of goods with tax rates of their own' })
  @ListEnvelope(TaxClassResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: TaxClassResponse[]; page: Page }> {
    const { rows, page } = await this.query.taxClasses(query);
    return { data: rows.map((row) => TaxClassResponse.from(row)), page };
  }

  @Post()
  @Staff('settings.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createTaxClass',
    summary: 'Add a kind of goods with tax rates of its own',
    description:
      'Tax rates name it in `taxClassId`, and so do variants. Where a class has no rate for a place, the standard rate holds. ' +
      'The same request again answers the class that is there.',
  })
  @ApiCreatedResponse({ type: TaxClassResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, TaxClassExists)
  async create(
    @Body() body: CreateTaxClassRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TaxClassResponse> {
    const taxClass = await this.classes.create(body);
    reply.header('Location', `/v1/admin/tax-classes/${encodeId('taxClass', taxClass.id)}`);
    return answer(reply, taxClass);
  }

  @Get(':id')
  @Staff('settings.read')
  @ApiOperation({ operationId: 'getTaxClass', summary: 'One tax class' })
  @ApiOkResponse({ type: TaxClassResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('taxClass', 'id', WELL_KNOWN.taxClassId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TaxClassResponse> {
    return answer(reply, await this.query.taxClass(id));
  }

  @Patch(':id')
  @Staff('settings.write')
  @ApiOperation({ operationId: 'updateTaxClass', summary: 'Rename a tax class' })
  @ApiBody({
    type: UpdateTaxClassRequest,
    examples: { name: { summary: 'Rename it', value: { name: 'Reduced rate' } } },
  })
  @ApiOkResponse({ type: TaxClassResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, TaxClassExists)
  async update(
    @IdParam('taxClass', 'id', WELL_KNOWN.taxClassId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateTaxClassRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TaxClassResponse> {
    return answer(reply, await this.classes.update(id, body, version));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('settings.write')
  @ApiOperation({
    operationId: 'deleteTaxClass',
    summary: 'Delete a tax class that nothing uses',
    description: 'Its rates and its variants have to go first.',
  })
  @ApiNoContentResponse({ description: 'It is gone' })
  @Throws(InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, TaxClassInUse)
  delete(
    @IdParam('taxClass', 'id', WELL_KNOWN.taxClassId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.classes.delete(id, version);
  }
}

function answer(reply: Reply, taxClass: TaxClass): TaxClassResponse {
  reply.header('ETag', etagOf(taxClass.version));
  return TaxClassResponse.from(taxClass);
}
