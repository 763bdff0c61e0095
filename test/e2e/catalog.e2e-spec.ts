import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Db } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { AuthModule } from '../../src/modules/auth/index.js';
import { CatalogModule, ProductListings, ProductWriter } from '../../src/modules/catalog/index.js';
import { client } from '../support/call.js';
import { CATEGORIES, draftNumber, fillCatalog, save, SHOP_SIZE } from '../support/catalog-shop.js';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let shop: ModuleApp;
let call: ReturnType<typeof client>;
let db: Db;

beforeAll(async () => {
  database = await cloneDatabase();
  shop = await startModules([AuthModule, CatalogModule], database.url);
  db = shop.db;
  call = client(shop.url);
  await fillCatalog(db);
});
afterAll(async () => {
  await shop?.close();
  await database?.drop();
});

type Card = {
  id: string;
  handle: string;
  title: string;
  priceRange: { min: { amount: number; currency: string }; max: { amount: number } };
  available: boolean;
  compareAt?: { amount: number };
};
const get = (path: string, headers: Record<string, string> = {}) => call('GET', path, { headers });
const list = async (query: string, headers: Record<string, string> = {}) => {
  const { status, body } = await get(`/v1/products?${query}`, headers);
  expect(status).toBe(200);
  return body as { data: Card[]; page: { next: string | null; prev: string | null; limit: number; total?: number } };
};
const handles = async (query: string) => (await list(query)).data.map((card) => card.handle);
/** All pages one after the other, by `next`. */
async function walk(query: string): Promise<{ cards: Card[]; pages: string[][] }> {
  const cards: Card[] = [];
  const pages: string[][] = [];
  let cursor = '';
  do {
    const { data, page } = await list(`${query}${cursor && `&cursor=${cursor}`}`);
    cards.push(...data);
    pages.push(data.map((card) => card.handle));
    cursor = page.next ?? '';
    expect(pages.length).toBeLessThan(100);
  } while (cursor);
  return { cards, pages };
}

const hide = (n: number) => save(db, [{ ...draftNumber(n), status: 'archived' }]);

/**
 * How many statements the work takes; each takes a connection of the pool. The least of three tries, because the shop does
 * things of its own meanwhile.
 */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const pool = (db.dataSource.driver as unknown as { master: pg.Pool }).master;
  let least = Infinity;
  for (let round = 0; round < 3; round += 1) {
    let count = 0;
    const counted = () => (count += 1);
    pool.on('acquire', counted);
    try {
      await work();
    } finally {
      pool.off('acquire', counted);
    }
    least = Math.min(least, count);
  }
  return least;
}

