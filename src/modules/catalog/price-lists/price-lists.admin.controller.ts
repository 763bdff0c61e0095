import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Query, Res } from '@nestjs/common';
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
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Staff } from '../../auth/index.js';
import type { PriceList } from '../entities/index.js';
import { ETAG_HEADER } from '../etag-header.js';
import { PriceListNotFound } from './price-list.errors.js';
import {
  CreatePriceListRequest,
  PriceListEntryResponse,
  PriceListResponse,
  UpdatePriceListRequest,
  UpsertPriceListEntriesRequest,
  UpsertPriceListEntriesResponse,
} from './price-list.dto.js';
import { PriceListsQuery } from './price-lists.query.js';
import { PriceLists } from './price-lists.service.js';

const LIST = WELL_KNOWN.priceListId;

/** Other prices than the variants' own: sales, prices of a market or a group of customers, cheaper by the dozen. */
@ApiTags('Price lists')
@Controller('v1/admin/price-lists')
export class PriceListsAdminController {
  constructor(
    private readonly query: PriceListsQuery,
    private readonly lists: PriceLists,
  ) {}

  @Get()
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'listPriceLists', summary: 'Price lists' })
  @ListEnvelope(PriceListResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: PriceListResponse[]; page: Page }> {
    const { rows, page } = await this.query.page(query);
    return { data: rows.map((row) => PriceListResponse.from(row)), page };
  }

  @Post()
  @Staff('catalog.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createPriceList',
    summary: 'Begin a price list',
    description:
      'Its prices are written with PUT …/entries. Of all prices that hold for a shopper, the lowest is taken, the variant’s own ' +
      'among them. Prices for everybody show in lists of products, within a minute of their time.',
  })
  @ApiCreatedResponse({ type: PriceListResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed)
  async create(
    @Body() body: CreatePriceListRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PriceListResponse> {
    const list = await this.lists.create(body);
    reply.header('Location', `/v1/admin/price-lists/${encodeId('priceList', list.id)}`);
    return answer(reply, list);
  }

  @Get(':id')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getPriceList', summary: 'One price list' })
  @ApiOkResponse({ type: PriceListResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, PriceListNotFound)
  async get(
    @IdParam('priceList', 'id', LIST) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PriceListResponse> {
    return answer(reply, await this.query.get(id));
  }

  @Patch(':id')
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'updatePriceList',
    summary: 'Change name, time or audience of a price list, or switch it off',
    description: 'Carts are priced anew at once and say so; orders keep their prices.',
  })
  @ApiBody({ type: UpdatePriceListRequest, examples: { name: { summary: 'Rename it', value: { name: 'Last days' } } } })
  @ApiOkResponse({ type: PriceListResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, PriceListNotFound, IfMatchRequired, VersionMismatch)
  async update(
    @IdParam('priceList', 'id', LIST) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdatePriceListRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PriceListResponse> {
    return answer(reply, await this.lists.update(id, body, version));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'deletePriceList', summary: 'Delete a price list with its prices' })
  @ApiNoContentResponse({ description: 'It is gone' })
  @Throws(InvalidId, InvalidHeader, PriceListNotFound, IfMatchRequired, VersionMismatch)
  delete(
    @IdParam('priceList', 'id', LIST) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.lists.delete(id, version);
  }

  @Get(':id/entries')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'listPriceListEntries', summary: 'Prices of a price list' })
  @ListEnvelope(PriceListEntryResponse)
  @Throws(InvalidCursor, InvalidId, InvalidParameter, PriceListNotFound, UnknownParameter)
  async entries(
    @IdParam('priceList', 'id', LIST) id: string,
    @Query() query: ListQuery,
  ): Promise<{ data: PriceListEntryResponse[]; page: Page }> {
    const { list, rows, page } = await this.query.entries(id, query);
    return { data: rows.map((row) => PriceListEntryResponse.from(row, list.currency)), page };
  }

  @Put(':id/entries')
  @HttpCode(200)
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'upsertPriceListEntries',
    summary: 'Write up to 1000 prices of a price list',
    description:
      'Each is new, replaces the one of the same variant and quantity, or takes it out (`amount: null`); the others stay. All or ' +
      'nothing; the same again changes nothing.',
  })
  @ApiOkResponse({ type: UpsertPriceListEntriesResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, PriceListNotFound, IfMatchRequired, VersionMismatch)
  async upsert(
    @IdParam('priceList', 'id', LIST) id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @Body() body: UpsertPriceListEntriesRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<UpsertPriceListEntriesResponse> {
    const { version, ...result } = await this.lists.upsert(id, body.entries, expectedVersion);
    reply.header('ETag', etagOf(version));
    return result;
  }
}

function answer(reply: Reply, list: PriceList): PriceListResponse {
  reply.header('ETag', etagOf(list.version));
  return PriceListResponse.from(list);
}
