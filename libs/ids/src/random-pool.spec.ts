import { randomBytes } from './random-pool.js';

describe('randomBytes', () => {
  it('never hands out the same bytes twice, also when it has to ask for more', () => {
    const seen = new Set(Array.from({ length: 1_000 }, () => randomBytes(24).toString('hex')));
    expect(seen.size).toBe(1_000);
  });

  it('hands out bytes that nobody else holds', () => {
    const first = randomBytes(24);
    const before = first.toString('hex');
    for (let i = 0; i < 500; i += 1) randomBytes(24).fill(0);
    expect(first.toString('hex')).toBe(before);
    expect(first).toHaveLength(24);
  });
});