describe('the product list', () => {
  it('shows cards with what a shop window needs, newest first', async () => {
    const { data, page } = await list('limit=3');
    expect(page).toEqual({ limit: 3, next: expect.any(String), prev: null });
    expect(data).toHaveLength(3);
    const [{ n }] = (await db.query<{ n: string }>(
      `SELECT handle AS n FROM products ORDER BY created_at DESC, id DESC LIMIT 1`,
    )) as [{ n: string }];
    expect(data[0]).toMatchObject({
      id: expect.stringMatching(/^prod_/),
      handle: n,
      vendor: expect.any(String),
      thumbnail: expect.stringMatching(/^https:\/\/images\.example\.com\//),
      available: expect.any(Boolean),
    });
    const zero = (await list('q=product+care&limit=100')).data.find((card) => card.handle === 'product-35');
    expect(zero ?? (await list('limit=100')).data.find((card) => card.handle === 'product-35')).toMatchObject({
      priceRange: { min: { amount: 500, currency: 'USD' }, max: { amount: 600, currency: 'USD' } },
      compareAt: { amount: 9900, currency: 'USD' },
    });
  });

  it.each([
    '',
    'sort=price',
    'sort=-price',
    'sort=title',
    'sort=-title',
    'sort=createdAt',
    'sort=-price,title',
    'q=gift',
    'q=gift&sort=price',
  ])('pages forth and back without repeating or losing a row: %s', async (query) => {
    const whole = (await list(`${query}&limit=100`)).data.map((card) => card.handle);
    const { cards, pages } = await walk(`${query}&limit=7`);
    expect(cards.map((card) => card.handle)).toEqual(whole);
    expect(new Set(whole).size).toBe(whole.length);
    expect(whole.length).toBe(query.includes('q=') ? SHOP_SIZE / 2 : SHOP_SIZE);

    let cursor = '';
    const last = pages.at(-1)!;
    for (let i = 0; i < pages.length - 1; i += 1) {
      cursor = (await list(`${query}&limit=7${cursor && `&cursor=${cursor}`}`)).page.next!;
    }
    let { data, page } = await list(`${query}&limit=7&cursor=${cursor}`);
    expect(data.map((card) => card.handle)).toEqual(last);
    for (const expected of pages.slice(0, -1).reverse()) {
      ({ data, page } = await list(`${query}&limit=7&cursor=${page.prev}`));
      expect(data.map((card) => card.handle)).toEqual(expected);
      expect(page.next).not.toBeNull();
    }
    expect(page.prev).toBeNull();
  });

  it('sorts as asked', async () => {
    const amounts = (await list('sort=price&limit=100')).data.map((card) => card.priceRange.min.amount);
    expect(amounts).toEqual([...amounts].sort((a, b) => a - b));
    const titles = (await list('sort=title&limit=100')).data.map((card) =>
      card.title.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase(),
    );
    expect(titles).toEqual([...titles].sort());
    const both = (await list('sort=-price,title&limit=100')).data;
    both
      .slice(1)
      .forEach((card, i) => expect(card.priceRange.min.amount).toBeLessThanOrEqual(both[i]!.priceRange.min.amount));
  });

  it('takes page numbers, which lead to the same rows', async () => {
    const { pages } = await walk('limit=20');
    for (const [i, expected] of pages.entries()) {
      const { data, page } = await list(`limit=20&page=${i + 1}`);
      expect(data.map((card) => card.handle)).toEqual(expected);
      expect(page.prev === null).toBe(i === 0);
      expect(page.next === null).toBe(i === pages.length - 1);
    }
    expect((await list('limit=20&page=9')).data).toEqual([]);
  });

  it('does not lose its place when rows come and go in between', async () => {
    const first = await list('limit=5');
    await save(db, [{ ...draftNumber(900), createdAt: new Date(Date.UTC(2027, 0, 1)), tags: [] }]);
    const second = await list(`limit=5&cursor=${first.page.next}`);
    expect(second.data.map((c) => c.handle)).not.toEqual(expect.arrayContaining(first.data.map((c) => c.handle)));
    const back = await list(`limit=5&cursor=${second.page.prev}`);
    expect(back.data.map((c) => c.handle)).toEqual(first.data.map((c) => c.handle));
    expect(back.page.prev).not.toBeNull();
    await hide(900);
  });

  it('filters, alone and together', async () => {
    const numbers = (test: (n: number) => boolean) =>
      Array.from({ length: SHOP_SIZE }, (_, n) => n)
        .filter(test)
        .map((n) => `product-${n}`)
        .sort();
    const found = async (query: string) => (await handles(`${query}&limit=100`)).sort();
    expect(await found('category=kitchen')).toEqual(numbers((n) => n % 3 === 0));
    expect(await found('category=home')).toEqual(numbers((n) => n % 3 !== 2));
    expect(await found(`category=${encodeId('category', CATEGORIES.home)}`)).toEqual(numbers((n) => n % 3 !== 2));
    expect(await found(`category=clothing,${encodeId('category', CATEGORIES.bath)}`)).toEqual(
      numbers((n) => n % 3 > 0),
    );
    expect(await found('category=nowhere')).toEqual([]);
    expect(await found('vendor=holm+%26+co')).toEqual(numbers((n) => n % 3 === 1));
    expect(await found('vendor=Juniper&vendor=Northwind')).toEqual(numbers((n) => n % 3 !== 1));
    expect(await found('option.Color=red')).toEqual(numbers((n) => n % 3 === 0 || n % 3 === 2));
    expect(await found('option.color=Red,Blue&option.Size=M')).toHaveLength(SHOP_SIZE);
    expect(await found('option.Size=XL')).toEqual([]);
    expect(await found('price[gte]=800&price[lte]=1400')).toEqual(numbers((n) => n % 7 >= 1 && n % 7 <= 3));
    expect(await found('inStock=true')).toEqual(numbers((n) => n % 4 !== 0));
    expect(await found('inStock=false')).toHaveLength(SHOP_SIZE);
    expect(
      await found('category=kitchen&vendor=Northwind&price[gte]=800&inStock=true&option.Color=Red&q=gift'),
    ).toEqual(numbers((n) => n % 3 === 0 && n % 7 >= 1 && n % 4 !== 0 && n % 2 === 0));
    expect((await list('vendor=Juniper&include=total&limit=2')).page.total).toBe(SHOP_SIZE / 3);
  });

  it('refuses what it does not know, by name', async () => {
    for (const [query, code, pointer] of [
      ['color=red', 'unknown_parameter', 'color'],
      ['limit=0', 'invalid_parameter', 'limit'],
      ['cursor=abc', 'invalid_cursor', 'cursor'],
      ['sort=rank', 'invalid_parameter', 'sort'],
    ]) {
      const { status, body } = await get(`/v1/products?${query}`);
      expect([status, body.code, body.errors[0].pointer]).toEqual([400, code, pointer]);
    }
    const { page } = await list('limit=2');
    expect((await get(`/v1/products?sort=price&cursor=${page.next}`)).body.code).toBe('invalid_cursor');
    const forged = Buffer.from(
      JSON.stringify({ k: 'products:-createdAt', d: 'a', v: ["2026-01-01' OR 1=1", newUuid()] }),
    );
    expect((await get(`/v1/products?cursor=${forged.toString('base64url')}`)).body.code).toBe('invalid_cursor');
  });

  it('answers in the currency of X-Currency', async () => {
    const { data } = await list('limit=100', { 'X-Currency': 'EUR' });
    expect(data).toHaveLength(SHOP_SIZE / 2);
    expect(data.every((card) => card.priceRange.min.currency === 'EUR')).toBe(true);
    expect((await list('limit=100', { 'X-Currency': 'JPY' })).data).toEqual([]);
    const wrong = await get('/v1/products', { 'X-Currency': 'usd' });
    expect([wrong.status, wrong.body.code, wrong.body.errors[0].pointer]).toEqual([
      400,
      'invalid_header',
      'X-Currency',
    ]);
  });

  it('has a strong ETag and answers 304 until something changes', async () => {
    const first = await get('/v1/products?vendor=Juniper');
    const etag = first.headers.get('etag')!;
    expect(etag).toMatch(/^"[\w-]+"$/);
    expect(first.headers.get('cache-control')).toBe('public, max-age=60, stale-while-revalidate=300');
    expect(first.headers.get('vary')).toMatch(/X-Currency/);
    const again = await get('/v1/products?vendor=Juniper', { 'If-None-Match': etag });
    expect([again.status, again.body]).toEqual([304, undefined]);
    expect((await get('/v1/products?vendor=Northwind', { 'If-None-Match': etag })).status).toBe(200);
  });

  it('takes one statement for a page, however many rows, and one for a product', async () => {
    for (const query of [
      'limit=1',
      'limit=20',
      'limit=100',
      'limit=10&page=3',
      'q=mug&limit=50',
      'category=home&sort=price&inStock=true',
    ]) {
      expect([query, await statementsOf(() => list(query))]).toEqual([query, 1]);
    }
    expect(await statementsOf(() => get('/v1/products/product-1'))).toBe(1);
    expect(await statementsOf(() => get('/v1/categories'))).toBe(1);
    expect(await statementsOf(() => get('/v1/products/facets'))).toBe(1);
  });
});

describe('search', () => {
  it('finds words in any order, the beginnings of words, other forms, and SKUs', async () => {
    expect(await handles('q=mug+ceramic&limit=100')).toContain('product-0');
    expect(await handles('q=blank')).toContain('product-1');
    expect(await handles('q=candles')).toContain('product-2');
    expect(await handles('q=SKU-17-1')).toContain('product-17');
    expect(await handles('q=creme')).toEqual(await handles('q=Cr%C3%A8me'));
    expect(await handles('q=creme')).toContain('product-4');
    expect(await handles('q=kitchen&limit=100')).toContain('product-3');
  });

  it.each([
    ['mgu', 'mug'],
    ['cermaic', 'ceramic'],
    ['shrit', 'shirt'],
    ['blnket', 'blanket'],
    ['teapto+copper', 'teapot+copper'],
  ])('forgives a typo: %s is %s', async (typed, meant) => {
    const right = await handles(`q=${meant}&limit=100`);
    expect(right.length).toBeGreaterThan(0);
    expect(await handles(`q=${typed}&limit=100`)).toEqual(right);
    const { cards } = await walk(`q=${typed}&limit=3`);
    expect(cards.map((card) => card.handle)).toEqual(right);
    expect((await list(`q=${typed}&include=total`)).page.total).toBe(right.length);
    expect(await handles(`q=${typed}&limit=2&page=2`)).toEqual(right.slice(2, 4));
  });

  it('finds nothing where nothing is alike', async () => {
    expect(await handles('q=xylophone')).toEqual([]);
    expect((await list('q=%21%21%21&include=total')).page).toEqual({ limit: 20, next: null, prev: null, total: 0 });
  });

  it.each([
    "'",
    '"',
    '&',
    '|',
    '!',
    '(',
    ')',
    ':*',
    '\\',
    '%',
    '_',
    '<->',
    'a & !b',
    "mug' OR 1=1 --",
    'mug:*A',
    '😀',
    'ﷺ',
    '日本',
    'the',
    '-',
    '1e400',
  ])('bears %s', async (q) => {
    for (const path of ['/v1/products?q=', '/v1/products/facets?q=', '/v1/search/suggest?q=']) {
      expect((await get(`${path}${encodeURIComponent(q)}`)).status).toBe(200);
    }
  });

  it('suggests words, categories and products, also after a slip', async () => {
    const { body } = await get('/v1/search/suggest?q=kit');
    expect(body.data).toContainEqual({ kind: 'query', text: 'kitchen' });
    expect(body.data).toContainEqual({
      kind: 'category',
      text: 'Kitchen',
      id: encodeId('category', CATEGORIES.kitchen),
      handle: 'kitchen',
    });
    const slip = await get('/v1/search/suggest?q=blnaket&limit=4');
    expect(slip.body.data).toHaveLength(4);
    expect(slip.body.data[0]).toEqual({ kind: 'query', text: 'blanket' });
    expect(slip.body.data[1]).toMatchObject({ kind: 'product', text: expect.stringMatching(/Blanket/) });
    expect((await get('/v1/search/suggest')).body.errors[0]).toMatchObject({ pointer: 'q', code: 'required' });
  });
});

describe('facets', () => {
  const facets = async (query: string) =>
    (await get(`/v1/products/facets?${query}`)).body.data as {
      key: string;
      label: string;
      values: { value: string; label: string; count: number }[];
    }[];

  it('count what the list would show, each with all filters but its own', async () => {
    const filters: Record<string, string> = {
      category: 'category=home',
      'option.Color': 'option.Color=Blue',
      vendor: 'vendor=Northwind',
      productType: 'productType=Mug&productType=shirt',
      price: 'price[gte]=500&price[lte]=1999',
    };
    const found = await facets(Object.values(filters).join('&'));
    expect(found.map((facet) => facet.key).sort()).toEqual([
      'category',
      'option.Color',
      'option.Size',
      'price',
      'productType',
      'vendor',
    ]);
    for (const { key, values } of found) {
      const others = Object.entries(filters).flatMap(([name, query]) => (name === key ? [] : [query]));
      for (const { value, count } of values) {
        const [from, to] = value.split('-');
        const own = key === 'price' ? `price[gte]=${from}&price[lte]=${to}` : `${key}=${encodeURIComponent(value)}`;
        const { page } = await list([...others, own, 'include=total', 'limit=1'].join('&'));
        expect([key, value, count]).toEqual([key, value, page.total]);
      }
    }
    expect(found.find((facet) => facet.key === 'vendor')!.values.length).toBeGreaterThan(1);
  });

  it('write options as the shop does, and follow a search with a typo', async () => {
    const color = (await facets('')).find((facet) => facet.key === 'option.Color')!;
    expect(color.label).toBe('Color');
    expect(color.values.map((value) => value.label).sort()).toEqual(['Blue', 'Green', 'Red']);
    expect(await facets('q=mgu')).toEqual(await facets('q=mug'));
    expect((await get('/v1/products/facets?limit=1')).body.code).toBe('unknown_parameter');
  });
});

describe('a product page', () => {
  it('has everything, by handle and by id', async () => {
    const byHandle = await get('/v1/products/product-0');
    expect(byHandle.status).toBe(200);
    const page = byHandle.body;
    expect((await get(`/v1/products/${page.id}`)).body).toEqual(page);
    expect(page).toMatchObject({
      handle: 'product-0',
      descriptionHtml: '<p>Made with <b>care</b>, number 0.</p>',
      options: [
        { name: 'Color', values: ['Red', 'Blue'] },
        { name: 'Size', values: ['M', 'L'] },
      ],
      categories: [{ handle: 'kitchen', title: 'Kitchen' }],
      available: false,
    });
    expect(page.variants[1]).toMatchObject({
      sku: 'SKU-0-1',
      title: 'Blue / L',
      options: { Color: 'Blue', Size: 'L' },
      price: { amount: 600, currency: 'USD' },
      compareAt: { amount: 9900, currency: 'USD' },
      available: false,
      stock: 'out_of_stock',
    });
  });

  it('tells the stock of this moment', async () => {
    const variantId = (await db.query<{ id: string }>(`SELECT id FROM variants WHERE sku = 'SKU-8-0'`))[0]!.id;
    const stock = async () => {
      const { body } = await get('/v1/products/product-8');
      return [body.available, body.variants[0].stock, body.variants[1].stock];
    };
    expect(await stock()).toEqual([false, 'out_of_stock', 'out_of_stock']);
    for (const [onHand, reserved, expected] of [
      [5, 0, [true, 'low_stock', 'out_of_stock']],
      [6, 0, [true, 'in_stock', 'out_of_stock']],
      [6, 1, [true, 'low_stock', 'out_of_stock']],
      [6, 6, [false, 'out_of_stock', 'out_of_stock']],
      [0, 0, [false, 'out_of_stock', 'out_of_stock']],
    ] as const) {
      await db.query('UPDATE stock_levels SET on_hand = $2, reserved = $3 WHERE variant_id = $1', [
        variantId,
        onHand,
        reserved,
      ]);
      expect(await stock()).toEqual(expected);
    }
    expect((await get('/v1/products/product-1')).body.variants[0]).toMatchObject({
      available: true,
      stock: 'in_stock',
    });
  });

  it('is not found when there is none, or none in this currency', async () => {
    expect((await get('/v1/products/no-such-thing')).body).toMatchObject({ status: 404, code: 'product_not_found' });
    expect((await get(`/v1/products/${encodeId('product', newUuid())}`)).status).toBe(404);
    expect((await get('/v1/products/product-1', { 'X-Currency': 'EUR' })).status).toBe(404);
    expect((await get(`/v1/products/${encodeId('category', newUuid())}`)).body).toMatchObject({
      status: 400,
      code: 'invalid_id',
    });
    expect((await get('/v1/products/product-1?expand=all')).body.code).toBe('unknown_parameter');
  });
});

describe('categories', () => {
  it('form a tree with counts of what can be seen', async () => {
    const { body } = await get('/v1/categories');
    const shape = (nodes: any[]): any[] => nodes.map((node) => [node.handle, node.productCount, shape(node.children)]);
    const inside = [
      ['kitchen', 20, []],
      ['bath', 20, []],
    ];
    expect(shape(body.data)).toEqual([
      ['home', 40, inside],
      ['clothing', 20, []],
    ]);
  });

  it('show the way that leads to one', async () => {
    const { body } = await get('/v1/categories/bath');
    expect(body).toMatchObject({ title: 'Bath', productCount: 20, children: [] });
    expect(body.breadcrumb.map((step: any) => step.handle)).toEqual(['home', 'bath']);
    expect((await get(`/v1/categories/${body.id}`)).body).toEqual(body);
    expect((await get('/v1/categories/nowhere')).body.code).toBe('category_not_found');
  });
});

describe('the writer', () => {
  it('changes nothing the second time, not even a version', async () => {
    const rows = () =>
      db.query(`SELECT p.xmin AS p, v.xmin AS v, r.xmin AS r FROM products p JOIN variants v ON v.product_id = p.id
                JOIN prices r ON r.variant_id = v.id WHERE p.handle LIKE 'product-1%' ORDER BY v.id, r.currency`);
    const before = await rows();
    const again = await db.transaction((tx) => new ProductWriter().save(tx, draftNumber(1)));
    expect(again.outcome).toBe('unchanged');
    expect(again.variants.map((variant) => variant.created)).toEqual([false, false]);
    expect(await rows()).toEqual(before);
  });

  it('keeps what the draft does not name and changes what differs', async () => {
    const draft = { ...draftNumber(700), tags: [] };
    await save(db, [draft]);
    const red = draft.variants[0]!;
    const [saved] = await save(db, [
      {
        ...draft,
        title: 'Renamed',
        images: [],
        variants: [
          { ...red, optionValues: ['Violet', 'M'], sku: null },
          { ...red, prices: [{ currency: 'USD', amount: 1, compareAt: null }] },
        ],
      },
    ]);
    expect(saved).toMatchObject({ outcome: 'updated', variants: [{ created: true }, { created: false }] });
    const page = (await get('/v1/products/product-700')).body;
    expect(page.title).toBe('Renamed');
    expect(page.images).toHaveLength(1);
    expect(page.variants.map((v: any) => [v.title, v.price.amount])).toEqual([
      ['Violet / M', 500],
      [draft.variants[0]!.optionValues.join(' / '), 1],
      [draft.variants[1]!.optionValues.join(' / '), 600],
    ]);
    expect((await get('/v1/products/product-700', { 'X-Currency': 'EUR' })).body.variants).toHaveLength(3);
    await hide(700);
  });

  it('two writers of one new handle end with one product', async () => {
    const drafts = [0, 1, 2, 3].map((i) => ({ ...draftNumber(800), title: `Try ${i}`, tags: [] }));
    const saved = await Promise.all(drafts.map((draft) => save(db, [draft])));
    expect(new Set(saved.map(([product]) => product!.productId)).size).toBe(1);
    expect(saved.filter(([product]) => product!.outcome === 'created')).toHaveLength(1);
    await hide(800);
  });
});

describe('availability', () => {
  it('is right after two changes of stock at once, whichever commits last', async () => {
    const listings = new ProductListings();
    const rows = await db.query<{ id: string; product_id: string }>(
      `SELECT v.id, v.product_id FROM variants v JOIN products p ON p.id = v.product_id WHERE p.handle = 'product-12' ORDER BY v.id`,
    );
    const productId = rows[0]!.product_id;
    const available = async () =>
      (await list('limit=100')).data.find((card) => card.handle === 'product-12')!.available;
    const set = (variant: number, onHand: number, pauseMs: number) =>
      db.transaction(async (tx) => {
        await tx.query('UPDATE stock_levels SET on_hand = $2 WHERE variant_id = $1', [rows[variant]!.id, onHand]);
        await sleep(pauseMs);
        await listings.refreshAvailability(tx, [productId]);
        await sleep(pauseMs);
      });
    for (let round = 0; round < 3; round += 1) {
      await Promise.all([set(0, 1, 5), set(1, 1, 15)]);
      expect(await available()).toBe(true);
      await Promise.all([set(0, 0, 15), set(1, 0, 5)]);
      expect(await available()).toBe(false);
      await Promise.all([set(0, 3, 20), set(1, 0, 0)]);
      expect(await available()).toBe(true);
      await Promise.all([set(0, 0, 0), set(1, 0, 20)]);
      expect(await available()).toBe(false);
    }
  });

  it('writes no row whose value stays', async () => {
    const listings = new ProductListings();
    const [{ product_id: productId }] = (await db.query(
      `SELECT product_id FROM product_listings WHERE handle = 'product-1' LIMIT 1`,
    )) as [{ product_id: string }];
    const version = () => db.query('SELECT xmin FROM product_listings WHERE product_id = $1', [productId]);
    const before = await version();
    await db.transaction((tx) => listings.refreshAvailability(tx, [productId]));
    expect(await version()).toEqual(before);
  });
});
