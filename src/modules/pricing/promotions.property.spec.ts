import fc from 'fast-check';
import {
  flatShipping,
  isInReach,
  priceCart,
  type PricingInput,
  type PricedCart,
  type PricingLine,
  type PromotionAction,
  type PromotionOutcome,
  type PromotionRule,
  shippingTotals,
} from './index.js';

const CATEGORIES = ['tea', 'coffee', 'books'];
const selector = fc.option(
  fc.record(
    {
      variantIds: fc.subarray(['v0', 'v1', 'v2', 'v3']),
      productIds: fc.subarray(['p0', 'p1', 'p2', 'p3']),
      categoryIds: fc.subarray(CATEGORIES),
      excludeProductIds: fc.subarray(['p0', 'p1']),
      excludeCategoryIds: fc.subarray(CATEGORIES),
      excludeSaleItems: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);
const ppm = fc.integer({ min: 1, max: 1_000_000 });
const amounts = fc.record({ USD: fc.integer({ min: 1, max: 20_000 }) });
const quantity = fc.integer({ min: 1, max: 4 });
/** Without steps that have to be reached: adding a piece cannot make these cheaper. */
const steady: fc.Arbitrary<PromotionAction> = fc.oneof(
  fc.record({ type: fc.constantFrom('percent_off_lines', 'percent_off_order'), ratePpm: ppm, items: selector }),
  fc.record({
    type: fc.constantFrom('amount_off_order', 'amount_off_each', 'fixed_price'),
    amounts,
    items: selector,
  }),
  fc.record({
    type: fc.constant('buy_x_get_y'),
    buyQuantity: quantity,
    getQuantity: fc.constant(1),
    ratePpm: fc.constant(1_000_000),
    items: selector,
  }),
  fc.record({ type: fc.constant('reduced_shipping'), ratePpm: ppm }),
  fc.record({ type: fc.constant('free_shipping') }),
) as fc.Arbitrary<PromotionAction>;
const stepped: fc.Arbitrary<PromotionAction> = fc.oneof(
  fc.record({
    type: fc.constant('tiered'),
    tiers: fc.array(fc.record({ fromQuantity: quantity, ratePpm: ppm }), { minLength: 1, maxLength: 3 }),
    items: selector,
  }),
  fc.record({
    type: fc.constant('buy_x_get_y'),
    buyQuantity: quantity,
    getQuantity: quantity,
    ratePpm: ppm,
    buyItems: selector,
    items: selector,
  }),
) as fc.Arbitrary<PromotionAction>;
const classes = fc.subarray(['product', 'order', 'shipping'] as const);
const promotionsOf = (actions: fc.Arbitrary<PromotionAction>, conditions: fc.Arbitrary<PromotionRule['conditions']>) =>
  fc
    .array(
      fc.record({
        priority: fc.integer({ min: 0, max: 3 }),
        exclusive: fc.boolean(),
        combinesWith: classes,
        conditions,
        action: actions,
      }),
      { maxLength: 6 },
    )
    .map((rules) =>
      rules.map((rule, i): PromotionRule => ({
        ...rule,
        id: `id${i}`,
        name: `P${i}`,
        code: null,
        startsAt: null,
        endsAt: null,
      })),
    );
const anyPromotions = promotionsOf(
  fc.oneof(steady, stepped),
  fc.record({ items: selector, minSubtotal: fc.option(amounts, { nil: undefined }) }, { requiredKeys: [] }),
);
const anyLine: fc.Arbitrary<PricingLine> = fc
  .record({
    quantity: fc.integer({ min: 1, max: 50 }),
    amount: fc.integer({ min: 0, max: 30_000 }),
    variant: fc.integer({ min: 0, max: 3 }),
    categoryIds: fc.subarray(CATEGORIES),
    isGiftCard: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    compareAt: fc.option(fc.integer({ min: 0, max: 40_000 })),
    taxClassId: fc.constantFrom(null, 'reduced'),
  })
  .map(({ amount, variant, ...line }) => ({
    ...line,
    offers: [{ amount, priceListId: null, minQuantity: 1 }],
    taxable: true,
    variantId: `v${variant}`,
    productId: `p${variant}`,
    requiresShipping: true,
    weight: 0,
    shippingProfileId: null,
  }));
const cartOf = (
  lines: readonly PricingLine[],
  promotions: readonly PromotionRule[],
  taxIncluded = false,
): PricingInput => ({
  currency: 'USD',
  taxIncluded,
  at: new Date(0),
  lines,
  customer: null,
  country: null,
  shipping: flatShipping('s', 590),
  tax: { rates: { standard: 200_000, reduced: 70_000 }, shippingPpm: 200_000 },
  promotions,
  toldTo: 'staff',
  credits: [],
});
const lines = fc.array(anyLine, { maxLength: 8 });

describe('any cart with any promotions', () => {
  it('adds up to whole minor units, never below zero, no discount above its price', () => {
    fc.assert(
      fc.property(lines, anyPromotions, fc.boolean(), (goods, promotions, taxIncluded) => {
        const priced = priceCart(cartOf(goods, promotions, taxIncluded));
        const sum = (amounts: readonly number[]) => amounts.reduce((a, b) => a + b, 0);
        for (const line of priced.lines) {
          expect(line.discounts.every((part) => Number.isSafeInteger(part.amount) && part.amount > 0)).toBe(true);
          expect(sum(line.discounts.map((part) => part.amount))).toBe(line.discountTotal);
          expect(line.discountTotal).toBeLessThanOrEqual(line.subtotal);
          expect(line.total).toBeGreaterThanOrEqual(0);
        }
        expect(sum(priced.lines.map((line) => line.discountTotal))).toBe(priced.discountTotal);
        const offShipping = sum(priced.shippingDiscounts.map((part) => part.amount));
        expect(priced.shippingTotal).toBe(goods.length === 0 ? 0 : 590 - offShipping);
        expect(sum(priced.promotions.map((outcome) => outcome.amount))).toBe(priced.discountTotal + offShipping);
        expect(priced.promotions.every((o) => o.applied === o.amount > 0 && o.applied === (o.reason === null))).toBe(
          true,
        );
        goods.forEach((line, i) => expect(line.isGiftCard ? priced.lines[i]!.discountTotal : 0).toBe(0));
        const { subtotal, discountTotal, shippingTotal, taxTotal, total } = priced;
        expect(total).toBe(subtotal - discountTotal + shippingTotal + (taxIncluded ? 0 : taxTotal));
        // What the lines and shipping are given back for is exactly what was paid.
        expect(
          sum(priced.lines.map((line) => line.total)) + shippingTotal + (taxIncluded ? 0 : priced.shippingTax),
        ).toBe(total);
      }),
    );
  });

  it('does not depend on the order in which promotions are handed in', () => {
    fc.assert(
      fc.property(
        lines,
        anyPromotions.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        (goods, [promotions, shuffled]) => {
          expect(priceCart(cartOf(goods, shuffled))).toEqual(priceCart(cartOf(goods, promotions)));
        },
      ),
    );
  });

  it('costs shoppers what staff see, who are told the same of it and more', () => {
    fc.assert(
      fc.property(lines, anyPromotions, (goods, promotions) => {
        const some = promotions.map((rule, i) => (i % 3 === 2 ? { ...rule, code: `CODE${i}` } : rule));
        const cart = cartOf(goods, some);
        const { promotions: toStaff, ...seen } = priceCart({ ...cart, toldTo: 'staff' });
        const { promotions: toShopper, ...paid } = priceCart({ ...cart, toldTo: 'shopper' });
        expect(paid).toEqual(seen);
        let inReach = 0;
        const ofInterest = toStaff.filter(
          ({ applied, code, reason }) => applied || code !== null || (isInReach(reason) && (inReach += 1) <= 3),
        );
        const isOther = ({ applied, code, reason, class: kind }: PromotionOutcome) =>
          kind === 'shipping' && !applied && code === null && !isInReach(reason);
        expect(toShopper.filter((outcome) => !isOther(outcome))).toEqual(ofInterest);
        for (const outcome of toShopper.filter(isOther)) expect(toStaff).toContainEqual(outcome);
      }),
    );
  });

  it('costs as much to ship by another method as the cart would, were it priced by that', () => {
    const method = fc.record({ id: fc.constantFrom('s', 'other'), amount: fc.integer({ min: 0, max: 2_000 }) });
    fc.assert(
      fc.property(lines, anyPromotions, fc.boolean(), method, (goods, promotions, taxExempt, { id, amount }) => {
        const input = { ...cartOf(goods, promotions, true), taxExempt };
        const other = flatShipping(id, amount);
        const expected = priceCart({ ...input, shipping: other }).shippingTotal;
        const price = goods.length === 0 ? 0 : amount;
        for (const [by, toldTo] of [
          [null, 'staff'],
          [flatShipping('s', 590), 'staff'],
          [null, 'shopper'],
          [flatShipping('s', 590), 'shopper'],
        ] as const) {
          const chosen = { ...input, shipping: by, toldTo };
          expect(shippingTotals([{ rule: other, price }], chosen)).toEqual([expected]);
        }
      }),
    );
  });

  it('does not get cheaper by one more piece, where no promotion asks for more pieces', () => {
    const onePromotion = promotionsOf(steady, fc.constant({})).map((all) => all.slice(0, 1));
    fc.assert(
      fc.property(
        fc.array(anyLine, { minLength: 1, maxLength: 6 }),
        fc.oneof(
          onePromotion,
          promotionsOf(steady, fc.constant({})).map((all) => all.map((rule) => ({ ...rule, exclusive: true }))),
        ),
        fc.nat(),
        (mixed, promotions, pick) => {
          const oneMore = (goods: PricingLine[]) =>
            [
              priceCart(cartOf(goods, promotions)),
              priceCart(
                cartOf(
                  goods.map((line, i) => (i === pick % goods.length ? { ...line, quantity: line.quantity + 1 } : line)),
                  promotions,
                ),
              ),
            ] as const;
          const beforeTax = (priced: PricedCart) => priced.subtotal - priced.discountTotal + priced.shippingTotal;
          const [lessMixed, moreMixed] = oneMore(mixed);
          expect(beforeTax(moreMixed)).toBeGreaterThanOrEqual(beforeTax(lessMixed));
          // Of one tax class: else a discount may move to goods with a higher tax, and the cart is cheaper by that.
          const [less, more] = oneMore(mixed.map((line) => ({ ...line, taxClassId: null })));
          expect(beforeTax(more)).toBeGreaterThanOrEqual(beforeTax(less));
          // Half a minor unit of tax for each line and for shipping can go either way, before and after.
          expect(more.total).toBeGreaterThanOrEqual(less.total - mixed.length - 1);
        },
      ),
    );
  });
});
