import fc from 'fast-check';
import {
  classOf,
  flatShipping,
  priceCart,
  type PricedCart,
  type PricingInput,
  PROMOTION_CLASSES,
  type PromotionAction,
  type PromotionClass,
  type PromotionRule,
} from './index.js';

/** Of two, none and three digits. */
const CURRENCIES = ['USD', 'JPY', 'KWD'];
const RUNS = { numRuns: 500 };
const ppm = fc.oneof(fc.constantFrom(100_000, 333_333, 500_000, 1_000_000), fc.integer({ min: 1, max: 1_000_000 }));
const amounts = fc.integer({ min: 1, max: 9_000 }).map((n) => Object.fromEntries(CURRENCIES.map((code) => [code, n])));
const items = fc.option(fc.record({ variantIds: fc.subarray(['v0', 'v1', 'v2'], { minLength: 1 }) }), {
  nil: undefined,
});
const piecesOf = (max: number) => fc.integer({ min: 1, max });

type Type = PromotionAction['type'];
const ACTIONS: Record<Type, fc.Arbitrary<object>> = {
  percent_off_lines: fc.record({ ratePpm: ppm, items }),
  amount_off_each: fc.record({ amounts, items }),
  fixed_price: fc.record({ amounts, items }),
  buy_x_get_y: fc.record({ buyQuantity: piecesOf(3), getQuantity: piecesOf(2), ratePpm: ppm, items }),
  percent_off_order: fc.record({ ratePpm: ppm, items }),
  amount_off_order: fc.record({ amounts, items }),
  tiered: fc.record({
    tiers: fc.tuple(ppm, amounts).map(([ratePpm, off]) => [
      { fromQuantity: 2, ratePpm },
      { fromQuantity: 9, amounts: off },
    ]),
    items,
  }),
  free_shipping: fc.record({}),
  reduced_shipping: fc.oneof(fc.record({ ratePpm: ppm }), fc.record({ amounts })),
};
const TYPES = Object.keys(ACTIONS) as Type[];
const everyClass: fc.Arbitrary<readonly PromotionClass[]> = fc.constant(PROMOTION_CLASSES);

/** Two to four promotions of different kinds at once. */
const severalOf = (types: Type[], exclusive: fc.Arbitrary<boolean>, combinesWith = everyClass) =>
  fc
    .subarray(types, { minLength: 2, maxLength: Math.min(types.length, 4) })
    .chain((kinds) =>
      fc.tuple(
        ...kinds.map((type) =>
          fc.record({
            action: ACTIONS[type].map((action) => ({ ...action, type }) as PromotionAction),
            priority: fc.integer({ min: 0, max: 2 }),
            isCode: fc.boolean(),
            exclusive,
            combinesWith,
          }),
        ),
      ),
    )
    .map((rules) =>
      rules.map(({ isCode, ...rule }, i): PromotionRule => ({
        ...rule,
        id: `id${i}`,
        name: `P${i}`,
        code: isCode ? `CODE${i}` : null,
        startsAt: null,
        endsAt: null,
        conditions: {},
      })),
    );
const rarely = fc.integer({ min: 0, max: 4 }).map((n) => n === 0);
const several = severalOf(TYPES, rarely, fc.oneof(everyClass, everyClass, fc.subarray([...PROMOTION_CLASSES])));

const rate = fc.constantFrom(0, 70_000, 190_000, 200_000);
const anyCart = fc.record({
  currency: fc.constantFrom(...CURRENCIES),
  taxIncluded: fc.boolean(),
  at: fc.constant(new Date(0)),
  lines: fc.array(
    fc
      .record({
        quantity: piecesOf(6),
        price: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30_000 })),
        variant: fc.integer({ min: 0, max: 2 }),
        isGiftCard: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
        taxClassId: fc.constantFrom(null, 'reduced'),
      })
      .map(({ price, variant, ...line }) => ({
        ...line,
        offers: [{ amount: price, priceListId: null, minQuantity: 1 }],
        taxable: true,
        variantId: `v${variant}`,
        productId: `p${variant}`,
        categoryIds: [],
        requiresShipping: true,
        weight: 0,
        shippingProfileId: null,
      })),
    { minLength: 1, maxLength: 6 },
  ),
  customer: fc.constant(null),
  country: fc.constant('DE'),
  shipping: fc.option(fc.integer({ min: 0, max: 900 }).map((price) => flatShipping('s', price))),
  tax: fc.option(fc.record({ rates: fc.record({ standard: rate, reduced: rate }), shippingPpm: rate })),
  taxExempt: rarely,
  credits: fc.constant([]),
});

