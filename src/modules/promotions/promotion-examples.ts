import { WELL_KNOWN } from '../../db/seed/well-known.js';

/** Bodies that can be sent to a demo shop as they are. */
export const CREATE_EXAMPLES = {
  percent: {
    summary: '10 % off coffee, by itself',
    value: {
      name: 'Ten percent off coffee',
      method: 'automatic',
      combinesWith: ['order', 'shipping'],
      action: { type: 'percent_off_lines', ratePpm: 100_000, items: { categoryIds: [WELL_KNOWN.categoryId] } },
    },
  },
  code: {
    summary: '5.00 off from 50.00 on, once for each customer, by a code',
    value: {
      name: 'Five off',
      method: 'code',
      conditions: { minSubtotal: [{ amount: 5000, currency: 'USD' }] },
      action: { type: 'amount_off_order', amounts: [{ amount: 500, currency: 'USD' }] },
      maxUsesPerCustomer: 1,
    },
  },
  buyTwo: {
    summary: 'Buy two, get one for half',
    value: {
      name: 'The third for half',
      method: 'automatic',
      exclusive: true,
      action: {
        type: 'buy_x_get_y',
        buyQuantity: 2,
        getQuantity: 1,
        ratePpm: 500_000,
        items: { excludeSaleItems: true },
      },
    },
  },
  tiered: {
    summary: '5 % from 5 pieces, 10 % from 10',
    value: {
      name: 'The more the less',
      method: 'automatic',
      action: {
        type: 'tiered',
        tiers: [
          { fromQuantity: 5, ratePpm: 50_000 },
          { fromQuantity: 10, ratePpm: 100_000 },
        ],
      },
    },
  },
};

/** Changes that fit every promotion. */
export const UPDATE_EXAMPLES = {
  period: { summary: 'Until the end of the year', value: { endsAt: '2099-12-31T23:59:59Z' } },
};
