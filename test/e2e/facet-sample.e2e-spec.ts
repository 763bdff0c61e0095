import { Db } from '#libs/database';
import { loadConfig } from '../../src/config/index.js';
import { FacetsQuery } from '../../src/modules/catalog/facets.query.js';
import { parseFacets } from '../../src/modules/catalog/product-filter.js';
import { SpellingQuery } from '../../src/modules/catalog/spelling.query.js';
import { Synonyms } from '../../src/modules/catalog/synonyms/synonyms.service.js';
import { ContentLanguages } from '../../src/modules/catalog/translations/content-languages.js';
import { createDataSource } from '../../ormconfig.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

/** With so few of them on a page, they lie on more pages than are drawn, and more rows are drawn than are counted. */
const PRODUCTS = 50_000;
const MAKERS = 8;
/** Of these, so many have a price in another currency, too. */
const ABROAD = 12_000;

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await cloneDatabase();
  db = new Db(await createDataSource(database.url).initialize());
  // Only the short rows are looked at: they stand here alone, for listings take long to make.
  await db.query(`ALTER TABLE product_facets DROP CONSTRAINT product_facets_product_id_currency_fkey`);
  await db.query(`ALTER TABLE product_facets SET (fillfactor = 45)`);
  await db.query(`DROP INDEX product_facets_vendor, product_facets_type`);
  await db.query(
    `INSERT INTO product_facets (product_id, currency, available, price_min, vendor, product_type, category_ids, collection_ids, options, attributes)
     SELECT md5(n::text)::uuid, 'USD', true, 1000, 'Maker ' || n % ${MAKERS}, 'Type ' || n * 4 / ${PRODUCTS}, '{}', '{}',
       ARRAY['size=' || CASE WHEN n % 5 = 0 THEN 's' ELSE 'm' END], '{}'
     FROM generate_series(0, ${PRODUCTS - 1}) n`,
  );
  await db.query(
    `INSERT INTO product_facets (product_id, currency, available, price_min, vendor, product_type, category_ids, collection_ids, options, attributes)
     SELECT product_id, 'EUR', available, price_min, vendor, product_type, category_ids, collection_ids, options, attributes
     FROM (SELECT *, row_number() OVER (ORDER BY product_id) AS n FROM product_facets) f WHERE n <= ${ABROAD}`,
  );
  await db.query(
    `INSERT INTO facet_counts (currency, kind, text, label, listed, available, folded)
     VALUES ('USD', 'price', '1000', '', ${PRODUCTS}, ${PRODUCTS}, true), ('EUR', 'price', '1000', '', ${ABROAD}, ${ABROAD}, true),
       ('USD', 'vendor', 'maker 0', 'Maker 0', 10, 10, true), ('USD', 'vendor', 'maker 0', 'MAKER 0', 3, 3, true)`,
  );
  await db.query('VACUUM ANALYZE product_facets');
});
afterAll(async () => {
  await db?.dataSource.destroy();
  await database?.drop();
});

const off = (count: number, wanted: number) => Math.abs(count - wanted) / wanted;

/** The facets of all of a currency, and what part of the table they were counted in. */
async function sampled(currency: string) {
  const parts: [number, number][] = [];
  const query = <R>(text: string, values: unknown[] = []): Promise<R[]> => {
    const drawn = /TABLESAMPLE SYSTEM \(([\d.]+)\)/.exec(text);
    if (drawn) parts.push([Number(drawn[1]), Number(/& 1023\) < (\d+)/.exec(text)?.[1] ?? 1024)]);
    return db.query<R>(text, values);
  };
  const watched = { query, quick: { query }, dataSource: { query } } as unknown as Db;
  const config = loadConfig({ NODE_ENV: 'test', DATABASE_URL: database.url });
  const facets = new FacetsQuery(
    watched,
    new SpellingQuery(watched, new Synonyms(watched)),
    new ContentLanguages(watched, config),
  );
  const filter = parseFacets({ 'price[lte]': '5000' });
  const { body } = await facets.facets(currency, filter, { locales: [], original: 'en' });
  expect(parts.length).toBe(1);
  const counts = (key: string) => {
    const { approximate, values } = body.find((facet) => facet.key === key)!;
    expect(approximate).toBe(true);
    return new Map(values.map(({ value, count }) => [value, count]));
  };
  const [percent, of1024] = parts[0]!;
  return { percent, of1024, counts };
}

it('counts of a part of the rows of a part of the pages are close to those of all', async () => {
  const { percent, of1024, counts } = await sampled('USD');
  expect(percent).toBeLessThan(90);
  expect(of1024).toBeLessThan(900);
  // Some 20,000 rows are looked at.
  expect(off((((PRODUCTS * percent!) / 100) * of1024) / 1024, 20_000)).toBeLessThan(0.01);
  const makers = counts('vendor');
  expect(makers.size).toBe(MAKERS);
  // As most of the shop's products write it.
  expect([...makers.keys()]).toContain('Maker 0');
  for (const count of makers.values()) expect(off(count, PRODUCTS / MAKERS)).toBeLessThan(0.1);
  const sizes = counts('option.size');
  expect(off(sizes.get('s') ?? 0, PRODUCTS / 5)).toBeLessThan(0.1);
  expect(off(sizes.get('m') ?? 0, (PRODUCTS * 4) / 5)).toBeLessThan(0.1);
  // Neighbors that are alike: pages are drawn whole, but from the whole table.
  const types = counts('productType');
  expect(types.size).toBe(4);
  for (const count of types.values()) expect(off(count, PRODUCTS / 4)).toBeLessThan(0.1);
});

it('of a currency that few products have, all rows of these pages are looked at', async () => {
  const { percent, of1024, counts } = await sampled('EUR');
  expect(percent).toBeLessThan(90);
  expect(of1024).toBe(1024);
  const makers = counts('vendor');
  expect(makers.size).toBe(MAKERS);
  for (const count of makers.values()) expect(off(count, ABROAD / MAKERS)).toBeLessThan(0.15);
});
