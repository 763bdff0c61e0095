import { defineError } from '#libs/errors';

export const CartCompleted = defineError({
  code: 'cart_completed',
  kind: 'conflict',
  title: 'This cart has become an order',
  help: 'Read the order (`orderId`), or make a new cart with POST /v1/carts.',
});
export const VariantNotFound = defineError({
  code: 'variant_not_for_sale',
  kind: 'unprocessable',
  title: 'There is no such variant for sale',
  help: 'Each member of `errors` names a line whose variant does not exist, is archived, or has no price in the currency of the cart.',
});
export const QuantityTooLarge = defineError({
  code: 'quantity_too_large',
  kind: 'unprocessable',
  title: 'A line holds at most 9999 of a variant',
});
export const NoGiftCard = defineError({
  code: 'no_gift_card',
  kind: 'unprocessable',
  title: 'Only gift cards are sent to somebody else by mail',
});
export const TooManyLines = defineError({
  code: 'too_many_lines',
  kind: 'unprocessable',
  title: 'A cart holds at most 1000 lines',
});
export const ShippingMethodNotFound = defineError({
  code: 'shipping_method_not_found',
  kind: 'unprocessable',
  title: 'There is no such shipping method',
  help: 'GET /v1/carts/:id/shipping-methods lists those that fit the address.',
});
