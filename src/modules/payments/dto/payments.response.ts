import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import { Money } from '../../pricing/index.js';
import { SINGLE_PAYMENT_STATUSES } from '../payment.state.js';
import type { StartedPayment } from '../start-payment.service.js';
import type { StripeGateway } from '../stripe/stripe-gateway.js';

/** Why the last try to pay failed. */
export class PaymentErrorResponse {
  @ApiProperty({ example: 'card_declined' })
  code: string;
  @ApiProperty({ example: 'Your card was declined.' })
  message: string;
}

/** A payment as the shopper needs it to go on. */
export class ShopperPaymentResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ enum: ['stripe', 'manual'] })
  provider: string;
  @ApiProperty({ enum: SINGLE_PAYMENT_STATUSES })
  status: string;
  @ApiProperty({ required: false, description: 'for Stripe.js; keep it to the shopper' })
  clientSecret?: string;
  @ApiProperty({ required: false })
  publishableKey?: string;
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: "Stripe's next_action, for 3D Secure",
  })
  nextAction?: Record<string, unknown>;
  @ApiProperty({ required: false, type: PaymentErrorResponse })
  error?: PaymentErrorResponse;
  @ApiProperty({ required: false, description: 'a page to pay with test cards; only with the Stripe emulator' })
  testPayUrl?: string;

  static from(started: StartedPayment, gateway: StripeGateway, returnUrl: string | undefined): ShopperPaymentResponse {
    const { payment, clientSecret, nextAction } = started;
    const open = payment.status !== 'succeeded' && payment.status !== 'canceled';
    const testPayUrl = open && clientSecret ? gateway.testPayUrl(clientSecret, returnUrl) : undefined;
    return {
      id: encodeId('payment', payment.id),
      provider: payment.provider,
      status: payment.status,
      ...(clientSecret && open ? { clientSecret } : {}),
      ...(payment.provider === 'stripe' && gateway.publishableKey ? { publishableKey: gateway.publishableKey } : {}),
      ...(nextAction ? { nextAction } : {}),
      ...(payment.error_code && open
        ? { error: { code: payment.error_code, message: payment.error_message ?? 'The payment was declined.' } }
        : {}),
      ...(testPayUrl ? { testPayUrl } : {}),
    };
  }
}

/** A try to pay. */
export class PaymentAttemptResponse {
  @ApiProperty({ type: String, nullable: true, description: "Stripe's charge", example: 'ch_3QK…' })
  providerRef: string | null;
  @ApiProperty({ enum: ['succeeded', 'failed', 'pending'] })
  outcome: string;
  @ApiProperty({ type: String, nullable: true })
  code: string | null;
  @ApiProperty({ type: String, nullable: true })
  declineCode: string | null;
  @ApiProperty({ type: String, nullable: true })
  message: string | null;
  @ApiProperty()
  createdAt: string;
}

/** Money taken from a hold. */
export class CaptureResponse {
  @ApiProperty({ example: 'cap_01j4000000e008000000000001' })
  id: string;
  @ApiProperty()
  orderId: string;
  @ApiProperty()
  paymentId: string;
  @ApiProperty({ enum: ['pending', 'succeeded', 'failed'] })
  status: string;
  @ApiProperty({ type: Money, description: 'zero where credit pays for all that stays: the hold is let go' })
  amount: Money;
  @ApiProperty({ type: String, nullable: true, description: 'why it failed' })
  failure: string | null;
  @ApiProperty()
  createdAt: string;
}

