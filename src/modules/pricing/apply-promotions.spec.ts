import {
  explainPromotion,
  flatShipping,
  priceCart,
  type PricingInput,
  type PricingLine,
  type PromotionRule,
} from './index.js';

const line = (quantity: number, amount: number, more: Partial<PricingLine> = {}): PricingLine => ({
  quantity,
  offers: [{ amount, priceListId: null, minQuantity: 1 }],
  taxable: true,
  taxClassId: null,
  variantId: 'v',
  productId: 'p',
  categoryIds: [],
  requiresShipping: true,
  weight: 0,
  shippingProfileId: null,
  isGiftCard: false,
  ...more,
});
const cart = (
  lines: readonly PricingLine[],
  promotions: readonly PromotionRule[],
  more: Partial<PricingInput> = {},
): PricingInput => ({
  currency: 'USD',
  taxIncluded: false,
  at: new Date('2026-06-01T12:00:00Z'),
  lines,
  customer: null,
  country: 'US',
  shipping: flatShipping('standard', 500),
  tax: null,
  promotions,
  toldTo: 'staff',
  credits: [],
  ...more,
});
let made = 0;
const rule = (action: PromotionRule['action'], more: Partial<PromotionRule> = {}): PromotionRule => ({
  id: `id${String((made += 1)).padStart(4, '0')}`,
  name: `Promotion ${made}`,
  code: null,
  priority: 100,
  exclusive: false,
  combinesWith: ['product', 'order', 'shipping'],
  startsAt: null,
  endsAt: null,
  conditions: {},
  action,
  ...more,
});
const offLines = (priced: ReturnType<typeof priceCart>) => priced.lines.map((l) => l.discountTotal);
const outcomesOf = (input: PricingInput) => priceCart(input).promotions;
const TEN_PERCENT = { type: 'percent_off_lines', ratePpm: 100_000 } as const;

describe('what is told', () => {
  const more = (name: string, minQuantity: number, over: Partial<PromotionRule> = {}) =>
    rule(TEN_PERCENT, { name, conditions: { minQuantity }, ...over });
  const five = [more('two', 2), more('three', 3), more('four', 4), more('five', 5), more('code', 6, { code: 'SIX' })];
  const told = (toldTo: 'shopper' | 'staff') =>
    priceCart(cart([line(1, 1000)], five, { toldTo })).promotions.map(({ name }) => name);

  it('to shoppers: three promotions that are within reach, and what they have a code of', () => {
    expect(told('shopper')).toEqual(['two', 'three', 'four', 'code']);
  });

  it('to staff: all of them', () => {
    expect(told('staff')).toEqual(['two', 'three', 'four', 'five', 'code']);
  });
});

