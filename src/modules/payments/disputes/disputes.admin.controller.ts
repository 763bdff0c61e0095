import { Body, Controller, Get, Header, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidId, InvalidParameter, NotFound, UnknownParameter, ValidationFailed } from '#libs/errors';
import {
  IdempotencyRef,
  type IdempotencyReference,
  IdParam,
  Idempotent,
  ListEnvelope,
  type Page,
  Throws,
} from '#libs/http';
import { encodeId } from '#libs/ids';
import { CurrentStaff, Staff, type StaffIdentity } from '../../auth/index.js';
import { OrderOnHold, OrderResponse, OrdersQuery } from '../../orders/index.js';
import { PaymentMethodUnavailable, PaymentRefused, PaymentUnavailable } from '../payments.errors.js';
import { AnswerDispute } from './answer-dispute.service.js';
import { DisputeClosed } from './disputes.errors.js';
import { DisputesQuery } from './disputes.query.js';
import { DisputeEvidenceRequest, DisputeListQuery, ReleaseHoldRequest } from './dto/disputes.request.js';
import { DisputeResponse } from './dto/disputes.response.js';
import { ReleaseHold } from './release-hold.service.js';

const actorOf = (staff: StaffIdentity) => `staff:${encodeId('user', staff.id)}`;

@ApiTags('Disputes')
@Controller('v1/admin/disputes')
export class DisputesAdminController {
  constructor(
    private readonly query: DisputesQuery,
    private readonly answer: AnswerDispute,
  ) {}

  @Get()
  @Staff('payments.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'listDisputes', summary: 'Disputes, newest first' })
  @ListEnvelope(DisputeResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  list(@Query() query: DisputeListQuery): Promise<{ data: DisputeResponse[]; page: Page }> {
    return this.query.list(query);
  }

  @Get(':id')
  @Staff('payments.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'getDispute', summary: 'A dispute: what is to be done, and what it moved' })
  @ApiOkResponse({ type: DisputeResponse })
  @Throws(InvalidId, NotFound)
  get(@IdParam('dispute') id: string): Promise<DisputeResponse> {
    return this.query.get(id);
  }

  @Post(':id/evidence')
  @Staff('payments.write')
  @HttpCode(200)
  @Idempotent()
  @ApiOperation({
    operationId: 'giveDisputeEvidence',
    summary: 'Answer a dispute',
    description: 'Evidence is kept at Stripe, and goes to the bank once `submit` is true; it cannot be changed then.',
  })
  @ApiOkResponse({ type: DisputeResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    DisputeClosed,
    PaymentMethodUnavailable,
    PaymentRefused,
    PaymentUnavailable,
  )
  async evidence(
    @IdParam('dispute') id: string,
    @Body() body: DisputeEvidenceRequest,
    @CurrentStaff() staff: StaffIdentity,
    @IdempotencyRef() reference: IdempotencyReference,
  ): Promise<DisputeResponse> {
    await this.answer.evidence(id, body, actorOf(staff), `${reference.scope}:${reference.key}`);
    return this.query.get(id);
  }

  @Post(':id/accept')
  @Staff('payments.write')
  @HttpCode(200)
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'acceptDispute',
    summary: 'Give a dispute up',
    description: 'The money stays with the cardholder. This cannot be taken back.',
  })
  @ApiOkResponse({ type: DisputeResponse })
  @Throws(InvalidId, NotFound, DisputeClosed, PaymentMethodUnavailable, PaymentRefused, PaymentUnavailable)
  async accept(@IdParam('dispute') id: string, @CurrentStaff() staff: StaffIdentity): Promise<DisputeResponse> {
    await this.answer.accept(id, actorOf(staff));
    return this.query.get(id);
  }
}

@ApiTags('Orders')
@Controller('v1/admin/orders')
export class OrderHoldAdminController {
  constructor(
    private readonly orders: OrdersQuery,
    private readonly release: ReleaseHold,
  ) {}

  @Post(':id/release-hold')
  @Staff('orders.write')
  @HttpCode(200)
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'releaseOrderHold',
    summary: 'Let an order be shipped that was held back',
    description: 'After an early fraud warning. A disputed order stays unshippable until the dispute is won.',
  })
  @ApiOkResponse({ type: OrderResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, OrderOnHold)
  async releaseHold(
    @IdParam('order') id: string,
    @Body() body: ReleaseHoldRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<OrderResponse> {
    await this.release.execute(id, actorOf(staff), body.note);
    return (await this.orders.forStaff(id)).body;
  }
}