/** A payment as staff see it in lists. */
export class PaymentResponse {
  @ApiProperty()
  id: string;
  @ApiProperty()
  orderId: string;
  @ApiProperty({ enum: ['stripe', 'manual'] })
  provider: string;
  @ApiProperty({ type: String, nullable: true, description: "Stripe's PaymentIntent", example: 'pi_3QK…' })
  providerRef: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: "the payment in Stripe's dashboard; null with the emulator",
  })
  dashboardUrl: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    enum: ['open', 'accepted', 'rejected', null],
    description: 'of money that did not fit its order',
  })
  review: string | null;
  @ApiProperty({ enum: SINGLE_PAYMENT_STATUSES })
  status: string;
  @ApiProperty({ type: Money })
  amount: Money;
  @ApiProperty({ enum: ['automatic', 'manual'], description: 'manual: the money is held until it is captured' })
  captureMethod: string;
  @ApiProperty({ type: Money, description: 'what the bank held for a manual capture' })
  authorized: Money;
  @ApiProperty({ type: String, nullable: true, description: 'when the bank lets go of what it holds' })
  captureBefore: string | null;
  @ApiProperty({ type: Money })
  captured: Money;
  @ApiProperty({ type: Money })
  refunded: Money;
  @ApiProperty({ type: PaymentErrorResponse, nullable: true })
  error: PaymentErrorResponse | null;
  @ApiProperty()
  createdAt: string;
  @ApiProperty()
  updatedAt: string;
}

/** What of a refund went to one place. */
export class RefundPartResponse {
  @ApiProperty({ enum: ['payment', 'gift_card', 'store_credit'] })
  destination: string;
  @ApiProperty({ enum: ['pending', 'succeeded', 'failed'] })
  status: string;
  @ApiProperty({ type: Money })
  amount: Money;
}

/** A refund. */
export class RefundResponse {
  @ApiProperty()
  id: string;
  @ApiProperty()
  orderId: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'null where all of it went to gift cards and store credit',
  })
  paymentId: string | null;
  @ApiProperty({ enum: ['pending', 'succeeded', 'failed'], description: 'of what goes to the payment, if any does' })
  status: string;
  @ApiProperty({ type: Money, description: 'of all parts; in a payment, what goes to it' })
  amount: Money;
  @ApiProperty({
    type: [RefundPartResponse],
    description: 'the payment comes first, as far as it took money; the rest goes where it came from',
  })
  parts: RefundPartResponse[];
  @ApiProperty()
  reason: string;
  @ApiProperty()
  restock: boolean;
  @ApiProperty({ type: String, nullable: true })
  providerRef: string | null;
  @ApiProperty({ type: String, nullable: true })
  failure: string | null;
  @ApiProperty()
  createdAt: string;
}

/** A payment with its tries, captures and refunds. */
export class PaymentDetailResponse extends PaymentResponse {
  @ApiProperty({ type: [PaymentAttemptResponse] })
  attempts: PaymentAttemptResponse[];
  @ApiProperty({ type: [CaptureResponse] })
  captures: CaptureResponse[];
  @ApiProperty({ type: [RefundResponse] })
  refunds: RefundResponse[];
}

/** A payment as the shopper of its order sees it. */
export class OrderPaymentDetailResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ enum: ['stripe', 'manual'] })
  provider: string;
  @ApiProperty({ enum: SINGLE_PAYMENT_STATUSES })
  status: string;
  @ApiProperty({ type: Money })
  amount: Money;
  @ApiProperty({ type: Money, description: 'what the bank held until it was captured' })
  authorized: Money;
  @ApiProperty({ type: String, nullable: true, description: 'when the bank lets go of what it holds' })
  captureBefore: string | null;
  @ApiProperty({ type: Money })
  captured: Money;
  @ApiProperty({ type: Money })
  refunded: Money;
  @ApiProperty({ type: PaymentErrorResponse, nullable: true, description: 'why the last try failed' })
  error: PaymentErrorResponse | null;
  @ApiProperty()
  createdAt: string;
}

/** An event of Stripe that reached us. */
export class WebhookReceiptResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ example: 'evt_1QK…' })
  eventId: string;
  @ApiProperty({ example: 'payment_intent.succeeded' })
  type: string;
  @ApiProperty({ type: String, nullable: true })
  objectRef: string | null;
  @ApiProperty()
  receivedAt: string;
  @ApiProperty({ type: String, nullable: true })
  processedAt: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    enum: ['applied', 'ignored', 'not_ours', 'unknown_payment', 'failed', null],
    description: 'null until it was worked on; `failed`: given up after three days, and staff were told',
  })
  outcome: string | null;
}
