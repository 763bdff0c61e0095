import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/** Words that stand for each other in searches, and how many pieces of each product were sold on which day. */
export class Words1790000000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE synonym_groups (
        id          uuid PRIMARY KEY,
        terms       text[] NOT NULL CHECK (cardinality(terms) BETWEEN 1 AND 50),
        targets     text[] NOT NULL DEFAULT '{}' CHECK (cardinality(targets) <= 50),
        version     integer NOT NULL DEFAULT 1,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        updated_at  timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT synonym_groups_say_something CHECK (cardinality(terms) >= 2 OR cardinality(targets) >= 1)
      );
      COMMENT ON COLUMN synonym_groups.targets IS 'what is found too by whoever searches for one of the terms; empty: the terms stand for each other';
      CREATE TRIGGER synonym_groups_audit AFTER INSERT OR UPDATE OR DELETE ON synonym_groups
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();

      CREATE TABLE product_sales (
        product_id  uuid NOT NULL,
        day         date NOT NULL,
        quantity    bigint NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (product_id, day)
      );
      COMMENT ON TABLE product_sales IS 'pieces sold on each day in UTC, counted anew by a job for a day or two after it';
      CREATE INDEX product_sales_day ON product_sales (day);

      CREATE FUNCTION popularity_of(wanted uuid) RETURNS integer LANGUAGE sql STABLE AS $$
        SELECT coalesce(round(1000 * ln(sum(quantity * exp((day - DATE '2020-01-01') / 30.0::float8 * ln(2.0::float8))))
                              / ln(2.0::float8))::integer, 0)
        FROM product_sales WHERE product_id = wanted AND day >= DATE '2020-01-01'
      $$;
      COMMENT ON FUNCTION popularity_of IS
        'what was sold, each piece counting half as much 30 days later. Written as the logarithm of what it was worth in 2020: the order of two products stays right while time passes, so nothing has to be counted anew for that';

      ALTER TABLE collections DROP CONSTRAINT collections_sort_check;
      ALTER TABLE collections ADD CONSTRAINT collections_sort_check
        CHECK (sort IN ('position', 'price', '-price', 'title', '-title', 'createdAt', '-createdAt', 'bestSelling'));
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** What goes with it on tables that are busy. */
export class WordsLinks1790000000024 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(
      runner,
      `ALTER TABLE product_listings ADD COLUMN IF NOT EXISTS popularity integer NOT NULL DEFAULT 0`,
    );
    await runner.query(`COMMENT ON COLUMN product_listings.popularity IS 'popularity_of() the product'`);
    await patiently(
      runner,
      `DO $$ BEGIN
         IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'product_sales_product_id_fkey') THEN
           ALTER TABLE product_sales ADD CONSTRAINT product_sales_product_id_fkey
             FOREIGN KEY (product_id) REFERENCES products ON DELETE CASCADE;
         END IF;
       END $$`,
    );
    await indexBesideWriters(runner, [
      ['product_listings_popularity', 'product_listings (currency, popularity DESC, product_id DESC)'],
      // Costs a checkout nothing: orders lie in the order of their days.
      ['orders_placed', 'orders USING brin (placed_at)'],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** What is said in other languages, beside what is translated. */
export class Translations1790000000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const kind of ['product', 'category', 'collection']) {
      await runner.query(`
        CREATE TABLE ${kind}_translations (
          target_id        uuid NOT NULL,
          locale           text NOT NULL CHECK (locale ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
          title            text CHECK (length(title) BETWEEN 1 AND 255),
          description      text CHECK (length(description) <= 200000),
          seo_title        text CHECK (length(seo_title) <= 255),
          seo_description  text CHECK (length(seo_description) <= 1000),
          created_at       timestamptz(3) NOT NULL DEFAULT now(),
          updated_at       timestamptz(3) NOT NULL DEFAULT now(),
          PRIMARY KEY (target_id, locale)
        );
        COMMENT ON TABLE ${kind}_translations IS 'texts in other languages; null: the text of the wider language, or that of the catalog itself';
        CREATE INDEX ${kind}_translations_locale ON ${kind}_translations (locale);
        CREATE TRIGGER ${kind}_translations_audit AFTER INSERT OR UPDATE OR DELETE ON ${kind}_translations
          FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();
      `);
    }
    await runner.query(`
      CREATE TABLE option_translations (
        locale      text PRIMARY KEY CHECK (locale ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
        options     jsonb NOT NULL CHECK (jsonb_typeof(options) = 'array'),
        version     integer NOT NULL DEFAULT 1,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        updated_at  timestamptz(3) NOT NULL DEFAULT now()
      );
      COMMENT ON COLUMN option_translations.options IS '[{"name": "Color", "label": "Farbe", "values": [{"value": "Red", "label": "Rot"}]}]: one dictionary for all products';
      CREATE TRIGGER option_translations_audit AFTER INSERT OR UPDATE OR DELETE ON option_translations
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** What goes with it on tables that are busy. */
export class TranslationsLinks1790000000024 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(runner, `ALTER TABLE product_listings ADD COLUMN IF NOT EXISTS cards jsonb`);
    await patiently(runner, `ALTER TABLE product_pages ADD COLUMN IF NOT EXISTS details jsonb`);
    await runner.query(`COMMENT ON COLUMN product_listings.cards IS 'card, by language, where it is translated'`);
    await runner.query(`COMMENT ON COLUMN product_pages.details IS 'detail, by language, where it is translated'`);
    for (const [kind, table] of [
      ['product', 'products'],
      ['category', 'categories'],
      ['collection', 'collections'],
    ]) {
      await patiently(
        runner,
        `DO $$ BEGIN
           IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '${kind}_translations_target') THEN
             ALTER TABLE ${kind}_translations ADD CONSTRAINT ${kind}_translations_target
               FOREIGN KEY (target_id) REFERENCES ${table} ON DELETE CASCADE;
           END IF;
         END $$`,
      );
    }
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
