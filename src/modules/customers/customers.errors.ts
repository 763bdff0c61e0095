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
export const CustomerGroupExists = defineError({
  code: 'customer_group_exists',
  kind: 'conflict',
  title: 'There is another customer group of this name',
});
export const CustomerGroupInUse = defineError({
  code: 'customer_group_in_use',
  kind: 'conflict',
  title: 'Something is still made for this customer group',
  help: 'Price lists that name it in `customerGroupId` have to be deleted, or be for somebody else, first.',
});
