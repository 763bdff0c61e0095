import { defineEvent } from '#libs/outbox';

const example = {
  orderId: 'ord_01j4000000e008000000000001',
  disputeId: '01920000-0000-7000-8000-0000000000d1',
};

export const DisputeOpened = defineEvent({
  topic: 'dispute.opened',
  version: 1,
  description:
    'A cardholder disputes a payment, or asks about it (`status` begins with warning_). Somebody has to answer until `evidenceDueAt`.',
  example: {
    ...example,
    status: 'needs_response',
    reason: 'fraudulent',
    amount: 4599,
    currency: 'USD',
    evidenceDueAt: '2026-12-01T12:00:00.000Z',
  },
});
export const DisputeClosedEvent = defineEvent({
  topic: 'dispute.closed',
  version: 1,
  description: 'A dispute has ended: `won`, `lost`, `warning_closed` or `prevented`.',
  example: { ...example, status: 'won', amount: 4599, currency: 'USD' },
});
export const OrderFraudWarning = defineEvent({
  topic: 'order.fraud_warning',
  version: 1,
  description:
    "The card's bank warns that the payment of an order looks like fraud. Orders that are not shipped, or whose gift cards are not spent, are held until staff release them.",
  example: {
    orderId: 'ord_01j4000000e008000000000001',
    number: 1001,
    fraudType: 'unauthorized_use_of_card',
    isHeld: true,
  },
});
