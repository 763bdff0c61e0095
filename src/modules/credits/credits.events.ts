import { defineEvent } from '#libs/outbox';

export const GiftCardsIssued = defineEvent({
  topic: 'order.gift_cards_issued',
  version: 1,
  description:
    'The gift cards that an order bought are made: one for each piece, once. Their codes are in no event; the buyer gets them by mail.',
  example: { orderId: 'ord_01j4000000e008000000000001', number: 1001 },
});
