import pg from 'pg';
import { Db, type Queryable } from '#libs/database';
import { AuthModule } from '../../src/modules/auth/index.js';
import { CatalogModule } from '../../src/modules/catalog/index.js';
import type { AdminProductListQuery } from '../../src/modules/catalog/dto/product.request.js';
import { CategoriesQuery } from '../../src/modules/catalog/categories.query.js';
import { CollectionsQuery } from '../../src/modules/catalog/collections/collections.query.js';
import { FacetCounts } from '../../src/modules/catalog/facet-counts/facet-counts.service.js';
import { FacetsQuery } from '../../src/modules/catalog/facets.query.js';
import { parseFacets, parseProductList } from '../../src/modules/catalog/product-filter.js';
import { ProductListQuery } from '../../src/modules/catalog/product-list.query.js';
import { ProductPageQuery } from '../../src/modules/catalog/product-page.query.js';
import { AdminProductsQuery } from '../../src/modules/catalog/products.admin.query.js';
import { RelatedProductsQuery } from '../../src/modules/catalog/related/related-products.query.js';
import { SpellingQuery } from '../../src/modules/catalog/spelling.query.js';
import { SuggestQuery } from '../../src/modules/catalog/suggest.query.js';
import { Synonyms } from '../../src/modules/catalog/synonyms/synonyms.service.js';
import { ContentLanguages, type Language } from '../../src/modules/catalog/translations/content-languages.js';
import { DeadWords } from '../../src/modules/catalog/words/dead-words.service.js';
import { ensureSettings } from '../../src/modules/settings/index.js';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { explaining, type PlanNode, stepsOf, type WholeRead, wholeReadsOf } from '../support/plans.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';
import { createDataSource } from '../../ormconfig.js';

const PRODUCTS = 30_000;
/** Categories and collections without products, beside those that have some. */
const OTHERS = 2_000;
const COLORS = Array.from({ length: 20 }, (_, n) => `C${2 * n}`);
const GERMAN = { locales: ['de'], original: 'en' };
/** Products that are called `materialc`, and those whose description says so. */
const TOTAL = 2_308;
const COLLECTION = '01920000-0000-7000-8000-0000000002a1';
const AVAILABLE = '01920000-0000-7000-8000-0000000002a2';
const TINY = '01920000-0000-7000-8000-0000000002a3';
const DEAR = '01920000-0000-7000-8000-0000000002a4';
const ORIGINAL = { locales: [], original: 'en' };

/** A table that may be read whole, why, and a request that reads it so. */
interface Known extends Pick<WholeRead, 'table' | 'how'> {
  statement: RegExp;
  why: string;
  read: () => Promise<unknown>;
}

/** Whatever else storefronts read is found by an index; and each of these is still read so. */
const KNOWN: Record<string, Known> = {
  'settings of the shop': {
    table: 'shop_settings',
    how: 'Seq Scan',
    statement: /./,
    why: 'one row',
    read: () => listed({}),
  },
  attributes: {
    table: 'attribute_definitions',
    how: 'Seq Scan',
    statement: /./,
    why: 'a hundred rows at most',
    read: () => listed({ 'attribute.fabric': 'F1' }),
  },
  synonyms: {
    table: 'synonym_groups',
    how: 'Seq Scan',
    statement: /^SELECT (terms, targets|concat_ws)/,
    why: 'each process knows them all, and looks once a second whether they have changed',
    read: () => listed({ q: 'materialc' }),
  },
  'names of options': {
    table: 'option_translations',
    how: 'Seq Scan',
    statement: /^SELECT locale, options/,
    why: 'one row for each language',
    read: () => counted({ 'option.Color': 'C7' }, GERMAN),
  },
  'tree of categories': {
    table: 'categories',
    how: 'Seq Scan',
    statement: /^SELECT c\.id, c\.parent_id/,
    why: 'all of them are shown',
    read: () => services().categories.tree(null, ORIGINAL),
  },
  'facets of more than 10,000 products': {
    table: 'product_facets',
    how: 'Sample Scan',
    statement: /TABLESAMPLE SYSTEM/,
    why: 'pages of the table are drawn: an index in random order reads nearly four times as many',
    read: () => counted({ 'price[gte]': '1000' }),
  },
  'facets of a search that finds more than 10,000': {
    table: 'product_listings',
    how: 'Sample Scan',
    statement: /TABLESAMPLE SYSTEM/,
    why: 'the same',
    read: () => counted({ q: 'goes' }),
  },
  'total of a list that has most products': {
    table: 'product_listings',
    how: 'Seq Scan',
    statement: /^SELECT count\(\*\) AS n FROM product_listings/,
    why: 'each of them is counted',
    read: () => listed({ productType: 'Ware', include: 'total' }),
  },
};
const listed = (query: Record<string, unknown>) => services().list.list(null, parseProductList(query), ORIGINAL);
const counted = (query: Record<string, unknown>, language: Language = ORIGINAL) =>
  services().facets.facets(null, parseFacets(query), language);
