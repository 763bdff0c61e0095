import { type AppError, defineError } from '#libs/errors';

export const PaymentMethodUnavailable = defineError({
  code: 'payment_method_unavailable',
  kind: 'unprocessable',
  title: 'This payment method is not offered',
  help: 'The shop decides which of stripe and manual it takes.',
});
export const PaymentUnavailable = defineError({
  code: 'payment_unavailable',
  kind: 'unavailable',
  title: 'The payment provider is out of reach',
  help: 'The order (`orderId`) and its stock are kept: repeat the request with the same Idempotency-Key, or POST /v1/orders/:id/payments.',
});
export const PaymentRefused = defineError({
  code: 'payment_refused',
  kind: 'unprocessable',
  title: 'The payment provider does not accept this',
  help: '`detail` says what the provider objects to.',
});
export const SavedCardUnknown = defineError({
  code: 'saved_card_unknown',
  kind: 'unprocessable',
  title: 'The customer has no such card',
  help: 'GET /v1/me/payment-methods lists those that can be paid with; the member of `errors` names the field.',
});
export const AmountTooSmall = defineError({
  code: 'amount_too_small',
  kind: 'unprocessable',
  title: 'The total is below what can be charged',
  help: '`minimum` is the smallest amount that the payment provider takes in this currency, in minor units.',
});
export const AmountTooLarge = defineError({
  code: 'amount_too_large',
  kind: 'unprocessable',
  title: 'The total is above what can be charged',
});
/** Whether Stripe said that it does not take this at all, so that asking again does not help. */
export const wasRefused = (error: unknown): error is AppError =>
  PaymentRefused.is(error) || AmountTooSmall.is(error) || AmountTooLarge.is(error);

export const AmountNotChargeable = defineError({
  code: 'amount_not_chargeable',
  kind: 'unprocessable',
  title: 'The total cannot be charged to the last digit',
  help: 'Cards are charged in multiples of `step` minor units in this currency; prices, shipping and tax have to add up to one.',
});
export const OrderNotPayable = defineError({
  code: 'order_not_payable',
  kind: 'conflict',
  title: 'There is nothing to pay on this order',
  help: '`orderStatus` and `paymentStatus` tell where the order stands.',
});
export const CaptureNotPossible = defineError({
  code: 'capture_not_possible',
  kind: 'conflict',
  title: 'There is no held money to capture',
  help: 'Only an `authorized` payment of a confirmed order is captured, and only once. `orderStatus` and `paymentStatus` tell where the order stands.',
});
export const CaptureTooLarge = defineError({
  code: 'capture_too_large',
  kind: 'unprocessable',
  title: 'More than the bank holds',
  help: '`capturable` is what is held, in minor units.',
});
export const PaymentNotUnderReview = defineError({
  code: 'payment_not_under_review',
  kind: 'conflict',
  title: 'There is nothing to decide about this payment',
  help: 'Only a payment that does not fit its order (`payment_review`) is accepted or rejected, and once.',
});
export const PaymentAttemptsExhausted = defineError({
  code: 'payment_attempts_exhausted',
  kind: 'conflict',
  title: 'Too many tries to pay this order',
  help: 'The order takes no more cards and is canceled. Order again, or ask the shop.',
});
export const NothingToRefund = defineError({
  code: 'nothing_to_refund',
  kind: 'conflict',
  title: 'Nothing was captured that could be refunded',
});
export const RefundTooLarge = defineError({
  code: 'refund_too_large',
  kind: 'unprocessable',
  title: 'More than what is left to refund',
  help: '`refundable` is what is left, in minor units; refunds under way count as refunded. `ofDeletedAccount` is what store credit paid whose account is deleted since: nobody would have it there, so it is given as a gift card (POST /v1/admin/gift-cards).',
});
export const PaymentNotManual = defineError({
  code: 'payment_not_manual',
  kind: 'conflict',
  title: 'Only a manual payment is marked as paid by hand',
});
export const WebhookSignatureInvalid = defineError({
  code: 'webhook_signature_invalid',
  kind: 'invalid',
  title: 'The signature does not fit the body',
});
