import fc from 'fast-check';
import { allocate, formatMoney, money, parseDecimal, taxOf } from './index.js';

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
  it('refuses fractions of a minor unit', () => expect(() => money(10.5, 'USD')).toThrow(RangeError));

  it('taxes 7 x 12.59 at 20 % to a whole cent', () => {
    expect(taxOf(7 * 1259, 200_000, false)).toBe(1763);
    expect(taxOf(1200, 200_000, true)).toBe(200);
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
