import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** The numbers that products have as attributes, in the order of an index: filters by a range find few of very many products. */
export class NumbersOfAttributes1790000000055 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...NUMBERS, ...TRIGGERS]) await patiently(runner, statement);
    await this.fill(runner);
    await runner.query(`ANALYZE product_numbers`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }

  /** A thousand at a time. Whoever changes one of them waits until its numbers are copied, and the trigger then corrects them. */
  private async fill(runner: QueryRunner): Promise<void> {
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const [chunk] = (await runner.query(
        `SELECT max(id::text) AS last FROM (SELECT id FROM products WHERE id > $1 ORDER BY id LIMIT 1000) c`,
        [after],
      )) as { last: string | null }[];
      if (!chunk?.last) return;
      await patiently(
        runner,
        `WITH p AS MATERIALIZED (
           SELECT id, attributes FROM products WHERE id > '${after}' AND id <= '${chunk.last}' AND attributes <> '{}' ORDER BY id FOR SHARE)
         INSERT INTO product_numbers (term, product_id) SELECT n.term, p.id FROM p CROSS JOIN LATERAL number_terms(p.attributes) n
         ON CONFLICT DO NOTHING`,
      );
      after = chunk.last;
    }
  }
}

/** One text for key and number, for statistics of it tell how many products are in a range of one attribute. */
const NUMBERS = [
  `CREATE OR REPLACE FUNCTION number_term(key text, value numeric) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
     SELECT key || '=' || trim_scale(5000000000000 + greatest(least(value, 2000000000000), -2000000000000))::text
   $$`,
  `COMMENT ON FUNCTION number_term IS 'key and number as a text that sorts like the number (its bytes do): 13 digits before the point, whatever the number is'`,
  `CREATE OR REPLACE FUNCTION number_terms(attributes jsonb) RETURNS TABLE (term text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
     SELECT number_term(a.key, a.value::numeric) FROM jsonb_each(attributes) AS a (key, value) WHERE jsonb_typeof(a.value) = 'number'
   $$`,
  `CREATE TABLE IF NOT EXISTS product_numbers (
     term       text COLLATE "C" NOT NULL,
     product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE,
     PRIMARY KEY (term, product_id)
   )`,
  `ALTER TABLE product_numbers ALTER COLUMN term SET STATISTICS 1000`,
  `COMMENT ON TABLE product_numbers IS 'the numbers of products.attributes, for filters by range; a trigger writes them'`,
  `COMMENT ON COLUMN product_numbers.term IS 'number_term(key, number): weight=5000000000002.5 is 2.5'`,
  `CREATE INDEX IF NOT EXISTS product_numbers_product ON product_numbers (product_id)`,
];

const TRIGGERS = [
  `CREATE OR REPLACE FUNCTION copy_numbers() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF TG_OP = 'UPDATE' THEN
       DELETE FROM product_numbers WHERE product_id = NEW.id;
     END IF;
     INSERT INTO product_numbers (term, product_id) SELECT term, NEW.id FROM number_terms(NEW.attributes);
     RETURN NULL;
   END $$`,
  `CREATE OR REPLACE TRIGGER products_numbers_came AFTER INSERT ON products
     FOR EACH ROW WHEN (NEW.attributes <> '{}') EXECUTE FUNCTION copy_numbers()`,
  `CREATE OR REPLACE TRIGGER products_numbers_changed AFTER UPDATE OF attributes ON products
     FOR EACH ROW WHEN (NEW.attributes <> OLD.attributes) EXECUTE FUNCTION copy_numbers()`,
];
