import { defineError } from '#libs/errors';

export const OpenOrders = defineError({
  code: 'open_orders',
  kind: 'conflict',
  title: 'There are orders under way',
  help: 'An account is deleted when its orders are completed or canceled: until then they need an address. `orderIds` names them.',
});
export const TooManyAddresses = defineError({
  code: 'too_many_addresses',
  kind: 'unprocessable',
  title: 'An account holds at most 50 addresses',
});

export const WishlistFull = defineError({
  code: 'wishlist_full',
  kind: 'unprocessable',
  title: 'A wishlist takes 500 variants at most',
});
