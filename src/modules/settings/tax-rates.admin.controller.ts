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
  IdParam,
  Idempotent,
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
import { CreateTaxRateRequest, TaxRateResponse, UpdateTaxRateRequest } from './dto/tax-rate.dto.js';
import type { TaxRate } from './entities/index.js';
import { ETAG_HEADER } from './etag-header.js';
import { TaxRateExists } from './settings.errors.js';
import { SettingsQuery } from './settings.query.js';
import { TaxRatesService } from './tax-rates.service.js';

/** What tax is due where. */
@ApiTags('Taxes')
@Controller('v1/admin/tax-rates')
export class TaxRatesAdminController {
  constructor(
    private readonly query: SettingsQuery,
    private readonly rates: TaxRatesService,
  ) {}

  /** All rates. */
  @Get()
  @Staff('settings.read')
  @ApiOperation({ operationId: 'listTaxRates', summary: 'Tax rates' })
  @ListEnvelope(TaxRateResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: TaxRateResponse[]; page: Page }> {
    const { rows, page } = await this.query.taxRates(query);
    return { data: rows.map((row) => TaxRateResponse.from(row)), page };
  }

  /** A new rate. */
  @Post()
  @Staff('settings.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createTaxRate',
    summary: 'Add the tax rate of a country or state',
    description:
      'The rate of a state goes before that of its country. The same request again answers the rate that is there.',
  })
  @ApiCreatedResponse({ type: TaxRateResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, TaxRateExists)
  async create(@Body() body: CreateTaxRateRequest, @Res({ passthrough: true }) reply: Reply): Promise<TaxRateResponse> {
    const rate = await this.rates.create(body);
    reply.header('Location', `/v1/admin/tax-rates/${encodeId('taxRate', rate.id)}`);
    return answer(reply, rate);
  }

  /** One rate. */
  @Get(':id')
  @Staff('settings.read')
  @ApiOperation({ operationId: 'getTaxRate', summary: 'One tax rate' })
  @ApiOkResponse({ type: TaxRateResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('taxRate', 'id', WELL_KNOWN.taxRateId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TaxRateResponse> {
    return answer(reply, await this.query.taxRate(id));
  }

  /** Changes a rate. */
  @Patch(':id')
  @Staff('settings.write')
  @ApiOperation({
    operationId: 'updateTaxRate',
    summary: 'Change a tax rate',
    description: 'Carts are taxed anew at once; orders keep the rate of their day.',
  })
  @ApiBody({
    type: UpdateTaxRateRequest,
    examples: { rate: { summary: '20 percent', value: { ratePpm: 200_000 } } },
  })
  @ApiOkResponse({ type: TaxRateResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, TaxRateExists)
  async update(
    @IdParam('taxRate', 'id', WELL_KNOWN.taxRateId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateTaxRateRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TaxRateResponse> {
    return answer(reply, await this.rates.update(id, body, version));
  }

  /** Deletes a rate. */
  @Delete(':id')
  @HttpCode(204)
  @Staff('settings.write')
  @ApiOperation({ operationId: 'deleteTaxRate', summary: 'Delete a tax rate' })
  @ApiNoContentResponse({ description: 'It is gone' })
  @Throws(InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch)
  delete(
    @IdParam('taxRate', 'id', WELL_KNOWN.taxRateId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.rates.delete(id, version);
  }
}

function answer(reply: Reply, rate: TaxRate): TaxRateResponse {
  reply.header('ETag', etagOf(rate.version));
  return TaxRateResponse.from(rate);
}
