import { defineEvent } from '#libs/outbox';

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
