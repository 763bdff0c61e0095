import { defineError } from '#libs/errors';

export const OrderNotCancelable = defineError({
  code: 'order_not_cancelable',
  kind: 'conflict',
  title: 'This order can no longer be canceled',
  help: 'An order is canceled while nothing of it is shipped. After that, goods are returned and money is refunded.',
});
export const OrderNotFulfillable = defineError({
  code: 'order_not_fulfillable',
  kind: 'conflict',
  title: 'This order cannot be shipped now',
  help: 'Only confirmed orders are shipped: not unpaid, canceled or reviewed ones.',
});
export const QuantityNotShippable = defineError({
  code: 'quantity_not_shippable',
  kind: 'unprocessable',
  title: 'More than what is left to ship',
  help: 'Each member of `errors` names a line with how many of it are left.',
});
export const GoodsPromisedBack = defineError({
  code: 'goods_promised_back',
  kind: 'conflict',
  title: 'These goods are about to go back on the shelf',
  help: '`reasons`: a `capture` that is under way leaves them out of the order, or a `refund` that is under way puts them back on the shelf. The others are shipped, and these too should it fail.',
});
export const OrderOnHold = defineError({
  code: 'order_on_hold',
  kind: 'conflict',
  title: 'This order is held back',
  help: '`reasons`: a `disputed` order is shipped once the dispute is won; a `fraud_warning` is released by staff who have looked at it; one that is `canceling` goes on by itself within minutes, or is released once it has been so for a minute.',
});

const HOLDS: Readonly<Record<string, string>> = {
  disputed: 'It is disputed: it can be shipped once the dispute is won.',
  fraud_warning:
    'The bank or Radar warns of fraud: look at it, then POST /v1/admin/orders/:id/release-hold or cancel the order.',
  canceling:
    'It is being canceled: that goes on by itself within minutes, or POST /v1/admin/orders/:id/release-hold after a minute.',
};

/** Says why an order is held back, and what ends that. */
export const onHold = (reasons: readonly string[]) =>
  OrderOnHold({ detail: reasons.map((reason) => HOLDS[reason] ?? reason).join(' '), data: { reasons } });