describe('actions', () => {
  it('takes nothing more for a piece that another promotion made free', () => {
    const free = rule({ type: 'buy_x_get_y', buyQuantity: 1, getQuantity: 1, ratePpm: 1_000_000 });
    const offs = (action: PromotionRule['action'], quantity = 2) =>
      offLines(priceCart(cart([line(quantity, 200)], [free, rule(action)])));
    expect(offs({ type: 'amount_off_each', amounts: { USD: 100 } })).toEqual([200 + 100]);
    expect(offs({ type: 'fixed_price', amounts: { USD: 150 } })).toEqual([200 + 50]);
    // Of three pieces one is free, two are paid: of those the other promotion gives one, too.
    expect(offs({ ...free.action }, 2)).toEqual([200]);
    expect(offs({ ...free.action }, 3)).toEqual([200 + 200]);
  });
  it('counts nothing that another promotion made free, neither as bought nor as got', () => {
    const deal = rule({
      type: 'buy_x_get_y',
      buyQuantity: 2,
      getQuantity: 1,
      ratePpm: 1_000_000,
      buyItems: { productIds: ['a'] },
      items: { productIds: ['b'] },
    });
    const items = { productIds: ['a'] };
    const lines = [line(2, 1000, { productId: 'a' }), line(1, 5000, { productId: 'b' })];
    const free: PromotionRule['action'][] = [
      { type: 'percent_off_lines', ratePpm: 1_000_000, items },
      { type: 'fixed_price', amounts: { USD: 0 }, items },
      { type: 'amount_off_each', amounts: { USD: 1000 }, items },
    ];
    const one = rule({ type: 'buy_x_get_y', buyQuantity: 1, getQuantity: 1, ratePpm: 1_000_000 });
    for (const action of free) {
      expect(offLines(priceCart(cart(lines, [rule(action, { priority: 1 }), deal])))).toEqual([2000, 0]);
      // Of the four pieces that are left, two are got: the cheapest, wherever the free ones stand.
      const all = [line(1, 900), lines[0]!, line(2, 700), line(1, 800)];
      expect(offLines(priceCart(cart(all, [rule(action, { priority: 1 }), one])))).toEqual([0, 2000, 1400, 0]);
    }
  });
  it('takes a percentage off each line, rounded by line', () => {
    const priced = priceCart(cart([line(1, 995), line(3, 333)], [rule(TEN_PERCENT)]));
    expect(offLines(priced)).toEqual([100, 100]);
    expect(priced.total).toBe(995 + 999 - 200 + 500);
  });
  it('takes a percentage off the order, rounded once and spread exactly', () => {
    const priced = priceCart(
      cart([line(1, 333), line(1, 333), line(1, 333)], [rule({ type: 'percent_off_order', ratePpm: 100_000 })]),
    );
    expect(offLines(priced)).toEqual([34, 33, 33]);
  });
  it('takes an amount off the order, never more than it costs', () => {
    const off = (amount: number) => rule({ type: 'amount_off_order', amounts: { USD: amount } });
    expect(offLines(priceCart(cart([line(1, 300), line(1, 700)], [off(250)])))).toEqual([75, 175]);
    expect(priceCart(cart([line(1, 300)], [off(5_000)]))).toMatchObject({ discountTotal: 300, total: 500 });
  });
  it('takes an amount off each piece and sells at a fixed price', () => {
    expect(
      offLines(priceCart(cart([line(3, 300)], [rule({ type: 'amount_off_each', amounts: { USD: 50 } })]))),
    ).toEqual([150]);
    expect(
      offLines(priceCart(cart([line(3, 300)], [rule({ type: 'amount_off_each', amounts: { USD: 500 } })]))),
    ).toEqual([900]);
    expect(
      offLines(priceCart(cart([line(2, 300), line(2, 80)], [rule({ type: 'fixed_price', amounts: { USD: 100 } })]))),
    ).toEqual([400, 0]);
  });
  it('ships for free or for less, by the methods that it is for', () => {
    expect(priceCart(cart([line(1, 100)], [rule({ type: 'free_shipping' })]))).toMatchObject({
      shippingTotal: 0,
      shippingDiscounts: [{ amount: 500 }],
      discountTotal: 0,
      total: 100,
    });
    expect(priceCart(cart([line(1, 100)], [rule({ type: 'reduced_shipping', ratePpm: 500_000 })])).shippingTotal).toBe(
      250,
    );
    const [outcome] = outcomesOf(
      cart([line(1, 100)], [rule({ type: 'free_shipping', shippingMethodIds: ['express'] })]),
    );
    expect(outcome).toMatchObject({ applied: false, reason: 'no_shipping_to_reduce' });
  });
  it('gives the cheapest of three for nothing', () => {
    const three = rule({ type: 'buy_x_get_y', buyQuantity: 2, getQuantity: 1, ratePpm: 1_000_000 });
    expect(offLines(priceCart(cart([line(2, 1000), line(1, 400)], [three])))).toEqual([0, 400]);
    expect(offLines(priceCart(cart([line(4, 1000), line(1, 400)], [three])))).toEqual([0, 400]);
    expect(offLines(priceCart(cart([line(5, 1000), line(1, 400)], [three])))).toEqual([1000, 400]);
    expect(offLines(priceCart(cart([line(2, 1000)], [three])))).toEqual([0]);
    const once = rule({ ...three.action, maxTimes: 1 } as PromotionRule['action']);
    expect(offLines(priceCart(cart([line(9, 1000)], [once])))).toEqual([1000]);
  });
  it('gives one thing for less to who buys another; each piece counts once', () => {
    const action = {
      type: 'buy_x_get_y',
      buyQuantity: 2,
      getQuantity: 1,
      ratePpm: 500_000,
      buyItems: { categoryIds: ['coffee'] },
      items: { productIds: ['mug'] },
    } as const;
    const coffee = (quantity: number) => line(quantity, 900, { categoryIds: ['drinks', 'coffee'] });
    const mugs = (quantity: number) => line(quantity, 501, { productId: 'mug' });
    expect(offLines(priceCart(cart([coffee(5), mugs(3)], [rule(action)])))).toEqual([0, 501]);
    expect(offLines(priceCart(cart([coffee(1), mugs(3)], [rule(action)])))).toEqual([0, 0]);
    const mugIsCoffee = line(3, 500, { productId: 'mug', categoryIds: ['coffee'] });
    expect(offLines(priceCart(cart([mugIsCoffee], [rule(action)])))).toEqual([250]);
  });
  it('takes more off the more is bought', () => {
    const tiered = rule({
      type: 'tiered',
      tiers: [
        { fromQuantity: 2, ratePpm: 100_000 },
        { fromQuantity: 5, ratePpm: 200_000 },
      ],
    });
    const off = (quantity: number) => priceCart(cart([line(quantity, 100)], [tiered])).discountTotal;
    expect([1, 2, 4, 5].map(off)).toEqual([0, 20, 40, 100]);
    const bySubtotal = rule({ type: 'tiered', tiers: [{ fromSubtotal: { USD: 1000 }, amounts: { USD: 150 } }] });
    expect(priceCart(cart([line(9, 100)], [bySubtotal])).discountTotal).toBe(0);
    expect(priceCart(cart([line(10, 100)], [bySubtotal])).discountTotal).toBe(150);
  });
  it('never touches gift cards, nor what is on sale where it says so', () => {
    const gift = line(1, 5000, { isGiftCard: true });
    const reduced = line(1, 800, { compareAt: 1000 });
    const listed = line(1, 900, {
      offers: [
        { amount: 900, priceListId: null, minQuantity: 1 },
        { amount: 700, priceListId: 'l', minQuantity: 1 },
      ],
    });
    const promotion = rule({ ...TEN_PERCENT, items: { excludeSaleItems: true } });
    expect(offLines(priceCart(cart([gift, reduced, listed, line(1, 500)], [promotion])))).toEqual([0, 0, 0, 50]);
    expect(outcomesOf(cart([gift], [rule(TEN_PERCENT)]))[0]).toMatchObject({ reason: 'no_matching_items' });
  });
});

