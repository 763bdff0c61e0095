import { defineEvent } from '#libs/outbox';

const example = { orderId: 'ord_01j4000000e008000000000001', number: 1001 };

export const OrderPlaced = defineEvent({
  topic: 'order.placed',
  version: 1,
  description: 'An order became confirmed: it is to be fulfilled. Once for each order.',
  example,
});
export const OrderPaid = defineEvent({
  topic: 'order.paid',
  version: 1,
  description: 'An order is fully paid. Once for each order.',
  example: { ...example, total: 4599, currency: 'USD' },
});
export const OrderCanceled = defineEvent({
  topic: 'order.canceled',
  version: 1,
  description:
    'An order was canceled; its stock is given back. `reason` is customer, staff, expired, payment_canceled, too_many_attempts, hold_expired or late_payment.',
  example: { ...example, reason: 'expired' },
});
export const OrderFulfilled = defineEvent({
  topic: 'order.fulfilled',
  version: 1,
  description: 'Goods of an order were handed to a carrier. Once for each fulfillment.',
  example: { ...example, fulfillmentId: '01920000-0000-7000-8000-0000000000f1' },
});
export const OrderReleased = defineEvent({
  topic: 'order.released',
  version: 1,
  description: 'A paid order that was held back, or disputed, is free: nothing speaks against handing its goods over.',
  example,
});
export const OrderLookedUp = defineEvent({
  topic: 'order.looked_up',
  version: 1,
  description: 'A guest looks for an order, or says so. The mail goes out only where there is such an order.',
  example: { linkId: '01920000-0000-7000-8000-0000000000c1' },
});
export const OrderUnderReview = defineEvent({
  topic: 'order.payment_review',
  version: 1,
  description: 'The money that came does not fit the order: somebody has to look at it.',
  example: { ...example, expected: 4599, received: 100 },
});
