import fc from 'fast-check';
import { priceCart } from './index.js';

describe('priceCart', () => {
  it('rounds tax by line, to whole minor units', () => {
    const priced = priceCart({
      lines: [{ quantity: 7, unitPrice: 1259, taxable: true }],
      shipping: null,
      taxIncluded: false,
      tax: { ratePpm: 200_000, shipping: true },
    });
    expect(priced).toMatchObject({ subtotal: 8813, taxTotal: 1763, total: 10_576 });
  });
  it('takes tax out of prices that include it, and never adds it again', () => {
    const priced = priceCart({
      lines: [{ quantity: 1, unitPrice: 1200, taxable: true }],
      shipping: 600,
      taxIncluded: true,
      tax: { ratePpm: 200_000, shipping: true },
    });
    expect(priced).toMatchObject({ subtotal: 1200, shippingTotal: 600, shippingTax: 100, taxTotal: 300, total: 1800 });
  });
  it('does not tax what is not taxable, nor shipping where the rate does not cover it', () => {
    const priced = priceCart({
      lines: [{ quantity: 2, unitPrice: 500, taxable: false }],
      shipping: 600,
      taxIncluded: false,
      tax: { ratePpm: 200_000, shipping: false },
    });
    expect(priced).toMatchObject({ taxTotal: 0, total: 1600 });
  });
  it('always adds up, and never goes below zero', () => {
    const line = fc.record({
      quantity: fc.integer({ min: 1, max: 9999 }),
      unitPrice: fc.integer({ min: 0, max: 99_999_999 }),
      taxable: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 40 }),
        fc.option(fc.integer({ min: 0, max: 1e7 })),
        fc.boolean(),
        fc.integer({ min: 0, max: 1e6 }),
        (lines, shipping, taxIncluded, ratePpm) => {
          const p = priceCart({ lines, shipping, taxIncluded, tax: { ratePpm, shipping: true } });
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