describe('conditions', () => {
  const cases: [string, Partial<PromotionRule>, Partial<PricingInput>, string | null, string][] = [
    ['subtotal', { conditions: { minSubtotal: { USD: 3000 } } }, {}, 'subtotal_too_low', 'Needs $20.00 more.'],
    ['subtotal reached', { conditions: { minSubtotal: { USD: 1000 } } }, {}, null, '$1.00 off.'],
    ['most', { conditions: { maxSubtotal: { USD: 900 } } }, {}, 'subtotal_too_high', 'The cart is $1.00 above its limit.'],
    ['quantity', { conditions: { minQuantity: 3 } }, {}, 'quantity_too_low', 'Needs 1 piece more.'],
    ['most pieces', { conditions: { maxQuantity: 1 } }, {}, 'quantity_too_high', 'The cart has 1 piece too many for it.'],
    ['items', { conditions: { items: { productIds: ['other'] } } }, {}, 'no_matching_items', 'Nothing in the cart is part of it.'],
    ['country', { conditions: { countries: ['GB'] } }, {}, 'country_not_covered', 'It is not for the country that the order goes to.'],
    ['no address', { conditions: { countries: ['GB'] } }, { country: null }, 'address_needed', 'Needs a shipping address.'],
    ['currency', { conditions: { currencies: ['EUR'] } }, {}, 'currency_not_covered', 'It is not for carts in this currency.'],
    ['amounts', { action: { type: 'amount_off_order', amounts: { EUR: 1 } } }, {}, 'currency_not_covered', 'It is not for carts in this currency.'],
    ['market', { conditions: { marketIds: ['eu'] } }, {}, 'market_not_covered', 'It is not for the market of this cart.'],
    ['of the market', { conditions: { marketIds: ['eu'] } }, { marketId: 'eu' }, null, '$1.00 off.'],
    ['group', { conditions: { customerGroupIds: ['vip'] } }, {}, 'not_in_customer_group', 'It is for certain customers only.'],
    ['of the group', { conditions: { customerGroupIds: ['vip'] } }, { customer: { id: 'c', groupIds: ['vip'], hasOrdered: null } }, null, '$1.00 off.'],
    ['nobody', { conditions: { firstOrder: true } }, {}, 'email_needed', 'It is for first orders: needs an e-mail address.'],
    ['second order', { conditions: { firstOrder: true } }, { customer: { id: null, groupIds: [], hasOrdered: true } }, 'not_first_order', 'It is for first orders only.'],
    ['first order', { conditions: { firstOrder: true } }, { customer: { id: null, groupIds: [], hasOrdered: false } }, null, '$1.00 off.'],
    ['before', { startsAt: '2026-06-01T12:00:01Z' }, {}, 'not_started', 'This promotion has not begun yet.'],
    ['at its end', { endsAt: '2026-06-01T12:00:00Z' }, {}, 'ended', 'This promotion is over.'],
    ['at its begin', { startsAt: '2026-06-01T12:00:00Z' }, {}, null, '$1.00 off.'],
    ['used up', { hindrance: 'used_up' }, {}, 'used_up', 'This promotion has been used as often as it may.'],
  ]; // prettier-ignore
  it.each(cases)('%s', (_name, promotion, input, reason, detail) => {
    const [outcome] = outcomesOf(cart([line(2, 500)], [rule(TEN_PERCENT, promotion)], input));
    expect([outcome!.reason, explainPromotion(outcome!, 'USD')]).toEqual([reason, detail]);
    expect(outcome!.applied).toBe(reason === null);
  });
});

