import { DearAnswers } from './dear-answers.js';

describe('dear answers', () => {
  let now = 0;
  let found = 0;
  let isDear = true;
  const answers = () =>
    new DearAnswers<number>(
      () => isDear,
      () => now,
    );
  const search = async () => {
    await Promise.resolve();
    return (found += 1);
  };
  beforeEach(() => {
    now = 1_000;
    found = 0;
    isDear = true;
  });

  it('are kept for a minute, then shown once more while they are found anew', async () => {
    const dear = answers();
    expect(await dear.get('a', search)).toBe(1);
    now += 59_000;
    expect(await dear.get('a', search)).toBe(1);
    now += 2_000;
    expect(await dear.get('a', search)).toBe(1);
    await new Promise(setImmediate);
    expect(await dear.get('a', search)).toBe(2);
    now += 400_000;
    expect(await dear.get('a', search)).toBe(3);
  });

  it('are kept for as long as is said', async () => {
    const dear = new DearAnswers<number>(
      () => true,
      () => now,
      { freshMs: 10_000, staleMs: 10_000 },
    );
    expect(await dear.get('a', search)).toBe(1);
    now += 9_999;
    expect(await dear.get('a', search)).toBe(1);
    now += 1;
    expect(await dear.get('a', search)).toBe(2);
  });

  it('that are cheap are never kept', async () => {
    isDear = false;
    const dear = answers();
    expect(await dear.get('a', search)).toBe(1);
    expect(await dear.get('a', search)).toBe(2);
  });

  it('are found once for all who ask at the same time', async () => {
    const dear = answers();
    expect(await Promise.all([1, 2, 3].map(() => dear.get('a', search)))).toEqual([1, 1, 1]);
  });

  it('that cannot be found are asked for again', async () => {
    const dear = answers();
    await expect(dear.get('a', () => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
    expect(await dear.get('a', search)).toBe(1);
  });

  it('leave room for others', async () => {
    const dear = answers();
    for (let i = 0; i < 501; i += 1) await dear.get(String(i), search);
    found = 0;
    expect(await dear.get('500', search)).toBe(501);
    expect(await dear.get('0', search)).toBe(1);
  });
});
