import fc from 'fast-check';
import { flatShipping, priceCart, type PricingInput, type PricingLine } from './index.js';

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