type Cart = Omit<PricingInput, 'promotions'>;
const priced = (cart: Cart, promotions: readonly PromotionRule[]) =>
  priceCart({ ...cart, promotions, toldTo: 'staff' });
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const off = ({ promotions }: PricedCart) => sum(promotions.map((outcome) => outcome.amount));
const inTheirOrder = (rules: readonly PromotionRule[]) =>
  rules.toSorted((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
/** Those that apply, in the order in which they take off. */
const appliedOf = (rules: readonly PromotionRule[], { promotions }: PricedCart) => {
  const applied = inTheirOrder(rules).filter((rule) =>
    promotions.some((outcome) => outcome.promotionId === rule.id && outcome.applied),
  );
  return PROMOTION_CLASSES.flatMap((kind) => applied.filter((rule) => classOf(rule.action) === kind));
};
const goTogether = (a: PromotionRule, b: PromotionRule) =>
  a.combinesWith.includes(classOf(b.action)) && b.combinesWith.includes(classOf(a.action));

/** Half up, in words of docs/pricing.md; kept apart from the code that it checks. */
const part = (amount: number, ratePpm: number) =>
  Number((BigInt(amount) * BigInt(ratePpm) * 2n + 1_000_000n) / 2_000_000n);

/** What a promotion takes off lines that still cost so much, by the documentation; null for what is left to other tests. */
function expectedOff({ action }: PromotionRule, cart: PricingInput, left: readonly number[], shipping: number) {
  const { currency, lines } = cart;
  const wanted = 'items' in action ? action.items?.variantIds : undefined;
  const meant = lines.flatMap((line, at) =>
    line.isGiftCard || (wanted && !wanted.includes(line.variantId)) ? [] : [{ cost: left[at]!, pieces: line.quantity }],
  );
  const cost = sum(meant.map((one) => one.cost));
  switch (action.type) {
    case 'percent_off_lines':
      return sum(meant.map((one) => part(one.cost, action.ratePpm)));
    case 'amount_off_each':
      return sum(meant.map((one) => Math.min(one.cost, one.pieces * action.amounts[currency]!)));
    case 'fixed_price':
      return sum(meant.map((one) => Math.max(0, one.cost - one.pieces * action.amounts[currency]!)));
    case 'percent_off_order':
      return part(cost, action.ratePpm);
    case 'amount_off_order':
      return Math.min(cost, action.amounts[currency]!);
    case 'tiered': {
      const pieces = sum(meant.map((one) => one.pieces));
      if (pieces < 2) return 0;
      return pieces < 9 ? part(cost, action.tiers[0]!.ratePpm!) : Math.min(cost, action.tiers[1]!.amounts![currency]!);
    }
    case 'free_shipping':
      return shipping;
    case 'reduced_shipping':
      return Math.min(
        shipping,
        action.ratePpm === undefined ? action.amounts![currency]! : part(shipping, action.ratePpm),
      );
    case 'buy_x_get_y':
      return null;
  }
}

describe('any cart with several promotions at once', () => {
  it('adds up to the minor unit, nothing below zero, and its parts are what a refund of all of it is', () => {
    fc.assert(
      fc.property(anyCart, several, (cart, rules) => {
        const p = priced(cart, rules);
        for (const line of p.lines) {
          expect(sum(line.discounts.map((one) => one.amount))).toBe(line.discountTotal);
          expect(line.discountTotal).toBeLessThanOrEqual(line.subtotal);
        }
        const all = [p.subtotal, p.discountTotal, p.shippingTotal, p.shippingTax, p.taxTotal, p.total, p.amountDue];
        const ofLines = p.lines.flatMap((line) => [line.total, line.taxTotal, line.discountTotal]);
        expect([...all, ...ofLines].every((one) => Number.isSafeInteger(one) && one >= 0)).toBe(true);
        const added = (tax: number) => (p.taxIncluded ? 0 : tax);
        expect(p.total).toBe(p.subtotal - p.discountTotal + p.shippingTotal + added(p.taxTotal));
        expect(sum(p.lines.map((line) => line.total)) + p.shippingTotal + added(p.shippingTax)).toBe(p.total);
        for (const { promotionId, amount } of p.promotions) {
          const parts = [...p.lines.flatMap((line) => line.discounts), ...p.shippingDiscounts];
          expect(sum(parts.filter((one) => one.promotionId === promotionId).map((one) => one.amount))).toBe(amount);
        }
      }),
      RUNS,
    );
  });

  it('takes off what each of them says, of what those before it have left: products, then the order, then shipping', () => {
    fc.assert(
      fc.property(anyCart, several, (cart, rules) => {
        const p = priced(cart, rules);
        const applied = appliedOf(rules, p);
        const left = p.lines.map((line) => line.subtotal);
        let shipping = p.shippingTotal + sum(p.shippingDiscounts.map((one) => one.amount));
        const amountOf = (parts: PricedCart['shippingDiscounts'], { id }: PromotionRule) =>
          sum(parts.filter((one) => one.promotionId === id).map((one) => one.amount));
        for (const [i, rule] of applied.entries()) {
          const { amount } = p.promotions.find((one) => one.promotionId === rule.id)!;
          const { type } = rule.action;
          // Of which lines a deal has made pieces free is left to other tests, too.
          const hasFreed = applied.slice(0, i).some(({ action }) => action.type === 'buy_x_get_y');
          const isOfPieces = type === 'amount_off_each' || type === 'fixed_price';
          const expected =
            hasFreed && isOfPieces ? null : expectedOff(rule, { ...cart, promotions: [] }, left, shipping);
          expect([type, amount]).toEqual([type, expected ?? amount]);
          p.lines.forEach((line, at) => (left[at]! -= amountOf(line.discounts, rule)));
          shipping -= amountOf(p.shippingDiscounts, rule);
          // Nor does one that comes later change what this one took.
          const soFar = priced(cart, applied.slice(0, i + 1));
          expect(soFar.promotions.find((one) => one.promotionId === rule.id)).toMatchObject({ applied: true, amount });
          expect(soFar.lines.map((line) => line.subtotal - line.discountTotal)).toEqual(left);
        }
        expect(left).toEqual(p.lines.map((line) => line.subtotal - line.discountTotal));
        expect(shipping).toBe(p.shippingTotal);
      }),
      RUNS,
    );
  });

  it('counts for a deal nothing that another has made free: it takes off what it would where those goods are not in the cart', () => {
    const ofGoods = TYPES.filter((type) => ['percent_off_lines', 'amount_off_each', 'fixed_price'].includes(type));
    const action = ACTIONS.buy_x_get_y.chain((deal) =>
      items.map((buyItems) => ({ ...deal, buyItems, ratePpm: 1_000_000, type: 'buy_x_get_y' }) as PromotionAction),
    );
    fc.assert(
      fc.property(anyCart, severalOf(ofGoods, fc.constant(false)), action, (cart, rules, deal) => {
        // What costs nothing by itself is sold like anything else.
        const all = cart.lines.map((line) => ({
          ...line,
          offers: line.offers.map((o) => ({ ...o, amount: o.amount + 1 })),
        }));
        const offOf = (lines: Cart['lines']) =>
          priced({ ...cart, lines }, [
            ...rules,
            { ...rules[0]!, id: 'deal', priority: 9, action: deal },
          ]).promotions.find((one) => one.promotionId === 'deal')!.amount;
        const { lines } = priced({ ...cart, lines: all }, rules);
        const dear = all.filter((_, i) => lines[i]!.subtotal > lines[i]!.discountTotal);
        expect(offOf(all)).toBe(offOf(dear));
      }),
      RUNS,
    );
  });

  it('gets those that go together or one that stands alone, whichever takes the most off, and says why not the others', () => {
    fc.assert(
      fc.property(anyCart, several, (cart, rules) => {
        const p = priced(cart, rules);
        const applied = appliedOf(rules, p);
        if (applied.some((rule) => rule.exclusive)) expect(applied).toHaveLength(1);
        for (const a of applied) expect(applied.every((b) => a === b || goTogether(a, b))).toBe(true);
        const together = rules.filter((rule) => !rule.exclusive);
        const alone = rules.filter((rule) => rule.exclusive).map((rule) => off(priced(cart, [rule])));
        expect(off(p)).toBe(Math.max(off(priced(cart, together)), ...alone));
        for (const outcome of p.promotions) {
          const rule = rules.find((one) => one.id === outcome.promotionId)!;
          expect(outcome.applied).toBe(outcome.reason === null);
          if (outcome.reason === 'not_combinable') {
            const rival = rules.find((one) => one.name === outcome.inFavorOf)!;
            expect(inTheirOrder([rule, rival])[0]).toBe(rival);
            expect([rule.exclusive, rival.exclusive, goTogether(rule, rival)]).toEqual([false, false, false]);
          } else if (outcome.reason === 'better_promotion_applied') {
            expect(off(priced(cart, rule.exclusive ? [rule] : together))).toBeLessThanOrEqual(off(p));
            expect(applied[0]!.exclusive || rule.exclusive).toBe(true);
          } else if (outcome.reason !== null && applied.length === 0) {
            expect(off(priced(cart, [rule]))).toBe(0);
          }
        }
      }),
      RUNS,
    );
  });

  it('comes out the same, in whatever order they are handed in', () => {
    const handedIn = several.chain((rules) =>
      fc.tuple(fc.constant(rules), fc.shuffledSubarray(rules, { minLength: rules.length })),
    );
    fc.assert(
      fc.property(anyCart, handedIn, (cart, [rules, shuffled]) => {
        expect(priced(cart, shuffled)).toEqual(priced(cart, rules));
      }),
      RUNS,
    );
  });

  describe('does not get cheaper by one more piece', () => {
    const beforeTax = (p: PricedCart) => p.subtotal - p.discountTotal + p.shippingTotal;
    /** What one more piece of some line adds. */
    const added = (cart: Cart, rules: readonly PromotionRule[], pick: number) => {
      const lines = cart.lines.map((line, i) =>
        i === pick % cart.lines.length ? { ...line, quantity: line.quantity + 1 } : line,
      );
      return beforeTax(priced({ ...cart, lines }, rules)) - beforeTax(priced(cart, rules));
    };
    const steady = TYPES.filter((type) => type !== 'tiered' && type !== 'buy_x_get_y');

    it('where none of them asks for more pieces, and what is off the order is spread once', () => {
      const spreadOnce = steady.filter((type) => type !== 'amount_off_order');
      fc.assert(
        fc.property(anyCart, severalOf(spreadOnce, rarely), fc.nat(), (cart, rules, pick) => {
          expect(added(cart, rules, pick)).toBeGreaterThanOrEqual(0);
        }),
        { numRuns: 3_000 },
      );
    });

    it('but for a minor unit of rounding for each line, where they spread twice', () => {
      fc.assert(
        fc.property(anyCart, severalOf(steady, rarely), fc.nat(), (cart, rules, pick) => {
          expect(added(cart, rules, pick)).toBeGreaterThanOrEqual(-cart.lines.length);
        }),
        { numRuns: 3_000 },
      );
    });

    // Of some goods alone it may be: who gets the tea free for the coffee that another promotion pays for saves by one more coffee.
    it('nor where one is given for each so many of all goods, and what else is off is off all of them', () => {
      const ofAllGoods = severalOf([...steady, 'buy_x_get_y'], rarely).map((rules) =>
        rules.map(({ action, ...rule }): PromotionRule => {
          const all = { ...action, items: undefined } as PromotionAction;
          return { ...rule, action: all.type === 'buy_x_get_y' ? { ...all, getQuantity: 1, ratePpm: 1_000_000 } : all };
        }),
      );
      fc.assert(
        fc.property(anyCart, ofAllGoods, fc.nat(), (cart, rules, pick) => {
          expect(added(cart, rules, pick)).toBeGreaterThanOrEqual(-cart.lines.length);
        }),
        { numRuns: 3_000 },
      );
    });
  });
});
