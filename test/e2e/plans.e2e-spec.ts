import { Db, type Queryable } from '#libs/database';
import { AuthModule } from '../../src/modules/auth/index.js';
import { CatalogModule } from '../../src/modules/catalog/index.js';
import type { AdminProductListQuery } from '../../src/modules/catalog/dto/product.request.js';
import { CategoriesQuery } from '../../src/modules/catalog/categories.query.js';
import { CollectionsQuery } from '../../src/modules/catalog/collections/collections.query.js';
import { FacetsQuery } from '../../src/modules/catalog/facets.query.js';
import { parseFacets, parseProductList } from '../../src/modules/catalog/product-filter.js';
import { ProductListQuery } from '../../src/modules/catalog/product-list.query.js';
import { ProductPageQuery } from '../../src/modules/catalog/product-page.query.js';
import { AdminProductsQuery } from '../../src/modules/catalog/products.admin.query.js';
import { SpellingQuery } from '../../src/modules/catalog/spelling.query.js';
import { SuggestQuery } from '../../src/modules/catalog/suggest.query.js';
import { Synonyms } from '../../src/modules/catalog/synonyms/synonyms.service.js';
import { ContentLanguages } from '../../src/modules/catalog/translations/content-languages.js';
import { DeadWords } from '../../src/modules/catalog/words/dead-words.service.js';
import { ensureSettings } from '../../src/modules/settings/index.js';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

const PRODUCTS = 30_000;
/** Tables that must be found in by index, however large the catalog is. */
const LARGE = ['product_listings', 'product_pages', 'products', 'search_words'];
/** Products that are called `materialc`, and those whose description says so. */
const TOTAL = 2_308;
const COLLECTION = '01920000-0000-7000-8000-0000000002a1';
const AVAILABLE = '01920000-0000-7000-8000-0000000002a2';
const ORIGINAL = { locales: [], original: 'en' };

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  Plans?: PlanNode[];
}

let database: TestDatabase;
let shop: ModuleApp;
let wholeReads: string[] = [];
let indexes: string[] = [];
let statements = 0;

/** The same database; each statement is explained before it is run. */
function explaining(db: Db): Db {
  const explained = async (text: string, values: unknown[] = []) => {
    const [row] = await db.dataSource.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
      `EXPLAIN (FORMAT JSON) ${text}`,
      values,
    );
    statements += 1;
    const visit = (node: PlanNode) => {
      if (node['Node Type'] === 'Seq Scan' && LARGE.includes(node['Relation Name']!))
        wholeReads.push(`${node['Relation Name']} in ${text.trim().slice(0, 300)}`);
      if (node['Index Name']) indexes.push(node['Index Name']);
      node.Plans?.forEach(visit);
    };
    visit(row!['QUERY PLAN'][0].Plan);
    return db.dataSource.query(text, values);
  };
  return { query: explained, quick: { query: explained }, dataSource: { query: explained } } as unknown as Db;
}

