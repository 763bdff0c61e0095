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
  await db.query('VACUUM ANALYZE product_facets');
});
afterAll(async () => {
  await db?.dataSource.destroy();
  await database?.drop();
});

const off = (count: number, wanted: number) => Math.abs(count - wanted) / wanted;

it('counts of a part of the rows of a part of the pages are close to those of all', async () => {
  const parts: string[][] = [];
  const query = <R>(text: string, values: unknown[] = []): Promise<R[]> => {
    const part = /TABLESAMPLE SYSTEM \(([\d.]+)\).* WHERE .*& 1023\) < (\d+)/s.exec(text);
    if (part) parts.push(part.slice(1));
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
  const { body } = await facets.facets('USD', filter, { locales: [], original: 'en' });

  expect(parts.length).toBe(1);
  const [percent, of1024] = parts[0]!.map(Number);
  expect(percent).toBeLessThan(90);
  expect(of1024).toBeLessThan(900);
  // Some 20,000 rows are looked at.
  expect(off((((PRODUCTS * percent!) / 100) * of1024!) / 1024, 20_000)).toBeLessThan(0.01);
  const counts = (key: string) => {
    const { approximate, values } = body.find((facet) => facet.key === key)!;
    expect(approximate).toBe(true);
    return new Map(values.map(({ value, count }) => [value, count]));
  };
  const makers = counts('vendor');
  expect(makers.size).toBe(MAKERS);
  for (const count of makers.values()) expect(off(count, PRODUCTS / MAKERS)).toBeLessThan(0.1);
  const sizes = counts('option.size');
  expect(off(sizes.get('s') ?? 0, PRODUCTS / 5)).toBeLessThan(0.1);
  expect(off(sizes.get('m') ?? 0, (PRODUCTS * 4) / 5)).toBeLessThan(0.1);
  // Neighbors that are alike: pages are drawn whole, but from the whole table.
  const types = counts('productType');
  expect(types.size).toBe(4);
  for (const count of types.values()) expect(off(count, PRODUCTS / 4)).toBeLessThan(0.1);
});
