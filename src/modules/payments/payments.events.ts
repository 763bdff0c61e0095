import { defineEvent } from '#libs/outbox';

const example = { orderId: 'ord_01j4000000e008000000000001', paymentId: 'pay_01j4000000e008000000000002' };

export const PaymentAuthorized = defineEvent({
  topic: 'payment.authorized',
  version: 1,
  description:
    'The bank holds the money of an order until `captureBefore`; it has to be captured. Once for each payment.',
  example: { ...example, amount: 4599, currency: 'USD', captureBefore: '2026-12-01T12:00:00.000Z' },
});
export const PaymentCaptured = defineEvent({
  topic: 'payment.captured',
  version: 1,
  description:
    'Held money was taken, all of it or a part (`amount` of `authorized`); the rest of the hold is released.',
  example: {
    ...example,
    captureId: 'cap_01j4000000e008000000000003',
    amount: 1000,
    authorized: 4599,
    currency: 'USD',
  },
});
export const HoldExpiring = defineEvent({
  topic: 'payment.hold_expiring',
  version: 1,
  description: 'The bank lets go of held money within a day, unless it is captured. Once for each payment.',
  example: { ...example, number: 1001, amount: 4599, currency: 'USD', captureBefore: '2026-12-01T12:00:00.000Z' },
});
export const HoldLost = defineEvent({
  topic: 'payment.hold_lost',
  version: 1,
  description:
    'The bank let go of the money of an order of which something is shipped already. Somebody has to look at it.',
  example: { ...example, number: 1001, amount: 4599, currency: 'USD' },
});

export const PaymentRefunded = defineEvent({
  topic: 'payment.refunded',
  version: 1,
  description: 'Money of an order went back to the customer. Once for each refund that succeeded.',
  example: {
    orderId: 'ord_01j4000000e008000000000001',
    refundId: '01920000-0000-7000-8000-0000000000c1',
    amount: 500,
    currency: 'USD',
  },
});
export const RefundFailed = defineEvent({
  topic: 'payment.refund_failed',
  version: 1,
  description: 'A refund did not reach the customer; the money is back with the shop. Somebody has to look at it.',
  example: {
    orderId: 'ord_01j4000000e008000000000001',
    refundId: '01920000-0000-7000-8000-0000000000c1',
    amount: 500,
    currency: 'USD',
  },
});