const isKnown = (known: Known, { table, how, statement }: WholeRead) =>
  known.table === table && known.how === how && known.statement.test(statement);

const FILTERS = [
  '',
  'inStock=true',
  'category=category-20',
  'vendor=Vendor+7',
  'option.Color=C7',
  'price[gte]=500&price[lte]=520',
  'collection=even',
  'attribute.fabric=F1',
  'attribute.weight[gte]=500&attribute.weight[lte]=501',
  'q=materialc',
  'q=materialb+nounba',
  'q=matreialc',
  'q=qwrtz+pkjh',
];
const REQUESTS = [
  ...FILTERS.flatMap((query) => [`products?${query}`, `products/facets?${query}`]),
  'products?sort=price',
  'products?sort=-price',
  'products?sort=title',
  'products?sort=bestSelling',
  'products?page=40',
  'products?include=total',
  'products/facets?price[gte]=1000',
  'products/facets?option.Size=M',
  'products/facets?productType=Ware',
  'products/product-77',
  'products/product-77/related',
  'search/suggest?q=m',
  'search/suggest?q=mater',
  'search/suggest?q=catego',
  'search/suggest?q=matreialc',
  'search/suggest?q=materialc+t',
  'categories',
  'categories/category-20',
  'collections',
  'collections/even',
  'collections/even/products',
];

let database: TestDatabase;
let shop: ModuleApp;
/** What is read whole and should not be. */
let wholeReads: WholeRead[] = [];
/** What is read whole and may be. */
let knownReads = new Set<string>();
let indexes: string[] = [];
let statements = 0;

/** The shop's database; what its plans read and by which indexes is written down. */
const watched = () =>
  explaining(shop.db, (plan, text) => {
    statements += 1;
    indexes.push(...stepsOf(plan).flatMap((step) => step['Index Name'] ?? []));
    for (const read of wholeReadsOf(plan, text)) {
      const known = Object.keys(KNOWN).find((name) => isKnown(KNOWN[name]!, read));
      if (known === undefined) wholeReads.push(read);
      else knownReads.add(known);
    }
  });

