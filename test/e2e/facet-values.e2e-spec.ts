import type { Queryable } from '#libs/database';
import type { Facet } from '../../src/modules/catalog/facets.query.js';
import { AuthModule } from '../../src/modules/auth/index.js';
import { CatalogModule } from '../../src/modules/catalog/index.js';
import { ensureSettings } from '../../src/modules/settings/index.js';
import { countedLive, countedWhole } from '../support/facet-counts.js';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

const PRODUCTS = 1_200;
const SHOWN = 100;

let database: TestDatabase;
let shop: ModuleApp;

/** Each product has a serial number and an engraving of its own; what comes after these has few values. */
async function fill(db: Queryable): Promise<void> {
  await db.query(
    `INSERT INTO attribute_definitions (id, key, label, type, filterable, facetable, position)
     VALUES (gen_random_uuid(), 'serial', 'Serial', 'text', true, true, 1), (gen_random_uuid(), 'batch', 'Batch', 'text', true, true, 2),
       (gen_random_uuid(), 'fabric', 'Fabric', 'text', true, true, 3)`,
  );
  await db.query(
    `INSERT INTO products (id, handle, title, status) SELECT gen_random_uuid(), 'product-' || n, 'Thing ' || n, 'active' FROM generate_series(1, ${PRODUCTS}) n`,
  );
  await db.query(
    `INSERT INTO product_listings (product_id, currency, handle, title, sort_title, vendor, product_type, category_ids, collection_ids, options, option_labels,
       attributes, attribute_labels, price_min, price_max, available, created_at, search, card)
     SELECT p.id, 'USD', p.handle, p.title, lower(p.title), CASE WHEN n <= 5 THEN 'Few' ELSE 'Many' END, '', '{}', '{}',
       ARRAY(SELECT lower(text) FROM unnest(w.options) text), w.options, ARRAY(SELECT lower(text) FROM unnest(w.attributes) text), w.attributes,
       100, 100, n % 3 > 0, p.created_at, to_tsvector('emporium', p.title), '{}'
     FROM (SELECT p.*, split_part(p.handle, '-', 2)::int AS n FROM products p) p
     CROSS JOIN LATERAL (SELECT
       ARRAY['Engraving=E' || n, 'Letter=L' || n / 5, 'Size=' || CASE WHEN n % 4 = 0 THEN 'L' ELSE 'M' END] AS options,
       ARRAY['serial=S' || n, 'batch=B' || CASE WHEN n < 150 THEN n % 50 ELSE n END, 'fabric=F' || n % 2] AS attributes) w`,
  );
  await db.query('ANALYZE');
}

beforeAll(async () => {
  database = await cloneDatabase();
  shop = await startModules([AuthModule, CatalogModule], database.url, { JOBS: '0' });
  await ensureSettings(shop.db, shop.config);
  await shop.db.transaction(async (tx) => {
    await tx.query('SET LOCAL statement_timeout = 0');
    await fill(tx);
  });
});
afterAll(async () => {
  await shop?.close();
  await database?.drop();
});

const facets = async (query: string): Promise<Facet[]> => {
  const answer = await fetch(`${shop.url}/v1/products/facets?${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { data: Facet[] }).data;
};
const sizes = (found: readonly Facet[]) => Object.fromEntries(found.map(({ key, values }) => [key, values.length]));

describe('a facet shows its most common values, however many another one has', () => {
  it.each(['', 'inStock=true', 'vendor=Many', 'q=thing', 'price[lte]=500', 'option.Size=M', 'attribute.fabric=F1'])(
    'for the facets of "%s"',
    async (query) => {
      const found = await facets(query);
      expect(sizes(found)).toMatchObject({
        'option.Engraving': SHOWN,
        'option.Letter': SHOWN,
        'option.Size': query === 'attribute.fabric=F1' ? 1 : 2,
        'attribute.serial': SHOWN,
        'attribute.batch': SHOWN,
        'attribute.fabric': 2,
      });
      expect(found.map(({ key }) => key).filter((key) => /^(option|attribute)/.test(key))).toEqual([
        'option.Engraving',
        'option.Letter',
        'option.Size',
        'attribute.serial',
        'attribute.batch',
        'attribute.fabric',
      ]);
      for (const { key, values } of found) {
        const counts = values.map(({ count }) => count);
        if (key !== 'price') expect(counts).toEqual(counts.toSorted((one, other) => other - one));
      }
    },
  );

  it('the most common ones first, and of equal ones the first by their names', async () => {
    const found = await facets('');
    const of = (key: string) => found.find((facet) => facet.key === key)!.values;
    expect(of('attribute.batch').filter(({ count }) => count > 1).length).toBe(50);
    expect(of('attribute.fabric')).toEqual([
      { value: 'F0', label: 'F0', count: PRODUCTS / 2 },
      { value: 'F1', label: 'F1', count: PRODUCTS / 2 },
    ]);
    expect(of('option.Size').map(({ count }) => count)).toEqual([900, 300]);
    const [row] = await shop.db.query<{ first: string[] }>(
      `SELECT array_agg(s.value) AS first FROM (SELECT 'S' || n AS value FROM generate_series(1, ${PRODUCTS}) n ORDER BY 1 LIMIT ${SHOWN}) s`,
    );
    expect(of('attribute.serial').map(({ value }) => value)).toEqual(row!.first);
  });

  it('whether the listings or their summary are counted', async () => {
    for (const inStock of [false, true])
      expect(await countedWhole(shop.db, 'USD', inStock)).toEqual(await countedLive(shop.db, 'USD', inStock));
  });
});

it.each(['', 'vendor=Many', 'vendor=Few', 'q=thing'])(
  'an option is one facet, and named as most products name it, however one of them writes it ("%s")',
  async (query) => {
    // Of one vendor each: the first writes a value of everybody's, and the second one that nobody else has.
    await shop.db.query(
      `UPDATE product_listings l SET options = ARRAY['engraving=x', 'letter=x', w.option], option_labels = ARRAY['Engraving=X', 'Letter=X', w.label]
       FROM (VALUES ('product-1', 'size=m', 'SIZE=M'), ('product-2', 'size=xs', 'sIZE=XS'), ('product-9', 'size=m', 'SIZE=M'), ('product-10', 'size=xs', 'sIZE=XS'))
         AS w (handle, option, label) WHERE w.handle = l.handle`,
    );
    const found = (await facets(query)).filter(({ key }) => key.toLowerCase() === 'option.size');
    const values = found.flatMap((facet) => facet.values.map(({ value }) => value));
    expect(found.map(({ key }) => key)).toEqual(['option.Size']);
    expect(values.toSorted()).toEqual(['L', 'M', 'XS']);
  },
);

it('an answer has no more values of options than those of 100 full facets', async () => {
  await shop.db.query(
    `UPDATE product_listings SET options = ARRAY(SELECT handle || n || '=x' FROM generate_series(1, 9) n),
       option_labels = ARRAY(SELECT handle || n || '=X' FROM generate_series(1, 9) n)`,
  );
  for (const query of ['', 'vendor=Many']) {
    const values = (await facets(query)).filter(({ key }) => key.startsWith('option.')).flatMap((one) => one.values);
    expect(values.length).toBe(SHOWN * 100);
  }
});
