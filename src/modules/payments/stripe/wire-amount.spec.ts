import fc from 'fast-check';
import { CURRENCIES, currencyExponent } from '#libs/money';
import { wireExponent } from '../../pricing/index.js';
import { chargeProblem, fromWire, toWire } from './wire-amount.js';

describe('amounts on the wire to Stripe', () => {
  it.each([
    ['USD', 1999, 1999],
    ['JPY', 2000, 2000],
    ['KWD', 5120, 5120],
    ['ISK', 500, 50_000],
    ['UGX', 3000, 300_000],
    ['HUF', 17_500, 17_500],
    ['TWD', 10_000, 10_000],
    ['MGA', 500_000, 5_000],
  ])('%s %i is sent as %i and read back', (currency, amount, wire) => {
    expect(toWire(amount, currency)).toBe(wire);
    expect(fromWire(wire, currency.toLowerCase())).toBe(amount);
  });

  it.each([
    [0, 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'],
    [2, 'USD EUR GBP ISK UGX HUF TWD'],
    [3, 'BHD JOD KWD OMR TND'],
  ])('%i digits: %s', (digits, currencies) => {
    for (const currency of currencies.split(' '))
      expect([currency, wireExponent(currency)]).toEqual([currency, digits]);
  });

  it('whatever can be charged is sent whole and comes back the same', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CURRENCIES), fc.integer({ min: 1, max: 99_999_999 }), (currency, amount) => {
        fc.pre(chargeProblem(amount, currency) === null);
        const wire = toWire(amount, currency);
        expect(Number.isInteger(wire)).toBe(true);
        expect(fromWire(wire, currency)).toBe(amount);
        expect(wire / 10 ** wireExponent(currency)).toBeCloseTo(amount / 10 ** currencyExponent(currency), 6);
      }),
    );
  });

  it('knows what Stripe refuses', () => {
    expect(chargeProblem(49, 'USD')).toEqual({ problem: 'too_small', limit: 50 });
    expect(chargeProblem(50, 'USD')).toBeNull();
    expect(chargeProblem(99_999_999, 'USD')).toBeNull();
    expect(chargeProblem(100_000_000, 'USD')).toEqual({ problem: 'too_large', limit: 99_999_999 });
    expect(chargeProblem(1_000_000, 'ISK')).toEqual({ problem: 'too_large', limit: 999_999 });
    for (const currency of ['BHD', 'JOD', 'KWD', 'OMR', 'TND']) {
      expect(chargeProblem(5123, currency)).toEqual({ problem: 'step', limit: 10 });
      expect(chargeProblem(5120, currency)).toBeNull();
    }
    expect(chargeProblem(12_345, 'MGA')).toEqual({ problem: 'step', limit: 100 });
  });
});
