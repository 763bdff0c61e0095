import { defineError } from '#libs/errors';

export const OutOfStock = defineError({
  code: 'out_of_stock',
  kind: 'conflict',
  title: 'Not enough stock',
  help: 'Each member of `errors` names a line; `lines` tells what is still available of it.',
});
export const StockNotTracked = defineError({
  code: 'stock_not_tracked',
  kind: 'conflict',
  title: 'The stock of this variant is not tracked',
  help: 'Switch on `trackInventory` of the variant first.',
});
export const StockPromised = defineError({
  code: 'stock_promised',
  kind: 'conflict',
  title: 'So much is promised to orders already',
  help: 'On-hand stock cannot go below what is reserved. `reserved` tells how much that is.',
});

export const VariantAvailable = defineError({
  code: 'variant_available',
  kind: 'conflict',
  title: 'It can be bought now',
});
