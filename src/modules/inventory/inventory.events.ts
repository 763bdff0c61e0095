import { defineEvent } from '#libs/outbox';

export const LowStockReached = defineEvent({
  topic: 'inventory.low_stock',
  version: 1,
  description: 'The available stock of a variant fell to the low-stock threshold or below. Once for each crossing.',
  example: {
    variantId: '01920000-0000-7000-8000-00000000000a',
    locationId: '01920000-0000-7000-8000-000000000001',
    available: 5,
  },
});

export const BackInStock = defineEvent({
  topic: 'inventory.back_in_stock',
  version: 1,
  description: 'A variant that was sold out can be bought again. Once for each crossing.',
  example: {
    variantId: '01920000-0000-7000-8000-00000000000a',
    locationId: '01920000-0000-7000-8000-000000000001',
    available: 12,
  },
});
