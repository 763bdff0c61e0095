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
import { CreateMarketRequest, MarketResponse, UpdateMarketRequest } from './dto/market.dto.js';
import type { Market } from './entities/index.js';
import { ETAG_HEADER } from './etag-header.js';
import { MarketInUse, MarketsOverlap } from './settings.errors.js';
import { SettingsQuery } from './settings.query.js';
import { Markets } from './markets.service.js';

/** Where the shop sells in another currency, or shows prices otherwise. */
@ApiTags('Markets')
@Controller('v1/admin/markets')
export class MarketsAdminController {
  constructor(
    private readonly query: SettingsQuery,
    private readonly markets: Markets,
  ) {}

  @Get()
  @Staff('settings.read')
  @ApiOperation({ operationId: 'listAdminMarkets', summary: 'Markets' })
  @ListEnvelope(MarketResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: MarketResponse[]; page: Page }> {
    const { rows, page } = await this.query.markets(query);
    return { data: rows.map((row) => MarketResponse.from(row)), page };
  }

  @Post()
  @Staff('settings.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createMarket',
    summary: 'Add a market',
    description:
      'Countries with a currency of their own, or where prices contain the tax. Everywhere else the settings of the shop hold. ' +
      'A country is in one market. Variants need a price in its currency to be sold there. ' +
      'The same request again answers the market that is there.',
  })
  @ApiCreatedResponse({ type: MarketResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, MarketsOverlap)
  async create(@Body() body: CreateMarketRequest, @Res({ passthrough: true }) reply: Reply): Promise<MarketResponse> {
    const market = await this.markets.create(body);
    reply.header('Location', `/v1/admin/markets/${encodeId('market', market.id)}`);
    return answer(reply, market);
  }

  @Get(':id')
  @Staff('settings.read')
  @ApiOperation({ operationId: 'getMarket', summary: 'One market' })
  @ApiOkResponse({ type: MarketResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('market', 'id', WELL_KNOWN.marketId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<MarketResponse> {
    return answer(reply, await this.query.market(id));
  }

  @Patch(':id')
  @Staff('settings.write')
  @ApiOperation({ operationId: 'updateMarket', summary: 'Change a market' })
  @ApiBody({
    type: UpdateMarketRequest,
    examples: { tax: { summary: 'Prices that contain the tax', value: { pricesIncludeTax: true } } },
  })
  @ApiOkResponse({ type: MarketResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, MarketsOverlap)
  async update(
    @IdParam('market', 'id', WELL_KNOWN.marketId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateMarketRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<MarketResponse> {
    return answer(reply, await this.markets.update(id, body, version));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('settings.write')
  @ApiOperation({
    operationId: 'deleteMarket',
    summary: 'Delete a market',
    description: 'Its carts keep their prices; its countries see those of the shop.',
  })
  @ApiNoContentResponse({ description: 'It is gone' })
  @Throws(InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, MarketInUse)
  delete(
    @IdParam('market', 'id', WELL_KNOWN.marketId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.markets.delete(id, version);
  }
}

function answer(reply: Reply, market: Market): MarketResponse {
  reply.header('ETag', etagOf(market.version));
  return MarketResponse.from(market);
}
