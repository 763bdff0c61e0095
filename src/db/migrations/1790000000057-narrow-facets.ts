import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** What facets filter and count, in rows so short that ten thousand of them are soon read. */
export class NarrowFacets1790000000057 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...FACETS, ...TRIGGERS]) await patiently(runner, statement);
    await this.fill(runner);
    await runner.query(`ANALYZE product_facets`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }

  /** A thousand at a time. Whoever changes one of them waits until it is copied, and the trigger then corrects it. */
  private async fill(runner: QueryRunner): Promise<void> {
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const [chunk] = (await runner.query(
        `SELECT max(product_id::text) AS last FROM (SELECT product_id FROM product_listings WHERE product_id > $1 ORDER BY product_id LIMIT 1000) c`,
        [after],
      )) as { last: string | null }[];
      if (!chunk?.last) return;
      await patiently(
        runner,
        `WITH l AS MATERIALIZED (
           SELECT ${COLUMNS} FROM product_listings WHERE product_id > '${after}' AND product_id <= '${chunk.last}'
           ORDER BY product_id, currency FOR SHARE)
         INSERT INTO product_facets (${COLUMNS}) SELECT ${COLUMNS} FROM l ON CONFLICT DO NOTHING`,
      );
      after = chunk.last;
    }
  }
}

const COPIED = ['available', 'price_min', 'vendor', 'product_type', 'category_ids', 'collection_ids', 'options', 'attributes']; // prettier-ignore
const COLUMNS = ['product_id', 'currency', ...COPIED].join(', ');

const FACETS = [
  `CREATE TABLE IF NOT EXISTS product_facets (
     product_id     uuid NOT NULL,
     currency       char(3) NOT NULL,
     available      boolean NOT NULL,
     price_min      bigint NOT NULL,
     vendor         text NOT NULL,
     product_type   text NOT NULL,
     category_ids   uuid[] NOT NULL,
     collection_ids uuid[] NOT NULL,
     options        text[] NOT NULL,
     attributes     text[] NOT NULL,
     PRIMARY KEY (currency, product_id),
     FOREIGN KEY (product_id, currency) REFERENCES product_listings ON DELETE CASCADE
   )`,
  `COMMENT ON TABLE product_facets IS 'the columns of product_listings that facets filter by and count; triggers write them'`,
  // The columns of one GIN index are found alone as well as together.
  `CREATE INDEX IF NOT EXISTS product_facets_values ON product_facets USING gin (category_ids, collection_ids, options, attributes)`,
  `CREATE INDEX IF NOT EXISTS product_facets_price ON product_facets (currency, price_min, product_id)`,
  `CREATE INDEX IF NOT EXISTS product_facets_vendor ON product_facets (currency, lower(vendor), product_id)`,
  `CREATE INDEX IF NOT EXISTS product_facets_type ON product_facets (currency, lower(product_type), product_id)`,
];

/** In the transaction of the write, for all its rows at once: what changed none of the columns writes nothing. */
const TRIGGERS = [
  `CREATE OR REPLACE FUNCTION copy_facets() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF TG_OP = 'INSERT' THEN
       INSERT INTO product_facets (${COLUMNS}) SELECT ${COLUMNS} FROM came;
     ELSIF EXISTS (SELECT FROM came) THEN
       INSERT INTO product_facets (${COLUMNS}) SELECT ${COLUMNS} FROM came EXCEPT SELECT ${COLUMNS} FROM went
       ON CONFLICT (currency, product_id) DO UPDATE SET ${COPIED.map((column) => `${column} = excluded.${column}`).join(', ')};
     END IF;
     RETURN NULL;
   END $$`,
  // Changes first: what the other copies would stay as it came until this one is there.
  `CREATE OR REPLACE TRIGGER product_listings_facets_changed AFTER UPDATE ON product_listings REFERENCING OLD TABLE AS went NEW TABLE AS came
     FOR EACH STATEMENT EXECUTE FUNCTION copy_facets()`,
  `CREATE OR REPLACE TRIGGER product_listings_facets_came AFTER INSERT ON product_listings REFERENCING NEW TABLE AS came
     FOR EACH STATEMENT EXECUTE FUNCTION copy_facets()`,
];