describe('which promotions go together', () => {
  it('goes by priority: what both do not want together stays out', () => {
    const first = rule(TEN_PERCENT, { priority: 1, combinesWith: ['order'], name: 'First' });
    const second = rule({ type: 'percent_off_lines', ratePpm: 500_000 }, { priority: 2 });
    const order = rule({ type: 'amount_off_order', amounts: { USD: 100 } }, { priority: 3 });
    const outcomes = outcomesOf(cart([line(1, 1000)], [order, second, first]));
    expect(outcomes.map((o) => [o.applied, o.amount, o.reason])).toEqual([
      [true, 100, null],
      [false, 0, 'not_combinable'],
      [true, 100, null],
    ]);
    expect(explainPromotion(outcomes[1]!, 'USD')).toBe('It does not go together with "First".');
  });
  it('takes order discounts off what product discounts have left, whatever their priority', () => {
    const order = rule({ type: 'percent_off_order', ratePpm: 500_000 }, { priority: 1 });
    const product = rule({ type: 'percent_off_lines', ratePpm: 500_000 }, { priority: 2 });
    expect(outcomesOf(cart([line(1, 1000)], [order, product])).map((o) => o.amount)).toEqual([250, 500]);
  });
  it('gives the best of the exclusive ones and of those that come together', () => {
    const a = rule(TEN_PERCENT);
    const b = rule({ type: 'percent_off_order', ratePpm: 100_000 });
    const small = rule({ type: 'percent_off_order', ratePpm: 150_000 }, { exclusive: true });
    const large = rule({ type: 'percent_off_order', ratePpm: 300_000 }, { exclusive: true, name: 'Large' });
    const better = outcomesOf(cart([line(1, 1000)], [a, b, small, large]));
    expect(better.map((o) => o.amount)).toEqual([0, 0, 0, 300]);
    expect(explainPromotion(better[0]!, 'USD')).toBe('"Large" takes more off.');
    expect(outcomesOf(cart([line(1, 1000)], [a, b, small])).map((o) => o.amount)).toEqual([100, 90, 0]);
  });
  it('counts two codes of one promotion once', () => {
    const one = rule(TEN_PERCENT, { code: 'B' });
    const outcomes = outcomesOf(
      cart([line(1, 1000)], [one, { ...one, code: 'A', hindrance: 'used_up' }, { ...one, code: 'C' }]),
    );
    expect(outcomes.map((o) => [o.code, o.reason])).toEqual([
      ['B', null],
      ['C', 'already_in_cart'],
      ['A', 'used_up'],
    ]);
  });
});
