import { describe, expect, it } from '@jest/globals';
import { inBatches } from './batches.js';
import type { Delivery } from './transport.js';

const delivery = (id: string, given: Partial<Delivery> = {}): Delivery => ({
  id,
  queue: 'notifications',
  attempt: 1,
  isLapsed: false,
  ...given,
});
const ids = (batches: Delivery[][]) => batches.map((batch) => batch.map(({ id }) => id));

describe('batches of jobs', () => {
  it('holds at most ten short jobs of one queue, in their order', () => {
    const many = Array.from({ length: 23 }, (_, i) => delivery(String(i)));
    const batches = inBatches('notifications', [delivery('other', { queue: 'payments' }), ...many]);
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 3]);
    expect(batches.flat()).toEqual(many);
  });

  it('leaves a job alone that may have taken down its process', () => {
    const batches = inBatches('notifications', [delivery('a'), delivery('bad', { isLapsed: true }), delivery('b')]);
    expect(ids(batches)).toEqual([['a', 'b'], ['bad']]);
  });

  it('leaves jobs alone that take long', () => {
    const imports = [delivery('a', { queue: 'imports' }), delivery('b', { queue: 'imports' })];
    expect(ids(inBatches('imports', imports))).toEqual([['a'], ['b']]);
  });
});
