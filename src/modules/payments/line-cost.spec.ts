import fc from 'fast-check';
import { costOf } from './line-cost.js';

describe('costOf', () => {
  it('gives a discounted line back to the cent, however its pieces are parted, and never less than nothing for one', () => {
    const anyLine = fc.record({
      total: fc.integer({ min: 0, max: 10_000_000_000 }),
      quantity: fc.integer({ min: 1, max: 9_999 }),
    });
    fc.assert(
      fc.property(anyLine, fc.array(fc.integer({ min: 1, max: 500 })), (line, sizes) => {
        let [given, refunded] = [0, 0];
        for (const size of [...sizes, line.quantity]) {
          const quantity = Math.min(size, line.quantity - given);
          const refund = costOf(line, given + quantity) - costOf(line, given);
          expect(refund).toBeGreaterThanOrEqual(0);
          [given, refunded] = [given + quantity, refunded + refund];
        }
        expect(refunded).toBe(line.total);
      }),
    );
  });
});
