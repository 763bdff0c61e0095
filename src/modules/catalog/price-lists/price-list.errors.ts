import { defineError } from '#libs/errors';

export const PriceListNotFound = defineError({
  code: 'price_list_not_found',
  kind: 'not_found',
  title: 'There is no such price list',
});
