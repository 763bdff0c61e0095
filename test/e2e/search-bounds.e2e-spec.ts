import { jest } from '@jest/globals';
import fc from 'fast-check';
import { seedDemoShop } from '../../src/db/seed/index.js';
import { SEED } from '../support/rounds.js';
import { Shop } from '../support/shop.js';

let shop: Shop;
let staff: string;
beforeAll(async () => {
  shop = await Shop.start({ stripe: false });
  await seedDemoShop(shop.app, shop.config);
  staff = await shop.staff('manager');
  await shop.db.query(
    `INSERT INTO collections (id, handle, title, status, rule)
     SELECT gen_random_uuid(), 'many-' || n, 'Many ' || n, 'active', NULL FROM generate_series(1, 60) n`,
  );
  await shop.db.query(
    `INSERT INTO collection_translations (target_id, locale, title) SELECT id, 'de', 'Viele ' || handle FROM collections ON CONFLICT DO NOTHING`,
  );
});
afterAll(() => shop?.stop());

/** What the catalog is read by; jobs that run meanwhile read other tables. */
const OF_CATALOG =
  /product_listings|product_facets|facet_counts|FROM collections|_translations|search_words|FROM categories/;

/** How many statements of the catalog the shop sends meanwhile. */
async function sentFor(path: string, options: { bearer?: string; headers?: Record<string, string> } = {}) {
  let count = 0;
  const { db } = shop;
  const { dataSource } = db;
  const spies = [jest.spyOn(db, 'query'), jest.spyOn(db.quick, 'query'), jest.spyOn(dataSource, 'query')];
  try {
    const answer = await shop.call('GET', `/v1/${path}`, options);
    expect([path, answer.status]).toEqual([path, 200]);
    count = spies.reduce(
      (all, spy) => all + spy.mock.calls.filter(([text]) => OF_CATALOG.test(text as string)).length,
      0,
    );
    return { count, rows: answer.body.data.length as number };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The least of three: jobs that run meanwhile only add to it. */
async function statementsFor(...asked: Parameters<typeof sentFor>) {
  const found = [await sentFor(...asked), await sentFor(...asked), await sentFor(...asked)];
  return { rows: found[0]!.rows, count: Math.min(...found.map(({ count }) => count)) };
}

describe('the number of statements', () => {
  const german = { headers: { 'Accept-Language': 'de' } };
  it.each([
    ['of a list of collections', 'collections', {}],
    ['of a list of collections in another language', 'collections', german],
    ['of a list of collections for staff, with the number of products in each', 'admin/collections', 'staff'],
    ['of suggestions', 'search/suggest?q=o', {}],
    ['of suggestions in another language', 'search/suggest?q=o', german],
    ['of a search', 'products?q=cotton', {}],
  ] as const)('%s is the same for a row as for a full page', async (_, path, how) => {
    const options = how === 'staff' ? { bearer: staff } : how;
    const limited = (limit: number) => statementsFor(`${path}${path.includes('?') ? '&' : '?'}limit=${limit}`, options);
    await limited(3);
    const [one, many] = [await limited(1), await limited(20)];
    expect(one.rows).toBe(1);
    expect(many.rows).toBeGreaterThan(path.startsWith('products') ? 0 : 5);
    expect(many.count).toBeGreaterThan(0);
    // One suggestion may do where a page of them needs further looks.
    const further = path.startsWith('search') ? 2 : 0;
    expect(many.count - one.count).toBeLessThanOrEqual(further);
    expect(many.count).toBeLessThanOrEqual(7);
  });

  it('of facets is one for all, and one more for each chosen facet, however many values are counted', async () => {
    const of = async (query: string, options = {}) => (await statementsFor(`products/facets${query}`, options)).count;
    await of('?inStock=true');
    const all = await of('?inStock=true');
    expect(await of('?q=cotton&inStock=true')).toBeLessThanOrEqual(all + 1);
    expect(await of('?inStock=true&option.Color=White')).toBe(all + 1);
    expect(await of('?inStock=true&option.Color=White&price[gte]=100')).toBe(all + 2);
    await of('?inStock=true', german);
    expect(await of('?inStock=true', german)).toBe(all + 2);
  });
});

const SIGNS = [
  ...`&|!():*<->'"\\%_^$#@,;.~/+=[]{}?\``,
  '\u0000',
  '\u200b',
  '\u202e',
  '\ufffd',
  '\ud83d',
  'ß',
  'İ',
  'ﬁ',
  'ẞ',
  '́',
  '👩‍👩‍👧',
  '中',
  'ع',
  'ก',
];
const typed = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .array(fc.oneof(fc.constantFrom(...SIGNS), fc.constantFrom('cotton', 'tee', 'c', 'a', 'and', 'not', '1')), {
      maxLength: 30,
    })
    .map((parts) => parts.join('')),
  fc
    .array(fc.constantFrom('cotton', 'c', 'kettle', 'x', 'zzzz', '0', 'te'), { minLength: 1, maxLength: 40 })
    .map((parts) => parts.join(' ')),
  fc
    .tuple(fc.constantFrom('a', 'é', '中', '1', '-', '\u0301'), fc.integer({ min: 1, max: 400 }))
    .map(([letter, times]) => letter.repeat(times)),
);
/** As a browser would send it, halves of characters included. */
const encoded = (text: string) => encodeURIComponent(text.toWellFormed());

describe('whatever is typed', () => {
  it.each([
    ['suggestions', 'search/suggest?q='],
    ['a search', 'products?q='],
    ['facets of a search', 'products/facets?q='],
  ])('%s answer, or refuse it by name, within a moment', async (_, path) => {
    const times: number[] = [];
    await fc.assert(
      fc.asyncProperty(typed, fc.constantFrom('', 'de', 'cs-CZ, de;q=0.5'), async (text, language) => {
        const startedAt = performance.now();
        const { status, body } = await shop.call('GET', `/v1/${path}${encoded(text)}`, {
          headers: language ? { 'Accept-Language': language } : {},
        });
        times.push(performance.now() - startedAt);
        expect([200, 400]).toContain(status);
        if (status === 400) expect(body.code).toBe(text.includes('\0') ? 'bad_request' : 'invalid_parameter');
        else expect(Array.isArray(body.data)).toBe(true);
      }),
      { numRuns: 250, seed: SEED },
    );
    // A machine may stall for a moment; what is typed makes nobody wait.
    times.sort((a, b) => a - b);
    expect(times[Math.floor(times.length * 0.95)]).toBeLessThan(3_000);
  });

  it('bytes that are no text are refused', async () => {
    for (const q of ['%ff', '%c3%28', '%ed%a0%80', 'a%00b', '%'])
      for (const path of ['search/suggest', 'products', 'products/facets'])
        expect([200, 400]).toContain((await shop.call('GET', `/v1/${path}?q=${q}`)).status);
  });
});
