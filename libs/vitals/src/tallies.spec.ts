import { defineTally, tallyReports } from './index.js';

describe('a tally', () => {
  it('counts by its labels, and is declared once', () => {
    const tally = { name: 'things_total', help: 'things', labels: ['kind'] };
    const count = defineTally(tally);
    count({ kind: 'a' });
    count({ kind: 'b' });
    count({ kind: 'a' });
    expect(tallyReports().find((t) => t.name === 'things_total')?.counts).toEqual([
      { labels: { kind: 'a' }, count: 2 },
      { labels: { kind: 'b' }, count: 1 },
    ]);
    expect(() => defineTally(tally)).toThrow('declared twice');
  });
});
