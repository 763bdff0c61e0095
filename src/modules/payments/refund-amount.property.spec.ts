import fc from 'fast-check';
import { newOrder } from '../orders/index.js';
import { chargeStep, flatShipping, priceCart, type PricingInput, type PromotionAction } from '../pricing/index.js';
import { costOf } from './line-cost.js';
import { refundLimits, refundOfLines } from './refund-amount.js';

const CURRENCIES = ['USD', 'JPY', 'KWD'];
const ppm = fc.integer({ min: 0, max: 1_000_000 });
const amounts = fc.integer({ min: 1, max: 9_000 }).map((n) => Object.fromEntries(CURRENCIES.map((code) => [code, n])));
const items = fc.option(fc.record({ variantIds: fc.subarray(['v0', 'v1', 'v2']) }), { nil: undefined });
const anyAction = fc.oneof(
  fc.record({ type: fc.constantFrom('percent_off_lines', 'percent_off_order'), ratePpm: ppm, items }),
  fc.record({ type: fc.constantFrom('amount_off_order', 'amount_off_each', 'fixed_price'), amounts, items }),
  fc.record({
    type: fc.constant('buy_x_get_y'),
    buyQuantity: fc.integer({ min: 1, max: 3 }),
    getQuantity: fc.integer({ min: 1, max: 3 }),
    ratePpm: ppm,
    items,
  }),
  fc.record({ type: fc.constant('tiered'), tiers: fc.constant([{ fromQuantity: 2, ratePpm: 150_000 }]), items }),
  fc.record({ type: fc.constant('reduced_shipping'), ratePpm: ppm }),
) as fc.Arbitrary<PromotionAction>;

const anyCart: fc.Arbitrary<PricingInput> = fc.record({
  currency: fc.constantFrom(...CURRENCIES),
  taxIncluded: fc.boolean(),
  at: fc.constant(new Date(0)),
  lines: fc.array(
    fc
      .record({
        quantity: fc.integer({ min: 1, max: 12 }),
        price: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30_000 })),
        variant: fc.integer({ min: 0, max: 2 }),
        isGiftCard: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
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
  tax: fc.option(fc.record({ rates: fc.record({ standard: ppm, reduced: ppm }), shippingPpm: ppm })),
  taxExempt: fc.boolean(),
  promotions: fc.array(anyAction, { maxLength: 4 }).map((actions) =>
    actions.map((action, i) => ({
      id: `id${i}`,
      name: `P${i}`,
      code: null,
      priority: i,
      exclusive: false,
      combinesWith: ['product', 'order', 'shipping'] as const,
      startsAt: null,
      endsAt: null,
      conditions: {},
      action,
    })),
  ),
  credits: fc.array(
    fc.record({
      kind: fc.constantFrom('gift_card' as const, 'store_credit' as const),
      id: fc.uuid(),
      balance: fc.integer({ min: 1, max: 40_000 }),
    }),
    { maxLength: 2 },
  ),
});

/** The lines of the cart as an order keeps them. */
function orderLines(cart: PricingInput, priced: ReturnType<typeof priceCart>) {
  const [snapshot, assessment] = [cart, { priced }] as unknown as Parameters<typeof newOrder>;
  return newOrder(snapshot, assessment, { status: 'confirmed', paymentStatus: 'paid', expiresAt: null }).rows;
}

/**
 * Sends all lines of an order back, so many of each in each step, as `RefundOrder` does; gift cards unspent.
 * @returns what lines gave back, and what was left then
 */
function refundAll(cart: PricingInput, step: number, parts: readonly (readonly number[])[]) {
  const priced = priceCart(cart);
  const lines = orderLines(cart, priced).map((line) => ({ ...line, isGiftCard: line.is_gift_card === true, back: 0 }));
  let [ofPayment, ofCredit, open] = [priced.amountDue, priced.total - priced.amountDue, priced.total];
  for (const wanted of [...parts, lines.map((line) => line.quantity)]) {
    const named = lines.map((line, i) => Math.min(wanted[i] ?? 0, line.quantity - line.back));
    const costs = lines.map((line, i) => costOf(line, line.back + named[i]!) - costOf(line, line.back));
    const now = costs.reduce((sum, cost) => sum + cost, 0);
    const cards = lines.map((line, i) =>
      line.isGiftCard ? (line.quantity - line.back - named[i]!) * line.unit_price : 0,
    );
    const money = { ofPayment, ofCredit, kept: cards.reduce((sum, worth) => sum + worth, 0), step };
    const { sendable, refundable } = refundLimits(money);
    const amount = refundOfLines(money, { now, open });
    const sent = Math.min(amount, sendable);
    expect(amount).toBeGreaterThanOrEqual(0);
    expect(amount).toBeLessThanOrEqual(refundable);
    expect(sent === sendable || sent % step === 0).toBe(true);
    expect(Math.abs(amount - now)).toBeLessThan(step);
    // Nothing is written where nothing goes back: these pieces go with the next.
    if (amount === 0) continue;
    [ofPayment, ofCredit, open] = [ofPayment - sent, ofCredit - (amount - sent), open - now];
    lines.forEach((line, i) => (line.back += named[i]!));
  }
  const shipping = priced.shippingTotal + (priced.taxIncluded ? 0 : priced.shippingTax);
  return { shipping, rest: ofPayment + ofCredit };
}

const anyParts = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 6 }), { maxLength: 8 });

/** A cart in a currency of which cards take no last digit. */
const inWholeSteps = anyCart
  .map((cart) => ({ ...cart, currency: 'KWD' }))
  .filter((cart) => priceCart(cart).amountDue % chargeStep('KWD') === 0);

describe('any order', () => {
  it('gives back with its lines what was paid for them, however they are parted, to the minor unit', () => {
    fc.assert(
      fc.property(anyCart, anyParts, (cart, parts) => {
        const { shipping, rest } = refundAll(cart, 1, parts);
        expect(rest).toBe(shipping);
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives it back to a card that takes no last digit, too: what is short of it comes with the last line', () => {
    fc.assert(
      fc.property(inWholeSteps, anyParts, (cart, parts) => {
        const { shipping, rest } = refundAll(cart, chargeStep('KWD'), parts);
        const kept = rest - shipping;
        expect(kept >= 0 && kept < (shipping === 0 ? 1 : chargeStep('KWD'))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
