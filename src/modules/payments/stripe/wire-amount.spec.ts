import { chargeProblem, fromWire, toWire } from './wire-amount.js';

describe('amounts on the wire to Stripe', () => {
  it.each([
    ['USD', 1999, 1999],
    ['JPY', 2000, 2000],
    ['KWD', 5120, 5120],
    ['ISK', 500, 50_000],
    ['UGX', 3000, 300_000],
    ['HUF', 17_500, 17_500],
  ])('%s %i is sent as %i and read back', (currency, amount, wire) => {
    expect(toWire(amount, currency)).toBe(wire);
    expect(fromWire(wire, currency.toLowerCase())).toBe(amount);
  });
  it('knows what Stripe refuses', () => {
    expect(chargeProblem(49, 'USD')).toEqual({ problem: 'too_small', limit: 50 });
    expect(chargeProblem(50, 'USD')).toBeNull();
    expect(chargeProblem(100_000_000, 'USD')?.problem).toBe('too_large');
    expect(chargeProblem(5123, 'KWD')?.problem).toBe('step');
  });
});