/** A catalog of one currency whose rows are made in Postgres: what counts here are their number and spread. */
async function fill(db: Queryable): Promise<void> {
  await db.query(
    `INSERT INTO categories (id, handle, title)
     SELECT ('01920000-0000-7000-8000-0000000001' || lpad(n::text, 2, '0'))::uuid, 'category-' || n, 'Category ' || n FROM generate_series(10, 39) n
     UNION ALL SELECT gen_random_uuid(), 'aisle-' || n, 'Aisle ' || n FROM generate_series(1, ${OTHERS}) n`,
  );
  await db.query(
    `INSERT INTO category_translations (target_id, locale, title)
     SELECT id, locale, title || ' (' || locale || ')' FROM categories CROSS JOIN unnest('{da,de,es,fi,fr,it,nl,pl,pt,sv}'::text[]) AS locale`,
  );
  await db.query(
    `INSERT INTO attribute_definitions (id, key, label, type, filterable, facetable, position)
     VALUES (gen_random_uuid(), 'weight', 'Weight', 'number', true, true, 1), (gen_random_uuid(), 'ratio', 'Ratio', 'number', true, false, 3), (gen_random_uuid(), 'fabric', 'Fabric', 'text', true, true, 2)`,
  );
  await db.query(
    `INSERT INTO products (id, handle, title, status, created_at, attributes)
     SELECT ('01920000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'product-' || n, 'Thing ' || n, 'active', now() - n * interval '1 hour',
       jsonb_build_object('weight', n % 1000, 'ratio', n % 7 / 10.0)
     FROM generate_series(1, ${PRODUCTS}) n`,
  );
  await db.query(
    `INSERT INTO collections (id, handle, title, only_available)
     VALUES ('${COLLECTION}', 'even', 'Even', false), ('${AVAILABLE}', 'even-available', 'Even, what is there', true),
       ('${TINY}', 'tiny', 'Tiny', false), ('${DEAR}', 'dear', 'The dearest', false)`,
  );
  await db.query(
    `INSERT INTO collections (id, handle, title) SELECT gen_random_uuid(), 'shelf-' || n, 'Shelf ' || n FROM generate_series(1, ${OTHERS}) n`,
  );
  await db.query(
    `INSERT INTO collection_translations (target_id, locale, title) SELECT id, 'de', title FROM collections`,
  );
  await db.query(
    `INSERT INTO product_translations (target_id, locale, title) SELECT id, 'de', title FROM products WHERE handle LIKE '%7'`,
  );
  await db.query(
    `INSERT INTO product_listings (product_id, currency, handle, title, sort_title, vendor, product_type, category_ids, collection_ids, options, option_labels,
       attributes, attribute_labels, price_min, price_max, available, created_at, search, card, popularity)
     SELECT p.id, 'USD', p.handle, p.title, lower(w.title), 'Vendor ' || n % 50, CASE WHEN n % 5 > 0 THEN 'Ware' ELSE 'Tool ' || n % 100 END,
       ARRAY[('01920000-0000-7000-8000-0000000001' || (10 + n % 30))::uuid],
       CASE WHEN n % 2 = 0 THEN ARRAY['${COLLECTION}', '${AVAILABLE}']::uuid[] ELSE '{}' END
         || CASE WHEN n % 1500 = 7 THEN ARRAY['${TINY}']::uuid[] ELSE '{}' END || CASE WHEN (n * 7919) % 9000 > 8100 THEN ARRAY['${DEAR}']::uuid[] ELSE '{}' END,
       ARRAY['color=c' || n % 40, CASE WHEN n % 10 > 0 THEN 'size=m' ELSE 'size=l' END], ARRAY['Color=C' || n % 40, CASE WHEN n % 10 > 0 THEN 'Size=M' ELSE 'Size=L' END],
       ARRAY['weight=' || n % 1000, 'fabric=f' || least(n % 10, 2)], ARRAY['weight=' || n % 1000, 'fabric=F' || least(n % 10, 2)],
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
    `INSERT INTO locations (id, name, is_default) SELECT gen_random_uuid(), 'Here', true WHERE NOT EXISTS (SELECT FROM locations)`,
  );
  await db.query(
    `INSERT INTO variants (id, product_id, sku, option_key) SELECT id, id, 'SKU-' || handle, '' FROM products`,
  );
  await db.query(
    `INSERT INTO product_images (id, product_id, url) SELECT id, id, '/media/' || handle || '.webp' FROM products`,
  );
  await db.query(
    `INSERT INTO product_relations (product_id, related_id, position)
     SELECT id, lead(id) OVER (ORDER BY id), 0 FROM products ORDER BY id LIMIT ${PRODUCTS - 1}`,
  );
  await db.query(`INSERT INTO product_categories SELECT product_id, category_ids[1] FROM product_listings`);
  await db.query(
    `INSERT INTO search_words (word) SELECT DISTINCT w FROM product_listings CROSS JOIN regexp_split_to_table(sort_title, ' ') AS w`,
  );
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
  // As the job does it twice a minute.
  await new FacetCounts(shop.db).fold();
  await shop.db.query('ANALYZE');
}, 120_000);
afterAll(async () => {
  await shop?.close();
  await database?.drop();
});
beforeEach(() => {
  wholeReads = [];
  knownReads = new Set();
  indexes = [];
  statements = 0;
});

const services = () => {
  const db = watched();
  const spelling = new SpellingQuery(db, new Synonyms(db));
  return {
    list: new ProductListQuery(db, spelling, shop.config),
    facets: new FacetsQuery(db, spelling, new ContentLanguages(db, shop.config)),
    suggest: new SuggestQuery(db, spelling, shop.config),
    page: new ProductPageQuery(db, shop.config),
    categories: new CategoriesQuery(db, new ContentLanguages(db, shop.config)),
    related: new RelatedProductsQuery(db, shop.config),
    collections: new CollectionsQuery(db),
  };
};

describe('no table is read whole', () => {
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
    { collection: 'even' },
    { productType: 'Ware', sort: 'price' },
    { 'option.Size': 'M' },
    { 'attribute.fabric': 'F2', sort: '-price' },
    { 'attribute.weight[gte]': '990' },
    { 'attribute.weight[gte]': '500', 'attribute.weight[lte]': '500.5', sort: '-price' },
    { 'attribute.weight[gte]': '600', 'attribute.weight[lte]': '500', sort: 'price' },
    { 'attribute.weight[lte]': '3', 'attribute.ratio[lte]': '0.5', vendor: 'Vendor 1' },
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
    { 'price[gte]': '1000' },
    { 'price[lte]': '5000', inStock: 'true' },
    { vendor: ['Vendor 7', 'Vendor 8'] },
    { productType: 'Ware' },
    { productType: ['Ware', 'Tool 5'], 'price[gte]': '200' },
    { 'option.Size': 'M' },
    { 'attribute.fabric': 'F2' },
    { 'attribute.fabric': 'F2', productType: 'Ware' },
    { 'attribute.weight[gte]': '10' },
    { 'attribute.weight[gte]': '990', 'price[gte]': '1000' },
    { 'attribute.weight[lte]': '3' },
    { 'attribute.weight[gte]': '600', 'attribute.weight[lte]': '500', 'price[gte]': '1000' },
    { 'attribute.weight[lte]': '3', 'attribute.ratio[gte]': '0.2', q: 'materialc' },
  ])('for the facets of %j', async (query) => {
    const { facets } = services();
    const { body: found } = await facets.facets(null, parseFacets(query), ORIGINAL);
    expect(found.length).toBeGreaterThan(0);
    await facets.facets(null, parseFacets(query), GERMAN);
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
      expect([...knownReads]).not.toContain('total of a list that has most products');
    },
  );

  it('for the tree of categories and the list of collections, with how many products are in them', async () => {
    const { categories, collections } = services();
    const { body: tree } = await categories.tree(null, ORIGINAL);
    const counts = tree.map(({ productCount }) => productCount).filter((n) => n > 0);
    expect([tree.length, counts]).toEqual([OTHERS + 30, Array.from({ length: 30 }, () => 1000)]);
    const { rows } = await collections.list('shopper', null, {});
    expect(rows.slice(0, 3).map(({ productCount }) => productCount)).toEqual([
      PRODUCTS / 2,
      PRODUCTS / 2 - Math.floor(PRODUCTS / 18),
      0,
    ]);
    const one = await collections.find(null, { handle: 'even' });
    expect(one.productCount).toBe(PRODUCTS / 2);
    expect([statements, wholeReads]).toEqual([3, []]);
    expect(indexes).toContain('collections_title');
    await collections.find(null, { id: COLLECTION });
    await categories.get(null, { handle: 'category-20' }, GERMAN);
    expect(wholeReads).toEqual([]);
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
    // The tree, the collections, the other categories, and how makers, types, options and attributes are written.
    expect(indexes.filter((name) => name === 'facet_counts_value').length).toBe(7);
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
    await new AdminProductsQuery(watched(), shop.config).list({ q } as AdminProductListQuery);
    expect(statements).toBe(1);
    expect(wholeReads).toEqual([]);
    expect(indexes).toEqual(expect.arrayContaining(['products_title_trgm', 'products_handle_trgm']));
  });

  it('for words that no product has any more', async () => {
    expect(await new DeadWords(watched()).forget()).toBe(0);
    expect(statements).toBeGreaterThan(10);
    expect(wholeReads).toEqual([]);
    expect(indexes).toContain('product_listings_named');
  });

  it('for words like a misspelled one, though all have just been written', async () => {
    const fresh = await cloneDatabase();
    const client = new pg.Client(fresh.url);
    await client.connect();
    try {
      for (let from = 1; from < 20_000; from += 100)
        await client.query(
          `INSERT INTO search_words SELECT 'item' || n FROM generate_series($1::int, $1::int + 99) n`,
          [from],
        );
      const { rows } = await client.query<{ text: string }>(
        `SELECT prosrc AS text FROM pg_proc WHERE proname = 'similar_words'`,
      );
      const text = rows[0]!.text.replaceAll('wanted', '$1');
      const explained = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`EXPLAIN (FORMAT JSON) ${text}`, [
        'akwrae',
      ]);
      const { Plan: plan } = explained.rows[0]!['QUERY PLAN'][0];
      expect(wholeReadsOf(plan, text)).toEqual([]);
      expect(stepsOf(plan).flatMap((step) => step['Index Name'] ?? [])).toEqual(['search_words_trgm']);
    } finally {
      await client.end();
      await fresh.drop();
    }
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

  it('for what is like a product', async () => {
    const { related } = services();
    await related.cards(null, { handle: 'product-77' }, 12, ORIGINAL);
    await related.cards(null, { id: '01920000-0000-7000-8000-000000000077' }, 12, GERMAN);
    expect(statements).toBe(2);
    expect(wholeReads).toEqual([]);
  });

  it.each(Object.keys(KNOWN))('but: %s', async (name) => {
    await KNOWN[name]!.read();
    expect([...knownReads]).toContain(name);
    expect(wholeReads).toEqual([]);
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

/** How often each table has been read from its beginning to its end since the server started. */
async function readsOfWholeTables(): Promise<Map<string, number>> {
  const rows = await shop.db.query<{ name: string; n: number }>(
    'SELECT relname AS name, seq_scan AS n FROM pg_stat_user_tables',
  );
  return new Map(rows.map(({ name, n }) => [name, n]));
}

it('what storefronts ask for over HTTP, as often as they like, reads none but these tables whole', async () => {
  const small = new Set(Object.values(KNOWN).map(({ table }) => table));
  small.delete('product_listings');
  small.delete('product_facets');
  const isSmall = (name: string, path: string) => small.has(name) && (name !== 'categories' || path.startsWith(name));
  // What has been read is written down now and then, or when a connection is told to.
  const flush = (db: Queryable) => db.query('SELECT pg_stat_force_next_flush()');
  const other = await startModules([AuthModule, CatalogModule], database.url, { JOBS: '0' });
  try {
    await flush(shop.db);
    await flush(other.db);
    let before = await readsOfWholeTables();
    // From the sixth time on, Postgres may have one plan for all values.
    for (let time = 1; time <= 8; time += 1) {
      for (const path of REQUESTS) {
        const headers = { 'Accept-Language': time % 2 === 1 ? 'en' : 'de' };
        const { status } = await fetch(`${other.url}/v1/${path}`, { headers });
        await flush(other.db);
        const now = await readsOfWholeTables();
        const read = [...now].flatMap(([name, n]) => (n > before.get(name)! && !isSmall(name, path) ? [name] : []));
        expect([time, path, status, read]).toEqual([time, path, 200, []]);
        before = now;
      }
    }
    expect(before.get('categories')).toBeGreaterThanOrEqual(8);
  } finally {
    await other.close();
  }
});

/** Runs each statement by EXPLAIN ANALYZE as well, and shows every step of its plan. */
const analyzing = (see: (node: PlanNode) => void, db = shop.db) =>
  explaining(db, (plan) => stepsOf(plan).forEach(see), 'ANALYZE');

it.each<[Record<string, string | string[]>, string, string]>([
  [{ 'price[gte]': '1000' }, 'Index Scan', 'product_facets_price'],
  [{ productType: 'Ware' }, 'Index Scan', 'product_facets_type'],
  [{ productType: ['Ware', 'Tool 5'] }, 'Index Scan', 'product_facets_type'],
  [{ 'option.Size': 'M' }, 'Bitmap Heap Scan', 'product_facets_values'],
  [{ 'attribute.fabric': 'F2', inStock: 'true' }, 'Bitmap Heap Scan', 'product_facets_values'],
  [{ 'attribute.weight[gte]': '10' }, 'Index Scan', 'product_facets_pkey'],
])(
  'facets of %j, which most products fulfill, read until there are 10,001, then a sample',
  async (query, how, index) => {
    const scans: [string, number][] = [];
    const db = analyzing((node) => {
      if (node['Relation Name'] === 'product_facets') scans.push([node['Node Type'], node['Actual Rows']!]);
      if (node['Index Name']) indexes.push(node['Index Name']);
    });
    const facets = new FacetsQuery(db, new SpellingQuery(db, new Synonyms(db)), new ContentLanguages(db, shop.config));
    await facets.facets(null, parseFacets(query), ORIGINAL);
    expect(scans).toEqual([
      [how, 10_001],
      ['Sample Scan', expect.any(Number)],
    ]);
    expect(indexes).toContain(index);
    expect(scans[1]![1]).toBeLessThan(22_000);
  },
);

describe('a collection', () => {
  const read = async (query: Record<string, string>) => {
    let most = 0;
    const db = analyzing((node) => {
      if (node['Relation Name'] === 'product_listings' && node['Actual Loops']! > 0)
        most = Math.max(most, (node['Actual Rows']! + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']!);
      if (node['Index Name'] && node['Actual Loops']! > 0) indexes.push(node['Index Name']);
    });
    const list = new ProductListQuery(db, new SpellingQuery(db, new Synonyms(db)), shop.config);
    const { body } = await list.list(null, parseProductList(query), ORIGINAL);
    const { data, page } = JSON.parse(body) as { data: { title: string }[]; page: { next: string } };
    return { most, titles: data.map(({ title }) => title), next: page.next };
  };
  const titlesOf = async (where: string, order: string) => {
    const rows = await shop.db.query<{ title: string }>(
      `SELECT l.card::json ->> 'title' AS title FROM product_listings l WHERE ${where} ORDER BY ${order} LIMIT 40`,
    );
    return rows.map(({ title }) => title);
  };
  const IN_EVEN = `'${COLLECTION}' = ANY(l.collection_ids)`;

  it.each([
    [{}, IN_EVEN, 'created_at DESC, product_id DESC', 'product_listings_created'],
    [{ sort: 'price' }, IN_EVEN, 'price_min, product_id', 'product_listings_price'],
    [{ sort: '-price' }, IN_EVEN, 'price_min DESC, product_id DESC', 'product_listings_price'],
    [
      { sort: 'title', inStock: 'true' },
      `${IN_EVEN} AND available`,
      'sort_title, product_id',
      'product_listings_title',
    ],
    [{ sort: 'price', vendor: 'Vendor 8' }, `${IN_EVEN} AND vendor = 'Vendor 8'`, 'price_min, product_id', null],
  ])(
    'of very many products is read in the order of the list, a few rows more than are shown: %j',
    async (query, where, order, index) => {
      const wanted = await titlesOf(where, order);
      const first = await read({ ...query, collection: 'even' });
      const second = await read({ ...query, collection: 'even', cursor: first.next });
      const byNumber = await read({ ...query, collection: 'even', page: '2' });
      expect([...first.titles, ...second.titles]).toEqual(wanted);
      expect(byNumber.titles).toEqual(second.titles);
      for (const { most } of [first, second, byNumber]) expect(most).toBeLessThan(index === null ? 3_100 : 150);
      if (index !== null) expect(indexes).toEqual(expect.arrayContaining([index]));
    },
  );

  it.each([
    [{ collection: 'tiny' }, `'${TINY}' = ANY(collection_ids)`, 'created_at DESC, product_id DESC', 20],
    [{ collection: 'tiny', sort: '-price' }, `'${TINY}' = ANY(collection_ids)`, 'price_min DESC, product_id DESC', 20],
    [{ category: 'category-20', sort: 'price' }, `category_ids[1]::text LIKE '%120'`, 'price_min, product_id', 1_000],
    [{ category: 'no-such', sort: 'price' }, 'false', 'price_min', 0],
  ])('or category of few: no others are read: %j', async (query, where, order, rows) => {
    const { most, titles } = await read(query);
    expect(titles).toEqual((await titlesOf(where, order)).slice(0, 20));
    expect(most).toBe(rows);
  });

  it.each([
    [{ collection: 'dear', sort: 'price' }, `'${DEAR}' = ANY(collection_ids)`],
    [
      { collection: 'dear', sort: 'price', category: 'category-20' },
      `'${DEAR}' = ANY(collection_ids) AND category_ids[1]::text LIKE '%120'`,
    ],
  ])(
    'whose products come late in the order of the list costs no walk over the whole shop: %j',
    async (query, where) => {
      const { most, titles } = await read(query);
      expect(titles).toEqual((await titlesOf(where, 'price_min, product_id')).slice(0, 20));
      expect(most).toBeLessThanOrEqual(3_100);
    },
  );

  it('shows its last page, too', async () => {
    const [row] = await shop.db.query<{ n: number }>(`SELECT count(*) AS n FROM product_listings l WHERE ${IN_EVEN}`);
    const { titles } = await read({ collection: 'even', sort: 'price', page: String(Math.ceil(row!.n / 20)) });
    const wanted = await shop.db.query<{ title: string }>(
      `SELECT l.card::json ->> 'title' AS title FROM product_listings l WHERE ${IN_EVEN} ORDER BY price_min, product_id OFFSET ${Math.ceil(row!.n / 20) * 20 - 20}`,
    );
    expect(titles).toEqual(wanted.map(({ title }) => title));
  });
});

describe('a range of numbers that few products have', () => {
  const FEW = { 'attribute.weight[gte]': '400', 'attribute.weight[lte]': '402.5' };
  it.each(['', 'sort=price', 'sort=-bestSelling&inStock=true', 'include=total', 'facets'])(
    'is found by the index of numbers, and no other product is read: %j',
    async (more) => {
      let most = 0;
      const db = analyzing((node) => {
        if (node['Index Name']) indexes.push(node['Index Name']);
        if (/^product_(listings|facets)$/.test(node['Relation Name'] ?? ''))
          most = Math.max(most, (node['Actual Rows']! + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']!);
      });
      const spelling = new SpellingQuery(db, new Synonyms(db));
      if (more === 'facets') {
        const facets = new FacetsQuery(db, spelling, new ContentLanguages(db, shop.config));
        expect((await facets.facets(null, parseFacets(FEW), ORIGINAL)).body.length).toBeGreaterThan(0);
      } else {
        const query = parseProductList({ ...FEW, ...Object.fromEntries(new URLSearchParams(more)) });
        const { body } = await new ProductListQuery(db, spelling, shop.config).list(null, query, ORIGINAL);
        expect((JSON.parse(body) as { data: unknown[] }).data.length).toBe(20);
      }
      expect(indexes).toContain('product_numbers_pkey');
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(90);
    },
  );
});

it.each<Record<string, string | string[]>>([
  {
    'option.Color': COLORS,
    'option.Size': ['M', 'L'],
    'attribute.fabric': ['F0', 'F1', 'F2'],
    'attribute.weight[gte]': '0',
  },
  { 'option.Size': ['M', 'L'], 'attribute.weight[gte]': '0' },
  { 'option.Size': ['M', 'L'], 'attribute.weight[gte]': '0', 'attribute.ratio[gte]': '0' },
  { 'attribute.weight[gte]': '0', 'attribute.ratio[gte]': '0' },
  { 'attribute.fabric': 'F2', 'attribute.weight[gte]': '5', 'attribute.ratio[gte]': '0', inStock: 'true' },
  {
    vendor: 'Vendor 7',
    productType: 'Ware',
    'option.Size': 'M',
    'attribute.weight[gte]': '0',
    'attribute.ratio[gte]': '0',
  },
  {
    vendor: 'Vendor 7',
    productType: 'Ware',
    'price[gte]': '1',
    'attribute.weight[gte]': '0',
    'attribute.ratio[gte]': '0',
  },
  { category: 'category-20', 'attribute.weight[gte]': '0', 'attribute.ratio[gte]': '0' },
  { q: 'goes', 'option.Color': COLORS, 'option.Size': ['M', 'L'], 'attribute.weight[gte]': '0' },
])('facets of ranges beside other filters look at no product, and no number, again and again: %j', async (query) => {
  // Beside options Postgres may expect a single product. It then joins in loops as soon as by hash: here it always does.
  const url = `${database.url}${database.url.includes('?') ? '&' : '?'}options=${encodeURIComponent('-c enable_hashjoin=off -c enable_mergejoin=off')}`;
  const loops = new Db(await createDataSource(url).initialize());
  try {
    let most = 0;
    const db = analyzing((node) => {
      const read =
        node['Actual Rows']! + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
      most = Math.max(most, read * node['Actual Loops']!);
    }, loops);
    const facets = new FacetsQuery(db, new SpellingQuery(db, new Synonyms(db)), new ContentLanguages(db, shop.config));
    expect((await facets.facets(null, parseFacets(query), ORIGINAL)).body.length).toBeGreaterThan(0);
    expect(most).toBeGreaterThan(0);
    // Each product has two options, two attributes and two numbers.
    expect(most).toBeLessThanOrEqual(2.2 * PRODUCTS);
  } finally {
    await loops.dataSource.destroy();
  }
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
