import { createHash } from 'node:crypto';
import { Body, Controller, Get, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, NotFound, ValidationFailed } from '#libs/errors';
import {
  IdempotencyRef,
  type IdempotencyReference,
  IdParam,
  Idempotent,
  ListEnvelope,
  type Request,
  Throws,
} from '#libs/http';
import { CurrentShopper, Public, Shopper, type ShopperIdentity } from '../auth/index.js';
import { OrderNotCancelable, OrderResponse, OrdersQuery } from '../orders/index.js';
import { CancelOrder } from './cancel-order.service.js';
import { CancelOrderRequest, PayOrderRequest } from './dto/payments.request.js';
import { PaymentDisputed } from './disputes/disputes.errors.js';
import { OrderPaymentDetailResponse, ShopperPaymentResponse } from './dto/payments.response.js';
import { PayOrder } from './pay-order.service.js';
import {
  AmountTooLarge,
  AmountTooSmall,
  OrderNotPayable,
  PaymentAttemptsExhausted,
  PaymentMethodUnavailable,
  PaymentRefused,
  PaymentUnavailable,
  SavedCardUnknown,
  WebhookSignatureInvalid,
} from './payments.errors.js';
import { PaymentsQuery } from './payments.query.js';
import { ReceiveWebhook } from './receive-webhook.service.js';
import { StripeGateway } from './stripe/stripe-gateway.js';

/** A name for one try, the same whenever the request is repeated with its key; holds nothing of the shopper. */
export function attemptIdOf(reference: IdempotencyReference): string {
  return createHash('sha256').update(`${reference.scope}\n${reference.key}`).digest('base64url');
}

@ApiTags('Orders')
@Controller('v1')
export class PaymentsController {
  constructor(
    private readonly orders: OrdersQuery,
    private readonly query: PaymentsQuery,
    private readonly pay: PayOrder,
    private readonly cancelOrder: CancelOrder,
    private readonly gateway: StripeGateway,
    private readonly receive: ReceiveWebhook,
  ) {}

  @Post('orders/:id/cancel')
  @Shopper()
  @HttpCode(200)
  @Idempotent('optional')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'cancelOrder',
    summary: 'Cancel an order of which nothing is shipped',
    description: 'What was paid goes back.',
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
    @CurrentShopper() shopper: ShopperIdentity,
    @Body() body: CancelOrderRequest,
  ): Promise<OrderResponse> {
    await this.orders.assertShopper(id, shopper);
    await this.cancelOrder.execute(id, { reason: 'customer', actor: 'customer', note: body.reason });
    return this.orders.forShopper(id, shopper);
  }

  @Get('orders/:id/payments')
  @Shopper()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'listOrderPayments',
    summary: 'The payments of an order, oldest first',
    description: 'One is open at most. To get its client secret again, POST here with an empty body.',
  })
  @ListEnvelope(OrderPaymentDetailResponse, { paged: false, description: 'The payments' })
  @Throws(InvalidId, NotFound)
  async payments(
    @IdParam('order') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
  ): Promise<{ data: OrderPaymentDetailResponse[] }> {
    await this.orders.assertShopper(id, shopper);
    return { data: await this.query.ofOrder(id) };
  }

  @Post('orders/:id/payments')
  @Shopper()
  @Idempotent()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'payOrder',
    summary: 'Pay an unpaid order',
    description:
      'Again after a decline: the same order, one open intent. Without a token the answer holds the client secret; with one the card is charged here.',
  })
  @ApiCreatedResponse({ type: ShopperPaymentResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    OrderNotPayable,
    PaymentAttemptsExhausted,
    AmountTooSmall,
    AmountTooLarge,
    PaymentMethodUnavailable,
    SavedCardUnknown,
    PaymentRefused,
    PaymentUnavailable,
  )
  async payAgain(
    @IdParam('order') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @Body() body: PayOrderRequest,
    @IdempotencyRef() reference: IdempotencyReference,
  ): Promise<ShopperPaymentResponse> {
    await this.orders.assertShopper(id, shopper);
    const started = await this.pay.execute(id, {
      ...body,
      customerId: shopper.customer?.id,
      attemptId: attemptIdOf(reference),
    });
    return ShopperPaymentResponse.from(started, this.gateway, body.returnUrl);
  }

  @Post('orders/:id/payments/sync')
  @Shopper()
  @HttpCode(200)
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'syncOrderPayment',
    summary: 'Read the truth from Stripe',
    description: 'For the return from the browser: whatever the address bar says, this answers the order as it is.',
  })
  @ApiOkResponse({ type: OrderResponse })
  @Throws(InvalidId, NotFound, PaymentMethodUnavailable, PaymentRefused, PaymentUnavailable)
  async sync(@IdParam('order') id: string, @CurrentShopper() shopper: ShopperIdentity): Promise<OrderResponse> {
    await this.orders.assertShopper(id, shopper);
    await this.pay.syncNow(id);
    return this.orders.forShopper(id, shopper);
  }

  @Post('webhooks/stripe')
  @Public()
  @HttpCode(200)
  @ApiTags('Webhooks')
  @ApiOperation({
    operationId: 'receiveStripeEvent',
    summary: 'Takes signed events of Stripe',
    description:
      'Snapshot and thin events, from the same endpoint or from two. 200 means: it is stored; events of others in the same Stripe account are 200 too. A body whose signature does not fit any of the secrets, or is older than five minutes, is 400 and nothing of it is read. Any other answer makes Stripe send it again.',
  })
  @ApiOkResponse({ schema: { type: 'object', properties: { received: { type: 'boolean' } } } })
  @Throws(WebhookSignatureInvalid, ValidationFailed)
  async webhook(@Req() request: Request): Promise<{ received: true }> {
    await this.receive.execute(request.rawBody, request.headers['stripe-signature']);
    return { received: true };
  }
}
