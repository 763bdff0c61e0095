import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidParameter, UnknownParameter } from '#libs/errors';
import { ListEnvelope, type Page, Throws } from '#libs/http';
import { Staff } from '../auth/index.js';
import { LedgerEntryListQuery } from './dto/ledger.request.js';
import { LedgerBalancesResponse, LedgerEntryResponse } from './dto/ledger.response.js';
import { LedgerQuery } from './ledger.query.js';

@ApiTags('Ledger')
@Controller('v1/admin/ledger')
export class LedgerAdminController {
  constructor(private readonly query: LedgerQuery) {}

  @Get('entries')
  @Staff('payments.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'listLedgerEntries',
    summary: 'Entries of the ledger, newest first',
    description:
      'Every capture, refund, fee and dispute is a transaction of entries that sum to zero. Entries are never changed.',
  })
  @ListEnvelope(LedgerEntryResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  entries(@Query() query: LedgerEntryListQuery): Promise<{ data: LedgerEntryResponse[]; page: Page }> {
    return this.query.entries(query);
  }

  @Get('balances')
  @Staff('payments.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'getLedgerBalances', summary: 'What each account holds, by currency' })
  @ApiOkResponse({ type: LedgerBalancesResponse })
  async balances(): Promise<LedgerBalancesResponse> {
    return { data: await this.query.balances() };
  }
}
