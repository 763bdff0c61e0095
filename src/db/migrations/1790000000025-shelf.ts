import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/** What a shop wants to say of its products beyond what every product says. */
export class Attributes1790000000025 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE attribute_definitions (
        id          uuid PRIMARY KEY,
        key         text NOT NULL CONSTRAINT attribute_definitions_key UNIQUE CHECK (key ~ '^[a-z][a-z0-9_]{0,49}$'),
        label       text NOT NULL CHECK (length(label) BETWEEN 1 AND 100),
        type        text NOT NULL CHECK (type IN ('text', 'number', 'boolean', 'choice')),
        choices     text[] NOT NULL DEFAULT '{}' CHECK (cardinality(choices) <= 200),
        filterable  boolean NOT NULL DEFAULT true,
        facetable   boolean NOT NULL DEFAULT true,
        position    integer NOT NULL DEFAULT 0 CHECK (position >= 0),
        deleted_at  timestamptz(3),
        version     integer NOT NULL DEFAULT 1,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        updated_at  timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT attribute_definitions_choices CHECK ((type = 'choice') = (cardinality(choices) > 0)),
        CONSTRAINT attribute_definitions_facet CHECK (filterable OR NOT facetable)
      );
      COMMENT ON COLUMN attribute_definitions.deleted_at IS 'gone for everybody; the row keeps the key until no product has a value of it any more';
      CREATE TRIGGER attribute_definitions_audit AFTER INSERT OR UPDATE OR DELETE ON attribute_definitions
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** What goes with it on tables that are busy: lists find products by attribute and by type, categories say what search engines show. */
export class AttributeColumns1790000000025 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(runner, `ALTER TABLE products ADD COLUMN IF NOT EXISTS attributes jsonb NOT NULL DEFAULT '{}'`);
    await runner.query(
      `COMMENT ON COLUMN products.attributes IS 'values by the key of the attribute: {"roast": "Dark", "organic": true, "capacity_ml": 350}'`,
    );
    await patiently(
      runner,
      `ALTER TABLE product_listings ADD COLUMN IF NOT EXISTS attributes text[] NOT NULL DEFAULT '{}',
         ADD COLUMN IF NOT EXISTS attribute_labels text[] NOT NULL DEFAULT '{}',
         ADD COLUMN IF NOT EXISTS product_type text NOT NULL DEFAULT ''`,
    );
    await runner.query(`
      COMMENT ON COLUMN product_listings.attributes IS 'key=value in lower case, for filters';
      COMMENT ON COLUMN product_listings.attribute_labels IS 'the attributes as they are written, in the order of attributes'`);
    await patiently(
      runner,
      `ALTER TABLE categories ADD COLUMN IF NOT EXISTS seo_title text, ADD COLUMN IF NOT EXISTS seo_description text`,
    );
    await this.fillTypes(runner);
    await indexBesideWriters(runner, [
      ['products_attributes', 'products USING gin (attributes)'],
      ['product_listings_attributes', 'product_listings USING gin (attributes)'],
      ['product_listings_type', 'product_listings (currency, lower(product_type), created_at DESC, product_id DESC)'],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }

  /** A thousand at a time, so that nobody waits long for one of them. */
  private async fillTypes(runner: QueryRunner): Promise<void> {
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const [chunk] = (await runner.query(
        `SELECT max(id::text) AS last FROM (SELECT id FROM products WHERE id > $1 ORDER BY id LIMIT 1000) c`,
        [after],
      )) as { last: string | null }[];
      if (!chunk?.last) return;
      await patiently(
        runner,
        `UPDATE product_listings l SET product_type = p.product_type FROM products p
         WHERE p.id > '${after}' AND p.id <= '${chunk.last}' AND l.product_id = p.id AND l.product_type <> p.product_type`,
      );
      after = chunk.last;
    }
  }
}

/** Products come and go by themselves at their time, and lead to others. */
export class Shelf1790000000025 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(
      runner,
      `ALTER TABLE products ADD COLUMN IF NOT EXISTS publish_at timestamptz(3), ADD COLUMN IF NOT EXISTS unpublish_at timestamptz(3)`,
    );
    await runner.query(`
      COMMENT ON COLUMN products.publish_at IS 'when the draft becomes active by itself';
      COMMENT ON COLUMN products.unpublish_at IS 'when it becomes a draft again by itself'`);
    for (const [name, check] of [
      ['products_publish_drafts', `publish_at IS NULL OR status = 'draft'`],
      ['products_unpublish', `unpublish_at IS NULL OR status <> 'archived'`],
      ['products_schedule', 'unpublish_at > publish_at'],
    ]) {
      await patiently(
        runner,
        `ALTER TABLE products DROP CONSTRAINT IF EXISTS ${name}, ADD CONSTRAINT ${name} CHECK (${check}) NOT VALID`,
      );
      await patiently(runner, `ALTER TABLE products VALIDATE CONSTRAINT ${name}`);
    }
    // What staff do is written down already. Imports are jobs too, and would fill the log.
    await patiently(
      runner,
      `CREATE OR REPLACE TRIGGER products_audit_schedule AFTER UPDATE OF status ON products FOR EACH ROW
       WHEN (coalesce(current_setting('emporium.actor', true), '') = '' AND OLD.status <> NEW.status
         AND (OLD.publish_at, OLD.unpublish_at) IS DISTINCT FROM (NEW.publish_at, NEW.unpublish_at))
       EXECUTE FUNCTION audit_change()`,
    );
    await runner.query(`
      CREATE TABLE IF NOT EXISTS product_relations (
        product_id  uuid NOT NULL,
        related_id  uuid NOT NULL,
        position    integer NOT NULL CHECK (position >= 0),
        PRIMARY KEY (product_id, related_id),
        CONSTRAINT product_relations_other CHECK (related_id <> product_id)
      );
      COMMENT ON TABLE product_relations IS 'the products that staff want to be shown beside a product';
      CREATE INDEX IF NOT EXISTS product_relations_related ON product_relations (related_id);
      CREATE OR REPLACE TRIGGER product_relations_audit AFTER INSERT OR UPDATE OR DELETE ON product_relations
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();
    `);
    for (const column of ['product_id', 'related_id']) {
      const name = `product_relations_${column}_fkey`;
      await patiently(
        runner,
        `ALTER TABLE product_relations DROP CONSTRAINT IF EXISTS ${name},
           ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES products ON DELETE CASCADE`,
      );
    }
    await indexBesideWriters(runner, [
      ['products_publish_at', 'products (publish_at) WHERE publish_at IS NOT NULL'],
      ['products_unpublish_at', 'products (unpublish_at) WHERE unpublish_at IS NOT NULL'],
      ['product_categories_neighbors', 'product_categories (category_id, product_id)'],
    ]);
    // The new index begins with the same column.
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS product_categories_category`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
