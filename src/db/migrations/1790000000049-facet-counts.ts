import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** How many listed products have each category, vendor, option …: kept by triggers, so that nobody counts the whole shop. */
export class FacetCounts1790000000049 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...COUNTS, ...VALUES, ...TRIGGERS]) await patiently(runner, statement);
    await runner.query(`SELECT recount_facets()`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/**
 * The count of a value is the sum of its rows: whoever writes products adds rows and waits for nobody, and a job folds the
 * rows of a value into one. Both are right in every snapshot.
 */
const COUNTS = [
  `CREATE TABLE IF NOT EXISTS facet_counts (
    currency  char(3) NOT NULL,
    kind      text NOT NULL,
    text      text NOT NULL,
    label     text NOT NULL,
    listed    integer NOT NULL,
    available integer NOT NULL,
    folded    boolean NOT NULL DEFAULT false,
    CONSTRAINT facet_counts_something CHECK (listed <> 0 OR available <> 0)
  )`,
  `COMMENT ON TABLE facet_counts IS 'how many rows of product_listings have a value: the sums over all rows of the value. Triggers add rows, a job folds them'`,
  `COMMENT ON COLUMN facet_counts.kind IS 'category, collection, vendor, productType, option, attribute or price'`,
  `COMMENT ON COLUMN facet_counts.text IS 'what is the same value: an id, a text in lower case, where a price band begins'`,
  `COMMENT ON COLUMN facet_counts.label IS 'the value as it is written; empty where text says all'`,
  `COMMENT ON COLUMN facet_counts.available IS 'how many of those that are listed can be bought now'`,
  `CREATE INDEX IF NOT EXISTS facet_counts_value ON facet_counts (currency, kind, text)`,
  `CREATE INDEX IF NOT EXISTS facet_counts_unfolded ON facet_counts (currency) WHERE NOT folded`,
];

const LISTING = [
  'category_ids', 'collection_ids', 'vendor', 'product_type', 'options', 'option_labels', 'attributes', 'attribute_labels', 'price_min',
]; // prettier-ignore
const columns = (alias: string) => LISTING.map((column) => `${alias}.${column}`).join(', ');

/** What a listing counts for. Postgres unfolds this function into the statements that use it. */
const VALUES = [
  `CREATE OR REPLACE FUNCTION price_band(price bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
     SELECT CASE WHEN price < 100 THEN '0' ELSE rpad(
       CASE WHEN left(price::text, 1) >= '5' THEN '5' WHEN left(price::text, 1) >= '2' THEN '2' ELSE '1' END, length(price::text), '0') END
   $$`,
  `COMMENT ON FUNCTION price_band IS 'where the band of a price begins: 0, 100, 200, 500, 1000, …'`,
  `CREATE OR REPLACE FUNCTION facet_values(category_ids uuid[], collection_ids uuid[], vendor text, product_type text, options text[],
       option_labels text[], attributes text[], attribute_labels text[], price_min bigint)
     RETURNS TABLE (kind text, text text, label text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
     SELECT 'category', u.id::text, '' FROM unnest(category_ids) AS u (id)
     UNION ALL SELECT 'collection', u.id::text, '' FROM unnest(collection_ids) AS u (id)
     UNION ALL SELECT 'vendor', lower(vendor), vendor WHERE vendor <> ''
     UNION ALL SELECT 'productType', lower(product_type), product_type WHERE product_type <> ''
     UNION ALL SELECT 'option', u.text, coalesce(u.label, u.text) FROM unnest(options, option_labels) AS u (text, label) WHERE u.text IS NOT NULL
     UNION ALL SELECT 'attribute', u.text, coalesce(u.label, u.text) FROM unnest(attributes, attribute_labels) AS u (text, label) WHERE u.text IS NOT NULL
     UNION ALL SELECT 'price', price_band(price_min), ''
   $$`,
  `COMMENT ON FUNCTION facet_values IS 'the values of one row of product_listings that facet_counts counts'`,
  `CREATE OR REPLACE FUNCTION facet_count_differences() RETURNS TABLE (currency char(3), kind text, text text, label text, listed bigint, available bigint)
     LANGUAGE sql STABLE AS $$
     SELECT x.currency, x.kind, x.text, x.label, sum(x.listed), sum(x.available) FROM (
       SELECT l.currency, f.kind, f.text, f.label, 1 AS listed, l.available::integer AS available
       FROM product_listings l CROSS JOIN LATERAL facet_values(${columns('l')}) f
       UNION ALL SELECT c.currency, c.kind, c.text, c.label, -c.listed, -c.available FROM facet_counts c) x
     GROUP BY 1, 2, 3, 4 HAVING sum(x.listed) <> 0 OR sum(x.available) <> 0
   $$`,
  `COMMENT ON FUNCTION facet_count_differences IS 'what facet_counts lacks to be what product_listings gives: nothing'`,
  `CREATE OR REPLACE FUNCTION recount_facets() RETURNS bigint LANGUAGE sql AS $$
     WITH added AS (
       INSERT INTO facet_counts (currency, kind, text, label, listed, available) SELECT * FROM facet_count_differences() RETURNING 1)
     SELECT count(*) FROM added
   $$`,
  `COMMENT ON FUNCTION recount_facets IS 'adds what facet_counts lacks, beside those who write; one run at a time'`,
];

/**
 * In the transaction of the write, for all its rows at once: what did not change what it counts for adds nothing. Rows are
 * grouped, not joined: a plan that was made for one row is kept for a statement that writes thousands.
 */
const TRIGGERS = [
  `CREATE OR REPLACE FUNCTION count_facets() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF TG_OP = 'TRUNCATE' THEN
       TRUNCATE facet_counts;
     ELSIF TG_OP = 'INSERT' THEN
       IF EXISTS (SELECT FROM came) THEN
         INSERT INTO facet_counts (currency, kind, text, label, listed, available)
         SELECT l.currency, f.kind, f.text, f.label, count(*), count(*) FILTER (WHERE l.available) FROM came l CROSS JOIN LATERAL facet_values(${columns('l')}) f
         GROUP BY 1, 2, 3, 4;
       END IF;
     ELSIF TG_OP = 'DELETE' THEN
       IF EXISTS (SELECT FROM went) THEN
         INSERT INTO facet_counts (currency, kind, text, label, listed, available)
         SELECT l.currency, f.kind, f.text, f.label, -count(*), -count(*) FILTER (WHERE l.available) FROM went l CROSS JOIN LATERAL facet_values(${columns('l')}) f
         GROUP BY 1, 2, 3, 4;
       END IF;
     ELSIF EXISTS (SELECT FROM came) THEN
       INSERT INTO facet_counts (currency, kind, text, label, listed, available)
       SELECT l.currency, f.kind, f.text, f.label, sum(l.n), sum(l.n * l.available::integer)
       FROM (
         SELECT x.currency, x.available, ${columns('x')}, sum(x.n) AS n
         FROM (SELECT c.currency, c.available, ${columns('c')}, 1 AS n FROM came c UNION ALL SELECT w.currency, w.available, ${columns('w')}, -1 FROM went w) x
         GROUP BY x.currency, x.available, ${columns('x')} HAVING sum(x.n) <> 0) l
       CROSS JOIN LATERAL facet_values(${columns('l')}) f
       GROUP BY 1, 2, 3, 4 HAVING sum(l.n) <> 0 OR sum(l.n * l.available::integer) <> 0;
     END IF;
     RETURN NULL;
   END $$`,
  `CREATE OR REPLACE TRIGGER product_listings_came AFTER INSERT ON product_listings REFERENCING NEW TABLE AS came
     FOR EACH STATEMENT EXECUTE FUNCTION count_facets()`,
  `CREATE OR REPLACE TRIGGER product_listings_changed AFTER UPDATE ON product_listings REFERENCING OLD TABLE AS went NEW TABLE AS came
     FOR EACH STATEMENT EXECUTE FUNCTION count_facets()`,
  `CREATE OR REPLACE TRIGGER product_listings_went AFTER DELETE ON product_listings REFERENCING OLD TABLE AS went
     FOR EACH STATEMENT EXECUTE FUNCTION count_facets()`,
  `CREATE OR REPLACE TRIGGER product_listings_emptied AFTER TRUNCATE ON product_listings
     FOR EACH STATEMENT EXECUTE FUNCTION count_facets()`,
];
