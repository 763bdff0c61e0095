import fc from 'fast-check';
import {
  allocate,
  CURRENCIES,
  currencyExponent,
  formatMoney,
  money,
  parseDecimal,
  roundHalfUp,
  shareOf,
  taxOf,
} from './index.js';

describe('money', () => {
  it.each([
    ['19.99', 'GBP', 1999],
    ['5', 'USD', 500],
    ['5.', 'USD', 500],
    ['0.5', 'USD', 50],
    ['12.50', 'JPY', null],
    ['12.00', 'JPY', 12],
    ['5.120', 'KWD', 5120],
    ['1.999', 'USD', null],
    ['1,50', 'USD', null],
    ['-3.10', 'USD', -310],
    ['1e3', 'USD', null],
    ['', 'USD', null],
  ])('reads %s %s as %p minor units', (text, currency, expected) =>
    expect(parseDecimal(text, currency)).toBe(expected),
  );

  it('shows minor units with the digits of the currency', () => {
    expect(formatMoney(money(1999, 'GBP'))).toBe('£19.99');
    expect(formatMoney(money(2000, 'JPY'))).toBe('¥2,000');
    expect(formatMoney(money(5120, 'KWD')).replace(/\s/, ' ')).toBe('KWD 5.120');
  });
  it('shows every amount as Intl does, in every currency', () => {
    const check = (amount: number, currency: string, locale: string) => {
      const digits = currencyExponent(currency);
      const format = new Intl.NumberFormat(locale, {
        style: 'currency',
        currency,
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      });
      expect(formatMoney({ amount, currency }, locale)).toBe(format.format(amount / 10 ** digits));
    };
    for (const currency of CURRENCIES) for (const amount of [0, 7, -1234567, 100000]) check(amount, currency, 'en-US');
    const amounts = fc.integer({ min: -99_999_999_999, max: 99_999_999_999 });
    const locales = fc.constantFrom('en-US', 'en-GB', 'de-DE', 'de-CH', 'hi-IN', 'ar-EG');
    fc.assert(fc.property(amounts, fc.constantFrom('USD', 'EUR', 'JPY', 'KWD', 'CHF'), locales, check));
  });
  it('refuses fractions of a minor unit', () => expect(() => money(10.5, 'USD')).toThrow(RangeError));

  it('taxes 7 x 12.59 at 20 % to a whole cent', () => {
    expect(taxOf(7 * 1259, 200_000, false)).toBe(1763);
    expect(taxOf(1200, 200_000, true)).toBe(200);
  });
  it('rounds shares of amounts as exact integers are rounded, small or large, by a hair or not', () => {
    const any = fc.oneof(fc.maxSafeInteger(), fc.maxSafeNat(), fc.nat(100_000), fc.integer({ min: -9, max: 9 }));
    const denominators = fc.oneof(
      fc.constantFrom(1, 2, 1_000_000, 1_200_000),
      any.filter((d) => d !== 0),
    );
    const check = (amount: number, numerator: number, denominator: number) =>
      expect(shareOf(amount, numerator, denominator)).toBe(
        roundHalfUp(BigInt(amount) * BigInt(numerator), BigInt(denominator)),
      );
    fc.assert(fc.property(any, any, denominators, check), { numRuns: 2_000 });
    // Dividends at the very bound of safe integers, one below and one above a multiple.
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 25 }), fc.integer({ min: -1, max: 1 }), (denominator, off) => {
        check(
          Math.floor((Number.MAX_SAFE_INTEGER - 3 * denominator) / 2 / denominator) * denominator + off,
          1,
          denominator,
        );
      }),
      { numRuns: 2_000 },
    );
  });
  it('allocates as exact integers do, small amounts or large', () => {
    const exact = (total: number, weights: number[]) => {
      const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
      const shares = weights.map((weight, at) => ({
        at,
        share: (BigInt(total) * BigInt(weight)) / sum,
        rest: (BigInt(total) * BigInt(weight)) % sum,
      }));
      const parts = shares.map(({ share }) => Number(share));
      const left = total - parts.reduce((all, part) => all + part, 0);
      for (const { at } of shares
        .toSorted((a, b) => (a.rest === b.rest ? a.at - b.at : a.rest > b.rest ? -1 : 1))
        .slice(0, left))
        parts[at]! += 1;
      return parts;
    };
    const totals = fc.oneof(fc.nat(1_000_000), fc.nat({ max: 99_999_999_999 }));
    const weights = fc.array(fc.oneof(fc.nat(5), fc.nat(100_000), fc.nat({ max: 99_999_999_999 })), {
      minLength: 1,
      maxLength: 6,
    });
    const check = (total: number, given: number[]) => {
      fc.pre(given.some((weight) => weight > 0));
      expect(allocate(total, given)).toEqual(exact(total, given));
    };
    fc.assert(fc.property(totals, weights, check), { numRuns: 2_000 });
    expect(() => allocate(1.5, [1, 2])).toThrow(RangeError);
  });
  it('allocates every unit, to integers, and never negative from a positive total', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 50 }),
        (total, weights) => {
          const parts = allocate(total, weights);
          expect(parts.reduce((a, b) => a + b, 0)).toBe(total);
          expect(parts.every((p) => Number.isInteger(p) && p >= 0)).toBe(true);
        },
      ),
    );
  });
});