/** A catalog of one currency whose rows are made in Postgres: what counts here are their number and spread. */
async function fill(db: Queryable): Promise<void> {
  await db.query(
    `INSERT INTO categories (id, handle, title)
     SELECT ('01920000-0000-7000-8000-0000000001' || lpad(n::text, 2, '0'))::uuid, 'category-' || n, 'Category ' || n FROM generate_series(10, 39) n`,
  );
  await db.query(
    `INSERT INTO products (id, handle, title, status, created_at)
     SELECT ('01920000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'product-' || n, 'Thing ' || n, 'active', now() - n * interval '1 hour'
     FROM generate_series(1, ${PRODUCTS}) n`,
  );
  await db.query(
    `INSERT INTO collections (id, handle, title, only_available)
     VALUES ('${COLLECTION}', 'even', 'Even', false), ('${AVAILABLE}', 'even-available', 'Even, what is there', true)`,
  );
  await db.query(
    `INSERT INTO product_listings (product_id, currency, handle, title, sort_title, vendor, category_ids, collection_ids, options, option_labels,
       price_min, price_max, available, created_at, search, card, popularity)
     SELECT p.id, 'USD', p.handle, p.title, lower(w.title), 'Vendor ' || n % 50,
       ARRAY[('01920000-0000-7000-8000-0000000001' || (10 + n % 30))::uuid],
       CASE WHEN n % 2 = 0 THEN ARRAY['${COLLECTION}', '${AVAILABLE}']::uuid[] ELSE '{}' END, ARRAY['color=c' || n % 40], ARRAY['Color=C' || n % 40],
       100 + (n * 7919) % 9000, 9999, n % 9 > 0, p.created_at,
       setweight(to_tsvector('emporium', w.title), 'A') || setweight(to_tsvector('emporium', 'goes with material' || chr(97 + (n + 1) % 26)), 'D'),
       json_build_object('title', w.title)::text, (n * 31) % 5000
     FROM (SELECT p.*, right(p.id::text, 12)::int AS n FROM products p) p
     CROSS JOIN LATERAL (SELECT 'material' || chr(97 + n % 26) || ' noun' || chr(97 + n % 25) || chr(97 + n / 25 % 26) || ' thing' || n AS title) w`,
  );
  await db.query(
    `INSERT INTO product_pages (product_id, currency, handle, variant_ids, detail)
     SELECT product_id, currency, handle, '{}', '{"title":"x"}' FROM product_listings`,
  );
  await db.query(
    `INSERT INTO search_words (word) SELECT DISTINCT w FROM product_listings CROSS JOIN regexp_split_to_table(sort_title, ' ') AS w`,
  );
  for (const table of [...LARGE, 'categories', 'facet_counts']) await db.query(`ANALYZE ${table}`);
}

beforeAll(async () => {
  database = await cloneDatabase();
  shop = await startModules([AuthModule, CatalogModule], database.url, { JOBS: '0' });
  await ensureSettings(shop.db, shop.config);
  // To make so many rows may take longer than a request may.
  await shop.db.transaction(async (tx) => {
    await tx.query('SET LOCAL statement_timeout = 0');
    await fill(tx);
  });
}, 120_000);
afterAll(async () => {
  await shop?.close();
  await database?.drop();
});
beforeEach(() => {
  wholeReads = [];
  indexes = [];
  statements = 0;
});

const services = () => {
  const db = explaining(shop.db);
  const spelling = new SpellingQuery(db, new Synonyms(db));
  return {
    list: new ProductListQuery(db, spelling, shop.config),
    facets: new FacetsQuery(db, spelling, new ContentLanguages(db, shop.config)),
    suggest: new SuggestQuery(db, spelling, shop.config),
    page: new ProductPageQuery(db, shop.config),
    categories: new CategoriesQuery(db, new ContentLanguages(db, shop.config)),
    collections: new CollectionsQuery(db),
  };
};

