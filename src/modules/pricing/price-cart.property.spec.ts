import fc from 'fast-check';
import { flatShipping, priceCart, type PricedLine, type PricingInput, type PricingLine } from './index.js';

const amount = fc.integer({ min: 0, max: 9_999_999 });
const ppm = fc.integer({ min: 0, max: 1_000_000 });

/** Offers of price lists beside the variant's own price; with `tiers`, cheaper by the dozen, too. */
const anyLine = (tiers: boolean): fc.Arbitrary<PricingLine> =>
  fc.record({
    quantity: fc.integer({ min: 1, max: 9999 }),
    offers: fc
      .tuple(amount, fc.array(fc.tuple(amount, fc.integer({ min: 1, max: tiers ? 50 : 1 })), { maxLength: 4 }))
      .map(([own, lists]) => [
        { amount: own, priceListId: null, minQuantity: 1 },
        ...lists.map(([listed, minQuantity], i) => ({ amount: listed, priceListId: `l${i}`, minQuantity })),
      ]),
    compareAt: fc.option(amount),
    taxable: fc.boolean(),
    taxClassId: fc.constantFrom(null, 'reduced', 'unknown'),
    variantId: fc.constantFrom('a', 'b', 'c'),
    productId: fc.constant('p'),
    categoryIds: fc.constant([]),
    requiresShipping: fc.boolean(),
    shippingProfileId: fc.constant(null),
    weight: fc.nat(5000),
    isGiftCard: fc.boolean(),
  });

const anyCart = (tiers = true): fc.Arbitrary<PricingInput> =>
  fc.record({
    currency: fc.constantFrom('USD', 'JPY', 'KWD'),
    taxIncluded: fc.boolean(),
    at: fc.constant(new Date(0)),
    lines: fc.array(anyLine(tiers), { minLength: 1, maxLength: 12 }),
    customer: fc.constant(null),
    country: fc.constant('DE'),
    shipping: fc.option(amount.map((price) => flatShipping('s', price))),
    tax: fc.option(
      fc.record({
        rates: fc.record({ standard: ppm, reduced: ppm }),
        shippingPpm: ppm,
        byVariant: fc.record({ a: ppm }, { requiredKeys: [] }),
      }),
    ),
    taxExempt: fc.boolean(),
    promotions: fc.constant([]),
    credits: fc.array(
      fc.record({
        kind: fc.constantFrom('gift_card' as const, 'store_credit' as const),
        id: fc.uuid(),
        balance: amount,
      }),
      { maxLength: 3 },
    ),
  });

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** Whether `tax` is what half up makes of it: no more than half a minor unit away, and half of one only upward. */
function isRounded(paid: number, tax: number, ratePpm: number, included: boolean): boolean {
  const base = included ? 1_000_000n + BigInt(ratePpm) : 1_000_000n;
  const over = 2n * (BigInt(tax) * base - BigInt(paid) * BigInt(ratePpm));
  return over > -base && over <= base;
}

describe('any cart', () => {
  it('adds up in whole minor units, none of them below zero', () => {
    fc.assert(
      fc.property(anyCart(), (input) => {
        const p = priceCart(input);
        const addedTax = p.taxIncluded ? 0 : p.taxTotal;
        expect(p.total).toBe(p.subtotal - p.discountTotal + p.shippingTotal + addedTax);
        expect(sum(p.lines.map((line) => line.total)) + p.shippingTotal + (p.taxIncluded ? 0 : p.shippingTax)).toBe(
          p.total,
        );
        expect(sum(p.lines.map((line) => line.taxTotal)) + p.shippingTax).toBe(p.taxTotal);
        expect(p.amountDue + sum(p.credits.map((credit) => credit.amount))).toBe(p.total);
        const amounts = [p.subtotal, p.shippingTotal, p.shippingTax, p.taxTotal, p.total, p.amountDue];
        for (const one of [...amounts, ...p.lines.flatMap((line) => [line.unitPrice, line.total, line.taxTotal])])
          expect(Number.isSafeInteger(one) && one >= 0).toBe(true);
      }),
    );
  });

  it('is taxed exactly, on top and in the price, and not at all for who is exempt', () => {
    fc.assert(
      fc.property(anyCart(), (input) => {
        const p = priceCart(input);
        const exact = ({ subtotal, discountTotal, taxTotal, taxPpm }: PricedLine) =>
          isRounded(subtotal - discountTotal, taxTotal, taxPpm, p.taxIncluded);
        expect(p.lines.every(exact)).toBe(true);
        if (input.taxExempt) expect([p.taxTotal, p.taxIncluded]).toEqual([0, false]);
      }),
    );
  });

  it('costs who is exempt what is left without the tax, to a minor unit for each piece', () => {
    fc.assert(
      fc.property(anyCart(), (input) => {
        const gross = priceCart({ ...input, taxIncluded: true, taxExempt: false });
        const net = priceCart({ ...input, taxIncluded: true, taxExempt: true });
        for (const [i, line] of gross.lines.entries()) {
          const taken = line.unitPrice - net.lines[i]!.unitPrice;
          expect(isRounded(line.unitPrice, taken, line.taxPpm, true)).toBe(true);
        }
      }),
    );
  });

  it('never gets cheaper by one more piece, unless a price from so many pieces on says so', () => {
    fc.assert(
      fc.property(anyCart(false), fc.nat(), (input, at) => {
        const chosen = at % input.lines.length;
        const lines = input.lines.map((line, i) => (i === chosen ? { ...line, quantity: line.quantity + 1 } : line));
        expect(priceCart({ ...input, lines }).total).toBeGreaterThanOrEqual(priceCart(input).total);
      }),
    );
  });

  it('takes the lowest price that holds, and compares with a higher one only', () => {
    fc.assert(
      fc.property(anyCart(), (input) => {
        for (const [i, line] of priceCart({ ...input, taxExempt: false }).lines.entries()) {
          const { offers, quantity } = input.lines[i]!;
          const holding = offers.filter((offer) => offer.minQuantity <= quantity);
          expect(line.unitPrice).toBe(Math.min(...holding.map((offer) => offer.amount)));
          expect(line.compareAt === null || line.compareAt > line.unitPrice).toBe(true);
        }
      }),
    );
  });

  it('comes out the same twice, whatever the order of the lines', () => {
    fc.assert(
      fc.property(anyCart(), (input) => {
        const there = priceCart(input);
        const back = priceCart({ ...input, lines: [...input.lines].reverse() });
        expect(back).toEqual({ ...there, lines: [...there.lines].reverse() });
      }),
    );
  });
});
