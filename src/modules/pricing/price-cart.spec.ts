import fc from 'fast-check';
import { chargeMinimum, chargeStep, flatShipping, priceCart, type PricingInput, type PricingLine } from './index.js';

/** A line and a cart with nothing special about them. */
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
  {
    ppm = 0,
    shippingPpm = ppm,
    shipping = null as number | null,
    ...more
  }: Partial<Omit<PricingInput, 'shipping'>> & { ppm?: number; shippingPpm?: number; shipping?: number | null } = {},
): PricingInput => ({
  currency: 'USD',
  taxIncluded: false,
  at: new Date(0),
  lines,
  customer: null,
  country: null,
  shipping: shipping === null ? null : flatShipping('s', shipping),
  tax: { rates: { standard: ppm }, shippingPpm },
  promotions: [],
  credits: [],
  ...more,
});

describe('priceCart', () => {
  it('rounds tax by line, to whole minor units', () => {
    expect(priceCart(cart([line(7, 1259)], { ppm: 200_000 }))).toMatchObject({
      subtotal: 8813,
      taxTotal: 1763,
      total: 10_576,
    });
  });
  it('takes tax out of prices that include it, and never adds it again', () => {
    const priced = priceCart(cart([line(1, 1200)], { ppm: 200_000, shipping: 600, taxIncluded: true }));
    expect(priced).toMatchObject({ subtotal: 1200, shippingTotal: 600, shippingTax: 100, taxTotal: 300, total: 1800 });
  });
  it('does not tax what is not taxable, nor shipping where the rate does not cover it', () => {
    const priced = priceCart(cart([line(2, 500, { taxable: false })], { ppm: 200_000, shippingPpm: 0, shipping: 600 }));
    expect(priced).toMatchObject({ taxTotal: 0, total: 1600 });
  });
  it('pays with credits as far as they reach', () => {
    const credits = [
      { kind: 'gift_card' as const, id: 'a', balance: 700 },
      { kind: 'store_credit' as const, id: 'b', balance: 700 },
    ];
    expect(priceCart(cart([line(2, 500)], { credits }))).toMatchObject({
      total: 1000,
      credits: [
        { id: 'a', amount: 700 },
        { id: 'b', amount: 300 },
      ],
      amountDue: 0,
    });
  });
  it('leaves on a credit what a card payment would be too small for', () => {
    const paid = (price: number, balance: number, currency = 'USD') => {
      const priced = priceCart(
        cart([line(1, price)], { currency, credits: [{ kind: 'gift_card' as const, id: 'a', balance }] }),
      );
      return [priced.credits[0]?.amount ?? 0, priced.amountDue];
    };
    expect(paid(1000, 980)).toEqual([950, 50]);
    expect(paid(1000, 950)).toEqual([950, 50]);
    expect(paid(1000, 1000)).toEqual([1000, 0]);
    expect(paid(1000, 5)).toEqual([5, 995]);
    // The whole cart is too small for a card: nothing helps but a credit that pays all of it.
    expect(paid(40, 30)).toEqual([0, 40]);
    expect(paid(5120, 1003, 'KWD')).toEqual([1000, 4120]);
    expect(paid(500, 480, 'JPY')).toEqual([450, 50]);
  });
  it('does not sell gift cards for gift cards', () => {
    const credits = [{ kind: 'gift_card' as const, id: 'a', balance: 5000 }];
    const lines = [line(1, 1000), line(1, 2500, { isGiftCard: true })];
    expect(priceCart(cart(lines, { credits, ppm: 200_000 }))).toMatchObject({
      total: 3700,
      taxTotal: 200,
      credits: [{ amount: 1200 }],
      amountDue: 2500,
    });
  });
  it('never uses more credit than there is, and leaves nothing that cannot be charged unless no credit could help', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20_000 }),
        fc.array(fc.integer({ min: 0, max: 8_000 }), { maxLength: 4 }),
        fc.constantFrom('USD', 'GBP', 'JPY', 'KWD', 'HUF'),
        (price, balances, currency) => {
          const credits = balances.map((balance, i) => ({ kind: 'gift_card' as const, id: String(i), balance }));
          const priced = priceCart(cart([line(1, price)], { currency, credits }));
          const used = priced.credits.reduce((sum, { amount }) => sum + amount, 0);
          expect(used + priced.amountDue).toBe(price);
          for (const { id, amount } of priced.credits) expect(amount).toBeLessThanOrEqual(balances[Number(id)]!);
          if (used > 0 && priced.amountDue > 0)
            expect([priced.amountDue >= chargeMinimum(currency), priced.amountDue % chargeStep(currency)]).toEqual([
              true,
              0,
            ]);
        },
      ),
    );
  });
  it('always adds up, and never goes below zero', () => {
    const anyLine = fc
      .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 0, max: 99_999_999 }), fc.boolean())
      .map(([quantity, amount, taxable]) => line(quantity, amount, { taxable }));
    fc.assert(
      fc.property(
        fc.array(anyLine, { maxLength: 40 }),
        fc.option(fc.integer({ min: 0, max: 1e7 })),
        fc.boolean(),
        fc.integer({ min: 0, max: 1e6 }),
        (lines, shipping, taxIncluded, ratePpm) => {
          const p = priceCart(cart(lines, { shipping, taxIncluded, ppm: ratePpm }));
          expect(p.total).toBe(p.subtotal - p.discountTotal + p.shippingTotal + (taxIncluded ? 0 : p.taxTotal));
          expect(p.lines.reduce((s, l) => s + l.total, 0) + p.shippingTotal + (taxIncluded ? 0 : p.shippingTax)).toBe(
            p.total,
          );
          expect(p.lines.reduce((s, l) => s + l.taxTotal, 0) + p.shippingTax).toBe(p.taxTotal);
          for (const amount of [p.total, p.taxTotal, p.subtotal])
            expect(Number.isSafeInteger(amount) && amount >= 0).toBe(true);
        },
      ),
    );
  });
});
