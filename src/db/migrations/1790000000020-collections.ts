import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/** Collections of products, and the addresses that things had before. */
export class Collections1790000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE collections (
        id                uuid PRIMARY KEY,
        handle            text NOT NULL CONSTRAINT collections_handle UNIQUE CHECK (handle ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(handle) <= 255),
        title             text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
        description_html  text NOT NULL DEFAULT '',
        status            text NOT NULL DEFAULT 'active' CHECK (status IN ('draft', 'active')),
        rule              jsonb,
        only_available    boolean NOT NULL DEFAULT false,
        sort              text NOT NULL DEFAULT '-createdAt' CHECK (sort IN ('position', 'price', '-price', 'title', '-title', 'createdAt', '-createdAt')),
        seo_title         text,
        seo_description   text,
        version           integer NOT NULL DEFAULT 1,
        created_at        timestamptz(3) NOT NULL DEFAULT now(),
        updated_at        timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT collections_position_by_hand CHECK (sort <> 'position' OR rule IS NULL)
      );
      COMMENT ON COLUMN collections.rule IS '{"match": "all", "conditions": [{"field": "tag", "operator": "is", "value": "sale"}]}; null: products are chosen by hand';
      CREATE TRIGGER collections_audit AFTER INSERT OR UPDATE OR DELETE ON collections
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();

      CREATE TABLE collection_products (
        collection_id  uuid NOT NULL REFERENCES collections ON DELETE CASCADE,
        product_id     uuid NOT NULL,
        position       integer NOT NULL CHECK (position >= 0),
        PRIMARY KEY (collection_id, product_id)
      );
      CREATE INDEX collection_products_product ON collection_products (product_id);
      CREATE TRIGGER collection_products_audit AFTER INSERT OR UPDATE OR DELETE ON collection_products
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();

      CREATE TABLE old_handles (
        kind       text NOT NULL CHECK (kind IN ('product', 'category', 'collection')),
        handle     text NOT NULL,
        target_id  uuid NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (kind, handle)
      );
      COMMENT ON TABLE old_handles IS 'handles that things had before: who comes by one is led to the new one. A handle that is used again stands for its new owner';

      CREATE FUNCTION remember_handle() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO old_handles (kind, handle, target_id) VALUES (TG_ARGV[0], OLD.handle, OLD.id)
        ON CONFLICT (kind, handle) DO UPDATE SET target_id = excluded.target_id, created_at = now();
        DELETE FROM old_handles WHERE kind = TG_ARGV[0] AND handle = NEW.handle;
        RETURN NULL;
      END $$;
      CREATE FUNCTION take_over_handle() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        DELETE FROM old_handles WHERE kind = TG_ARGV[0] AND handle = NEW.handle;
        RETURN NULL;
      END $$;
      CREATE TRIGGER collections_take_over_handle AFTER INSERT ON collections
        FOR EACH ROW EXECUTE FUNCTION take_over_handle('collection');
      CREATE TRIGGER collections_remember_handle AFTER UPDATE OF handle ON collections
        FOR EACH ROW WHEN (OLD.handle <> NEW.handle) EXECUTE FUNCTION remember_handle('collection');
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** What goes with it on tables that are busy. */
export class CollectionLinks1790000000020 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(
      runner,
      `ALTER TABLE product_listings ADD COLUMN IF NOT EXISTS collection_ids uuid[] NOT NULL DEFAULT '{}'`,
    );
    await runner.query(
      `COMMENT ON COLUMN product_listings.collection_ids IS 'its collections, by hand and by rule, sorted: the one place that tells'`,
    );
    await patiently(
      runner,
      `DO $$ BEGIN
         IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'collection_products_product_id_fkey') THEN
           ALTER TABLE collection_products ADD CONSTRAINT collection_products_product_id_fkey
             FOREIGN KEY (product_id) REFERENCES products ON DELETE CASCADE;
         END IF;
       END $$`,
    );
    for (const [table, kind] of [
      ['products', 'product'],
      ['categories', 'category'],
    ]) {
      await patiently(
        runner,
        `CREATE OR REPLACE TRIGGER ${table}_remember_handle AFTER UPDATE OF handle ON ${table}
         FOR EACH ROW WHEN (OLD.handle <> NEW.handle) EXECUTE FUNCTION remember_handle('${kind}')`,
      );
      await patiently(
        runner,
        `CREATE OR REPLACE TRIGGER ${table}_take_over_handle AFTER INSERT ON ${table}
         FOR EACH ROW EXECUTE FUNCTION take_over_handle('${kind}')`,
      );
    }
    await indexBesideWriters(runner, [['product_listings_collections', 'product_listings USING gin (collection_ids)']]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