describe('no large table is read whole', () => {
  it.each([
    {},
    { sort: 'price' },
    { sort: '-price' },
    { sort: 'title' },
    { sort: 'bestSelling' },
    { page: '40' },
    { category: 'category-20' },
    { category: 'category-20', sort: 'price' },
    { vendor: 'Vendor 7' },
    { 'option.Color': 'C7', sort: 'bestSelling' },
    { 'price[gte]': '500', 'price[lte]': '520' },
    { inStock: 'true', sort: 'price' },
    { q: 'materialc' },
    { q: 'materialb nounba' },
    { q: 'nounbx', sort: 'price' },
    { q: 'matreialc' },
    { q: 'qwrtz pkjh' },
  ])('for the list of %j, and what follows by cursor', async (query) => {
    const { list } = services();
    const { body } = await list.list(null, parseProductList(query), ORIGINAL);
    const first = JSON.parse(body) as { page: { next: string | null } };
    const { page: _page, ...rest } = query as Record<string, string>;
    if (first.page.next) await list.list(null, parseProductList({ ...rest, cursor: first.page.next }), ORIGINAL);
    expect(statements).toBeGreaterThan(0);
    expect(wholeReads).toEqual([]);
  });

  it.each([
    { q: 'materialc' },
    { q: 'materialc', 'option.Color': 'C7' },
    { category: 'category-20' },
    { category: 'category-20', vendor: 'Vendor 7' },
    {},
    { inStock: 'true' },
    { inStock: 'true', vendor: 'Vendor 7' },
    { 'option.Color': 'C7' },
    { 'price[gte]': '500', 'price[lte]': '520' },
    { collection: 'even' },
  ])('for the facets of %j', async (query) => {
    const { body: found } = await services().facets.facets(null, parseFacets(query), ORIGINAL);
    expect(found.length).toBeGreaterThan(0);
    expect(wholeReads).toEqual([]);
  });

  it.each([{}, { inStock: 'true' }, { category: 'category-20' }, { vendor: 'Vendor 7' }])(
    'for the list of %j with how many there are',
    async (query) => {
      const { body } = await services().list.list(null, parseProductList({ ...query, include: 'total' }), ORIGINAL);
      const [row] = await shop.db.query<{ n: number }>(
        `SELECT count(*) AS n FROM product_listings WHERE (NOT $1 OR available) AND (NOT $2 OR vendor = 'Vendor 7')
           AND (NOT $3 OR category_ids @> ARRAY[(SELECT id FROM categories WHERE handle = 'category-20')])`,
        ['inStock', 'vendor', 'category'].map((name) => name in query),
      );
      expect((JSON.parse(body) as { page: { total: number } }).page.total).toBe(row!.n);
      expect(wholeReads).toEqual([]);
    },
  );

  it('for the tree of categories and the list of collections, with how many products are in them', async () => {
    const { categories, collections } = services();
    const { body: tree } = await categories.tree(null, ORIGINAL);
    expect(tree.map(({ productCount }) => productCount)).toEqual(Array.from({ length: 30 }, () => 1000));
    const { rows } = await collections.list('shopper', null, {});
    expect(rows.map(({ productCount }) => productCount)).toEqual([
      PRODUCTS / 2,
      PRODUCTS / 2 - Math.floor(PRODUCTS / 18),
    ]);
    const one = await collections.find(null, { handle: 'even' });
    expect(one.productCount).toBe(PRODUCTS / 2);
    expect([statements, wholeReads]).toEqual([3, []]);
  });

  it('for counts of a shop with very many vendors, though each has its own row in the summary', async () => {
    await shop.db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO facet_counts (currency, kind, text, label, listed, available, folded)
         SELECT 'USD', 'vendor', 'maker ' || n, 'Maker ' || n, 1, 1, true FROM generate_series(1, 30000) n`,
      );
      await tx.query('ANALYZE facet_counts');
    });
    const { categories, collections } = services();
    let { facets } = services();
    indexes = [];
    await categories.tree(null, ORIGINAL);
    await collections.list('shopper', null, {});
    await facets.facets(null, parseFacets({ category: 'category-20' }), ORIGINAL);
    expect(indexes.filter((name) => name === 'facet_counts_value').length).toBe(3);
    expect(wholeReads).toEqual([]);
    const sentAgain = async () => {
      const first = await facets.facets(null, parseFacets({}), ORIGINAL);
      statements = 0;
      expect(await facets.facets(null, parseFacets({}), ORIGINAL)).toEqual(first);
      return statements;
    };
    // So many sums are kept for a minute; of fewer, what is said is what is.
    expect(await sentAgain()).toBe(0);
    await shop.db.query(`DELETE FROM facet_counts WHERE text LIKE 'maker %'`);
    await shop.db.query('ANALYZE facet_counts');
    ({ facets } = services());
    expect(await sentAgain()).toBe(1);
  });

  it.each(['duct-4217', 'thing4217', 'sku-4217'])('for staff who look for %s', async (q) => {
    await new AdminProductsQuery(explaining(shop.db), shop.config).list({ q } as AdminProductListQuery);
    expect(statements).toBe(1);
    expect(wholeReads).toEqual([]);
    expect(indexes).toEqual(expect.arrayContaining(['products_title_trgm', 'products_handle_trgm']));
  });

  it('for words that no product has any more', async () => {
    expect(await new DeadWords(explaining(shop.db)).forget()).toBe(0);
    expect(statements).toBeGreaterThan(10);
    expect(wholeReads).toEqual([]);
    expect(indexes).toContain('product_listings_named');
  });

  it('for suggestions and for a page', async () => {
    const { suggest, page } = services();
    for (const q of ['mater', 'materialc', 'nounba', 'catego', 'matreialc', 'zzzzzzzz'])
      await suggest.suggest(null, q, 10, ORIGINAL);
    await suggest.suggest(null, 'mater', 10, { locales: ['de'], original: 'en' });
    await page.get(null, { handle: 'product-77' }, ORIGINAL);
    await page.get(null, { id: '01920000-0000-7000-8000-000000000077' }, { locales: ['de'], original: 'en' });
    expect(statements).toBeGreaterThan(8);
    expect(wholeReads).toEqual([]);
    expect(indexes).toContain('search_words_beginning');
  });

  it('for the titles of thousands of categories, in any language', async () => {
    await shop.db.query(
      `INSERT INTO categories (id, handle, title) SELECT gen_random_uuid(), 'zone-' || n, 'Zone ' || n FROM generate_series(1, 5000) n`,
    );
    await shop.db.query(
      `INSERT INTO category_translations (target_id, locale, title) SELECT id, 'de', 'Zone ' || id FROM categories WHERE handle LIKE 'zone-%'`,
    );
    for (const table of ['categories', 'category_translations']) await shop.db.query(`ANALYZE ${table}`);
    await services().suggest.suggest(null, '4711', 10, ORIGINAL);
    expect(indexes).toContain('categories_title_words');
    await services().suggest.suggest(null, '4711', 10, { locales: ['de'], original: 'en' });
    expect(indexes).toContain('category_translations_title_words');
    await shop.db.query(`DELETE FROM categories WHERE handle LIKE 'zone-%'`);
  });
});

/** Runs each statement by EXPLAIN ANALYZE as well, and shows every node of its plan. */
function analyzing(see: (node: PlanNode) => void): Db {
  const visit = (node: PlanNode) => {
    see(node);
    node.Plans?.forEach(visit);
  };
  const query = async (text: string, values: unknown[] = []) => {
    const [row] = await shop.db.dataSource.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
      values,
    );
    visit(row!['QUERY PLAN'][0].Plan);
    return shop.db.dataSource.query(text, values);
  };
  return { query, dataSource: { query } } as unknown as Db;
}

it('facets of a filter that most products fulfill read until there are 10,001, then a sample', async () => {
  const scans: [string, number][] = [];
  const db = analyzing((node) => {
    if (node['Relation Name'] === 'product_listings') scans.push([node['Node Type'], node['Actual Rows']!]);
  });
  const facets = new FacetsQuery(db, new SpellingQuery(db, new Synonyms(db)), new ContentLanguages(db, shop.config));
  await facets.facets(null, parseFacets({ 'price[gte]': '1000' }), ORIGINAL);
  expect(scans).toEqual([
    ['Seq Scan', 10_001],
    ['Sample Scan', expect.any(Number)],
  ]);
  expect(scans[1]![1]).toBeLessThan(22_000);
});

describe('suggestions', () => {
  it.each(['m', 'ma', 'materialc t', 'materialc th', 'materialc thi'])(
    'for %s look at a few products only, however many have a word that begins so',
    async (q) => {
      let most = 0;
      const db = analyzing((node) => {
        most = Math.max(most, (node['Actual Rows'] ?? 0) * (node['Actual Loops'] ?? 1));
      });
      const suggest = new SuggestQuery(db, new SpellingQuery(db, new Synonyms(db)), shop.config);
      const { body: found } = await suggest.suggest(null, q, 10, ORIGINAL);
      expect(found.length).toBe(10);
      expect(most).toBeLessThan(2_000);
    },
  );
});

describe('suggestions that rank a part of many products', () => {
  it('are found once for all who ask soon after; those of fewer are found each time', async () => {
    let looks = 0;
    const query = (text: string, values: unknown[] = []) => {
      // Synonyms are looked for now and then beside it.
      if (text.includes('product_listings')) looks += 1;
      return shop.db.dataSource.query(text, values);
    };
    const db = { query, quick: { query }, dataSource: { query } } as unknown as Db;
    const suggest = new SuggestQuery(db, new SpellingQuery(db, new Synonyms(db)), shop.config);
    const asked = async (q: string, limit = 10) => {
      looks = 0;
      const { body } = await suggest.suggest(null, q, limit, ORIGINAL);
      return { looks, texts: body.map(({ text }) => text) };
    };
    const first = await asked('materiald');
    expect(first).toMatchObject({ looks: 1, texts: { length: 10 } });
    expect(await asked('materiald')).toEqual({ ...first, looks: 0 });
    expect((await asked('materiald', 5)).texts).toEqual(first.texts.slice(0, 5));
    const few = await asked('materiald nounba');
    expect(few.looks).toBeGreaterThan(0);
    expect(await asked('materiald nounba')).toEqual(few);
  });
});

describe('a search that has more matches than a page', () => {
  it('shows what is named so first, then what is described so, each once, by cursor as by number', async () => {
    const { list } = services();
    const read = async (query: Record<string, string>) => {
      const { body } = await list.list(null, parseProductList({ q: 'materialc', limit: '100', ...query }), ORIGINAL);
      const { data, page } = JSON.parse(body) as { data: { title: string }[]; page: Record<string, any> };
      return { titles: data.map(({ title }) => title), page };
    };
    const all: string[] = [];
    let query: Record<string, string> = { include: 'total' };
    for (let number = 1; ; number += 1) {
      const { titles, page } = await read(query);
      if (number % 5 === 1) expect((await read({ page: String(number) })).titles).toEqual(titles);
      if (number === 1) expect(page.total).toBe(TOTAL);
      if (page.prev) expect((await read({ cursor: page.prev })).titles).toEqual(all.slice(-100));
      all.push(...titles);
      if (!page.next) break;
      query = { cursor: page.next };
    }
    expect([all.length, new Set(all).size]).toEqual([TOTAL, TOTAL]);
    const named = all.map((title) => title.startsWith('materialc '));
    expect(named.lastIndexOf(true)).toBe(named.filter(Boolean).length - 1);
    expect(named.filter(Boolean).length).toBeGreaterThan(1_000);
  });

  it('reads only what is named so for its first page, and what is described so when nothing is', async () => {
    const { list, suggest } = services();
    await list.list(null, parseProductList({ q: 'materialc' }), ORIGINAL);
    statements = 0;
    await list.list(null, parseProductList({ q: 'materialc' }), ORIGINAL);
    expect(statements).toBe(1);
    const { body: found } = await suggest.suggest(null, 'goes', 10, ORIGINAL);
    expect(found.filter(({ kind }) => kind === 'product').length).toBe(10);
  });
});

describe('facets of many products', () => {
  it('are exact for the whole shop and to 10,000 matches, and say when they are not', async () => {
    const { facets } = services();
    const of = async (query: Record<string, string>) => (await facets.facets(null, parseFacets(query), ORIGINAL)).body;
    const total = (found: Awaited<ReturnType<typeof of>>, key: string) =>
      found.find((facet) => facet.key === key)!.values.reduce((all, { count }) => all + count, 0);
    const whole = await of({});
    expect([total(whole, 'price'), whole.some((facet) => facet.approximate)]).toEqual([PRODUCTS, false]);
    const few = await of({ category: 'category-20' });
    expect([total(few, 'price'), total(few, 'category'), few.some((facet) => facet.approximate)]).toEqual([
      1000,
      PRODUCTS,
      false,
    ]);
    const inStock = await of({ inStock: 'true' });
    const available = Math.floor((PRODUCTS * 8) / 9) + 1;
    expect([total(inStock, 'price'), inStock.some((facet) => facet.approximate)]).toEqual([available, false]);
    const many = await of({ 'price[gte]': '1000' });
    expect(many.map(({ key, approximate }) => [key, approximate === true])).toEqual(
      many.map(({ key }) => [key, key !== 'price']),
    );
    expect(total(many, 'price')).toBe(PRODUCTS);
    const [dear] = await shop.db.query<{ n: number }>(
      `SELECT count(*) AS n FROM product_listings WHERE price_min >= 1000`,
    );
    expect(Math.abs(total(many, 'category') - dear!.n) / dear!.n).toBeLessThan(0.1);
    const narrowed = await of({ 'price[gte]': '1000', vendor: 'Vendor 7' });
    expect(narrowed.map(({ key, approximate }) => [key, approximate === true])).toContainEqual(['vendor', true]);
    expect(narrowed.find(({ key }) => key === 'price')!.approximate).toBeUndefined();
  });
});
