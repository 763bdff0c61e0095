import { Body, Controller, Get, Header, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidId, InvalidParameter, NotFound, UnknownParameter, ValidationFailed } from '#libs/errors';
import {
  IdempotencyRef,
  type IdempotencyReference,
  IdParam,
  Idempotent,
  ListEnvelope,
  type Page,
  type Reply,
  Throws,
} from '#libs/http';
import { encodeId } from '#libs/ids';
import { CurrentStaff, Staff, type StaffIdentity } from '../../auth/index.js';
import { PaymentMethodUnavailable } from '../payments.errors.js';
import { ReconciliationListQuery, StartReconciliationRequest } from './dto/reconciliation.request.js';
import { ReconciliationReportResponse, ReconciliationResponse } from './dto/reconciliation.response.js';
import { ReconciliationQuery } from './reconciliation.query.js';
import { StartReconciliation } from './start-reconciliation.service.js';

@ApiTags('Reconciliation')
@Controller('v1/admin/reconciliations')
export class ReconciliationAdminController {
  constructor(
    private readonly query: ReconciliationQuery,
    private readonly start: StartReconciliation,
  ) {}

  @Post()
  @Staff('payments.write')
  @HttpCode(202)
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'startReconciliation',
    summary: "Compare our book of money with Stripe's",
    description:
      'Every night the last days are compared by themselves. What is behind here is read from Stripe and applied; the report tells what was found.',
  })
  @ApiAcceptedResponse({
    type: ReconciliationReportResponse,
    description: 'A job compares',
    headers: { Location: { description: 'where the report is', schema: { type: 'string' } } },
  })
  @Throws(ValidationFailed, PaymentMethodUnavailable)
  async create(
    @Body() body: StartReconciliationRequest,
    @CurrentStaff() staff: StaffIdentity,
    @IdempotencyRef() reference: IdempotencyReference | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ReconciliationReportResponse> {
    const key = reference ? `${reference.scope}:${reference.key}` : undefined;
    const id = await this.start.execute(body, `staff:${encodeId('user', staff.id)}`, key);
    reply.header('Location', `/v1/admin/reconciliations/${encodeId('reconciliation', id)}`);
    return this.query.get(id);
  }

  @Get()
  @Staff('payments.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'listReconciliations',
    summary: 'Reconciliations, newest first, without their findings',
  })
  @ListEnvelope(ReconciliationResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  list(@Query() query: ReconciliationListQuery): Promise<{ data: ReconciliationResponse[]; page: Page }> {
    return this.query.list(query);
  }

  @Get(':id')
  @Staff('payments.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'getReconciliation',
    summary: 'The report of a reconciliation, the worst findings first',
  })
  @ApiOkResponse({ type: ReconciliationReportResponse })
  @Throws(InvalidId, NotFound)
  get(@IdParam('reconciliation') id: string): Promise<ReconciliationReportResponse> {
    return this.query.get(id);
  }
}
