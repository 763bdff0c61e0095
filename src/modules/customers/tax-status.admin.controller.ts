import { Body, Controller, Get, Patch, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IfMatchRequired, InvalidHeader, InvalidId, NotFound, ValidationFailed, VersionMismatch } from '#libs/errors';
import { etagOf, Flag, IdParam, IfMatch, Opt, type Reply, Text, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { Staff } from '../auth/index.js';
import { ETAG_HEADER } from './etag-header.js';
import { TaxStatus, type TaxStatusRow } from './tax-status.service.js';

const VAT = { nullable: true, description: 'of the EU, checked for the form of its country', example: 'DE123456789' };
const EXEMPT = {
  description: 'no tax is added to, and what prices contain is taken off, whatever they buy',
  example: false,
};

/** What is to be changed; what is left out stays. */
export class UpdateTaxStatusRequest {
  @Text(30, Opt(VAT))
  vatNumber?: string | null;
  @Flag(Opt(EXEMPT))
  taxExempt?: boolean;
}

/** Whether a customer owes tax. */
export class TaxStatusResponse {
  @ApiProperty({ example: 'cus_01j4000000e00800000000000a' })
  customerId: string;
  @ApiProperty({ type: String, ...VAT })
  vatNumber: string | null;
  @ApiProperty(EXEMPT)
  taxExempt: boolean;
}

function send(reply: Reply, row: TaxStatusRow): TaxStatusResponse {
  reply.header('ETag', etagOf(row.version));
  return { customerId: encodeId('customer', row.id), vatNumber: row.vatNumber, taxExempt: row.taxExempt };
}

/** Who owes no tax, and whose business owes it itself. */
@ApiTags('Customers')
@Controller('v1/admin/customers/:id/tax-status')
export class TaxStatusAdminController {
  constructor(private readonly status: TaxStatus) {}

  @Get()
  @Staff('customers.read')
  @ApiOperation({ operationId: 'getCustomerTaxStatus', summary: 'Whether a customer owes tax' })
  @ApiOkResponse({ type: TaxStatusResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, NotFound)
  async get(@IdParam('customer') id: string, @Res({ passthrough: true }) reply: Reply): Promise<TaxStatusResponse> {
    return send(reply, await this.status.get(id));
  }

  @Patch()
  @Staff('customers.write')
  @ApiOperation({
    operationId: 'updateCustomerTaxStatus',
    summary: 'Exempt a customer from tax, or note their VAT number',
    description: 'Their carts follow at once; orders stay as they were placed.',
  })
  @ApiBody({ type: UpdateTaxStatusRequest, examples: { exempt: { summary: 'Exempt', value: { taxExempt: true } } } })
  @ApiOkResponse({ type: TaxStatusResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch)
  async update(
    @IdParam('customer') id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateTaxStatusRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TaxStatusResponse> {
    return send(reply, await this.status.update(id, body, version));
  }
}
