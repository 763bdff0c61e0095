import { Body, Controller, Get, Header, HttpCode, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
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
import { CurrentStaff, Staff, type StaffIdentity } from '../auth/index.js';
import { CreditTooSmall, GiftCardSpent } from '../credits/index.js';
import { OutOfStock } from '../inventory/index.js';
import { OrderNotCancelable, OrderResponse, OrdersQuery } from '../orders/index.js';
import { ApplyReceipt } from './apply-receipt.service.js';
import { CancelOrder } from './cancel-order.service.js';
import { CaptureOrder } from './capture-order.service.js';
import {
  CancelOrderRequest,
  CaptureRequest,
  PaymentListQuery,
  RefundRequest,
  ReviewDecisionRequest,
  WebhookReceiptListQuery,
} from './dto/payments.request.js';
import {
  CaptureResponse,
  PaymentDetailResponse,
  PaymentResponse,
  RefundResponse,
  WebhookReceiptResponse,
} from './dto/payments.response.js';
import { PaymentDisputed } from './disputes/disputes.errors.js';
import { MarkPaid } from './mark-paid.service.js';
import {
  AmountNotChargeable,
  CaptureNotPossible,
  CaptureTooLarge,
  NothingToRefund,
  OrderNotPayable,
  PaymentMethodUnavailable,
  PaymentNotManual,
  PaymentNotUnderReview,
  PaymentRefused,
  PaymentUnavailable,
  RefundTooLarge,
} from './payments.errors.js';
import { PaymentsQuery } from './payments.query.js';
import { RefundOrder } from './refund-order.service.js';
import { ResolveReview } from './resolve-review.service.js';
import { SyncPaymentById } from './sync-payment-by-id.service.js';

const actorOf = (staff: StaffIdentity) => `staff:${encodeId('user', staff.id)}`;

@ApiTags('Orders')
@Controller('v1/admin/orders')
export class OrderMoneyAdminController {
  constructor(
    private readonly orders: OrdersQuery,
    private readonly query: PaymentsQuery,
    private readonly cancelOrder: CancelOrder,
    private readonly markPaid: MarkPaid,
    private readonly captureOrder: CaptureOrder,
    private readonly refundOrder: RefundOrder,
  ) {}

  @Post(':id/cancel')
  @Staff('orders.write')
  @HttpCode(200)
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'cancelOrderAsStaff',
    summary: 'Cancel an order',
    description: 'Its stock goes back on the shelf, and its money to the customer.',
  })
  @ApiOkResponse({ type: OrderResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    OrderNotCancelable,
    PaymentDisputed,
    PaymentMethodUnavailable,
    PaymentRefused,
    PaymentUnavailable,
  )
  async cancel(
    @IdParam('order') id: string,
    @Body() body: CancelOrderRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<OrderResponse> {
    await this.orders.forStaff(id);
    await this.cancelOrder.execute(id, { reason: 'staff', actor: actorOf(staff), note: body.reason });
    return (await this.orders.forStaff(id)).body;
  }

  @Post(':id/payments/:paymentId/mark-paid')
  @Staff('payments.write')
  @HttpCode(200)
  @Idempotent('optional')
  @ApiOperation({ operationId: 'markPaymentPaid', summary: 'The money of an invoice or the cash is there' })
  @ApiOkResponse({ type: OrderResponse })
  @Throws(InvalidId, NotFound, PaymentNotManual, OrderNotPayable)
  async paid(
    @IdParam('order') id: string,
    @IdParam('payment', 'paymentId') paymentId: string,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<OrderResponse> {
    await this.markPaid.execute(id, paymentId, actorOf(staff));
    return (await this.orders.forStaff(id)).body;
  }

  @Post(':id/captures')
  @Staff('payments.write')
  @Idempotent()
  @ApiOperation({
    operationId: 'captureOrder',
    summary: 'Take the money that the bank holds',
    description:
      'All of it, an amount, or what `lines` cost with shipping. A hold is captured once: the rest is released, and what `lines` leave out goes back on the shelf.',
  })
  @ApiCreatedResponse({ type: CaptureResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    CaptureNotPossible,
    CaptureTooLarge,
    AmountNotChargeable,
    PaymentMethodUnavailable,
    PaymentRefused,
    PaymentUnavailable,
  )
  async capture(
    @IdParam('order') id: string,
    @Body() body: CaptureRequest,
    @CurrentStaff() staff: StaffIdentity,
    @IdempotencyRef() reference: IdempotencyReference,
  ): Promise<CaptureResponse> {
    const captureId = await this.captureOrder.execute(id, body, actorOf(staff), `${reference.scope}:${reference.key}`);
    return this.query.capture(captureId);
  }

  @Post(':id/refunds')
  @Staff('orders.refund')
  @Idempotent()
  @ApiOperation({
    operationId: 'refundOrder',
    summary: 'Send money back',
    description:
      'An amount, what lines cost, or everything that is left: to the payment as far as it took money, the rest at once to the gift cards and the store credit that it came from. Gift cards that the order bought give back what is left on them, and are disabled. A refund that the bank has not confirmed yet is `pending`.',
  })
  @ApiCreatedResponse({ type: RefundResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    NothingToRefund,
    RefundTooLarge,
    GiftCardSpent,
    PaymentDisputed,
    PaymentMethodUnavailable,
    PaymentRefused,
    PaymentUnavailable,
  )
  async refund(
    @IdParam('order') id: string,
    @Body() body: RefundRequest,
    @CurrentStaff() staff: StaffIdentity,
    @IdempotencyRef() reference: IdempotencyReference,
  ): Promise<RefundResponse> {
    const refundId = await this.refundOrder.execute(id, body, actorOf(staff), `${reference.scope}:${reference.key}`);
    return this.query.refund(refundId);
  }
}

@ApiTags('Payments')
@Controller('v1/admin')
export class PaymentsAdminController {
  constructor(
    private readonly query: PaymentsQuery,
    private readonly syncPayment: SyncPaymentById,
    private readonly resolveReview: ResolveReview,
    private readonly applyReceipt: ApplyReceipt,
  ) {}

  @Get('payments')
  @Staff('payments.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'listPayments', summary: 'Payments, newest first' })
  @ListEnvelope(PaymentResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  list(@Query() query: PaymentListQuery): Promise<{ data: PaymentResponse[]; page: Page }> {
    return this.query.list(query);
  }

  @Get('payments/:id')
  @Staff('payments.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'getPayment', summary: 'A payment with its tries, captures and refunds' })
  @ApiOkResponse({ type: PaymentDetailResponse })
  @Throws(InvalidId, NotFound)
  get(@IdParam('payment') id: string): Promise<PaymentDetailResponse> {
    return this.query.get(id);
  }

  @Post('payments/:id/sync')
  @Staff('payments.write')
  @HttpCode(200)
  @ApiOperation({ operationId: 'syncPayment', summary: 'Read the truth about a payment from Stripe and apply it' })
  @ApiOkResponse({ type: PaymentDetailResponse })
  @Throws(InvalidId, NotFound, PaymentMethodUnavailable, PaymentRefused, PaymentUnavailable)
  async sync(@IdParam('payment') id: string): Promise<PaymentDetailResponse> {
    await this.syncPayment.execute(id);
    return this.query.get(id);
  }

  @Post('payments/:id/accept')
  @Staff('payments.write')
  @HttpCode(200)
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'acceptPayment',
    summary: 'Be content with money that does not fit its order',
    description:
      'For an order in `payment_review`: it is confirmed and counts as paid with what came, be it less or more than its total.',
  })
  @ApiOkResponse({ type: PaymentDetailResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    PaymentNotUnderReview,
    OutOfStock,
    CreditTooSmall,
    PaymentMethodUnavailable,
    PaymentRefused,
    PaymentUnavailable,
  )
  async accept(
    @IdParam('payment') id: string,
    @Body() body: ReviewDecisionRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<PaymentDetailResponse> {
    await this.resolveReview.accept(id, { actor: actorOf(staff), note: body.note });
    return this.query.get(id);
  }

  @Post('payments/:id/reject')
  @Staff('orders.refund')
  @HttpCode(200)
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'rejectPayment',
    summary: 'Send money back that does not fit its order',
    description:
      'For an order in `payment_review`: all that came is refunded, or its hold let go, and the order is canceled.',
  })
  @ApiOkResponse({ type: PaymentDetailResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    PaymentNotUnderReview,
    OrderNotCancelable,
    PaymentDisputed,
    PaymentMethodUnavailable,
    PaymentRefused,
    PaymentUnavailable,
  )
  async reject(
    @IdParam('payment') id: string,
    @Body() body: ReviewDecisionRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<PaymentDetailResponse> {
    await this.resolveReview.reject(id, { actor: actorOf(staff), note: body.note });
    return this.query.get(id);
  }

  @Get('webhook-receipts')
  @Staff('payments.read')
  @ApiOperation({ operationId: 'listWebhookReceipts', summary: 'Events of Stripe that reached us, newest first' })
  @ListEnvelope(WebhookReceiptResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  receipts(@Query() query: WebhookReceiptListQuery): Promise<{ data: WebhookReceiptResponse[]; page: Page }> {
    return this.query.receipts(query);
  }

  @Post('webhook-receipts/:id/replay')
  @Staff('payments.write')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'replayWebhookReceipt',
    summary: 'Work on an event once more',
    description: 'Harmless: the state is read from Stripe.',
  })
  @ApiOkResponse({ type: WebhookReceiptResponse })
  @Throws(InvalidId, NotFound, PaymentMethodUnavailable, PaymentRefused, PaymentUnavailable)
  async replay(@IdParam('webhook') id: string): Promise<WebhookReceiptResponse> {
    await this.applyReceipt.execute(id);
    return this.query.receipt(id);
  }
}
