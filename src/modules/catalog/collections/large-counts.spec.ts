import { LargeCounts } from './large-counts.js';

describe('counts of large collections', () => {
  let now = 0;
  let counts: LargeCounts;
  beforeEach(() => {
    now = 1_000_000;
    counts = new LargeCounts(() => now);
  });
  const row = (id: string, productCount: number, version = 1) => ({ id, version, productCount });

  it('are known for a minute from when they were counted, by currency; small ones never', () => {
    counts.learn('EUR', [row('a', 10_001), row('b', 10_000)]);
    expect(counts.known('EUR')).toEqual([['a'], [1], [10_001]]);
    expect(counts.known(null)).toEqual([[], [], []]);
    now += 59_000;
    counts.learn('EUR', [row('a', 10_001)]);
    expect(counts.known('EUR')[0]).toEqual(['a']);
    now += 1_000;
    expect(counts.known('EUR')[0]).toEqual([]);
    counts.learn('EUR', [row('a', 10_002)]);
    expect(counts.known('EUR')).toEqual([['a'], [1], [10_002]]);
  });

  it('are those of the last version, and gone with what became small', () => {
    counts.learn(null, [row('a', 20_000)]);
    counts.learn(null, [row('a', 30_000, 2)]);
    expect(counts.known(null)).toEqual([['a'], [2], [30_000]]);
    counts.learn(null, [row('a', 3, 3)]);
    expect(counts.known(null)).toEqual([[], [], []]);
  });

  it('are not more than a thousand', () => {
    counts.learn(
      null,
      Array.from({ length: 1_200 }, (_, n) => row(`c${n}`, 20_000)),
    );
    expect(counts.known(null)[0]).toHaveLength(1_000);
  });
});
