import { defineError } from '#libs/errors';

export const CartChanged = defineError({
  code: 'cart_changed',
  kind: 'conflict',
  title: 'The total is not the one that was agreed to',
  help: 'Show the shopper the cart as it is now (`total`), and check out again with the new total.',
});
export const CartIncomplete = defineError({
  code: 'cart_incomplete',
  kind: 'unprocessable',
  title: 'The cart cannot be ordered as it is',
  help: 'Each member of `errors` is a blocking issue of the cart.',
});
