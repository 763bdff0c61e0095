import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Products, variants, prices, images, categories, and the read model that lists and searches are served from. */
export class Catalog1790000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE categories (
        id           uuid PRIMARY KEY,
        parent_id    uuid REFERENCES categories ON DELETE RESTRICT,
        handle       text NOT NULL CONSTRAINT categories_handle UNIQUE CHECK (handle ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(handle) <= 255),
        title        text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
        description  text NOT NULL DEFAULT '',
        position     integer NOT NULL DEFAULT 0,
        version      integer NOT NULL DEFAULT 1,
        created_at   timestamptz(3) NOT NULL DEFAULT now(),
        updated_at   timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT categories_not_own_parent CHECK (parent_id <> id)
      );
      CREATE INDEX categories_parent ON categories (parent_id, position);

      CREATE TABLE products (
        id                uuid PRIMARY KEY,
        handle            text NOT NULL CONSTRAINT products_handle UNIQUE CHECK (length(handle) BETWEEN 1 AND 255),
        title             text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
        description_html  text NOT NULL DEFAULT '',
        vendor            text NOT NULL DEFAULT '',
        product_type      text NOT NULL DEFAULT '',
        tags              text[] NOT NULL DEFAULT '{}',
        status            text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'archived')),
        option_names      text[] NOT NULL DEFAULT '{}' CHECK (cardinality(option_names) <= 3),
        seo_title         text,
        seo_description   text,
        version           integer NOT NULL DEFAULT 1,
        created_at        timestamptz(3) NOT NULL DEFAULT now(),
        updated_at        timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE INDEX products_created ON products (created_at DESC, id DESC);
      CREATE INDEX products_title_trgm ON products USING gin (title gin_trgm_ops);

      CREATE TABLE product_images (
        id          uuid PRIMARY KEY,
        product_id  uuid NOT NULL REFERENCES products ON DELETE CASCADE,
        position    integer NOT NULL DEFAULT 0,
        url         text NOT NULL CHECK (length(url) <= 2048),
        alt         text NOT NULL DEFAULT '',
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT product_images_url UNIQUE (product_id, url)
      );
      CREATE INDEX product_images_product ON product_images (product_id, position);

      CREATE TABLE variants (
        id                 uuid PRIMARY KEY,
        product_id         uuid NOT NULL REFERENCES products ON DELETE CASCADE,
        position           integer NOT NULL DEFAULT 0,
        title              text NOT NULL DEFAULT '',
        sku                text CHECK (length(sku) BETWEEN 1 AND 255),
        barcode            text,
        option_values      text[] NOT NULL DEFAULT '{}' CHECK (cardinality(option_values) <= 3),
        option_key         text NOT NULL,
        weight_grams       integer NOT NULL DEFAULT 0 CHECK (weight_grams >= 0),
        requires_shipping  boolean NOT NULL DEFAULT true,
        taxable            boolean NOT NULL DEFAULT true,
        track_inventory    boolean NOT NULL DEFAULT true,
        allow_backorder    boolean NOT NULL DEFAULT false,
        image_id           uuid REFERENCES product_images ON DELETE SET NULL,
        status             text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
        version            integer NOT NULL DEFAULT 1,
        created_at         timestamptz(3) NOT NULL DEFAULT now(),
        updated_at         timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT variants_options UNIQUE (product_id, option_key)
      );
      COMMENT ON COLUMN variants.option_key IS 'the option values in lower case, joined by U+001F: one variant for each combination';
      CREATE INDEX variants_product ON variants (product_id, position);
      CREATE INDEX variants_sku ON variants (lower(sku)) WHERE sku IS NOT NULL;
      CREATE INDEX variants_image ON variants (image_id) WHERE image_id IS NOT NULL;

      CREATE TABLE prices (
        variant_id  uuid NOT NULL REFERENCES variants ON DELETE CASCADE,
        currency    char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount      bigint NOT NULL CHECK (amount BETWEEN 0 AND 99999999999),
        compare_at  bigint CHECK (compare_at BETWEEN 0 AND 99999999999),
        updated_at  timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (variant_id, currency)
      );

      CREATE TABLE product_categories (
        product_id   uuid NOT NULL REFERENCES products ON DELETE CASCADE,
        category_id  uuid NOT NULL REFERENCES categories ON DELETE CASCADE,
        PRIMARY KEY (product_id, category_id)
      );
      CREATE INDEX product_categories_category ON product_categories (category_id);

      CREATE TABLE product_listings (
        product_id    uuid NOT NULL REFERENCES products ON DELETE CASCADE,
        currency      char(3) NOT NULL,
        handle        text NOT NULL,
        title         text NOT NULL,
        sort_title    text COLLATE "C" NOT NULL,
        vendor        text NOT NULL,
        category_ids  uuid[] NOT NULL,
        options       text[] NOT NULL,
        option_labels text[] NOT NULL,
        price_min     bigint NOT NULL,
        price_max     bigint NOT NULL,
        available     boolean NOT NULL,
        created_at    timestamptz(3) NOT NULL,
        search        tsvector NOT NULL,
        card          text NOT NULL,
        PRIMARY KEY (product_id, currency)
      ) WITH (fillfactor = 85);
      COMMENT ON TABLE product_listings IS 'read model: one row for each active product and currency, written with the product in one transaction';
      COMMENT ON COLUMN product_listings.card IS 'JSON of the product card without its availability';
      COMMENT ON COLUMN product_listings.sort_title IS 'the title in lower case without accents';
      COMMENT ON COLUMN product_listings.option_labels IS 'the options as they are written, in the order of options';
      COMMENT ON COLUMN product_listings.category_ids IS 'its categories and all their ancestors';
      COMMENT ON COLUMN product_listings.options IS 'name=value in lower case, for filters';
      CREATE INDEX product_listings_created ON product_listings (currency, created_at DESC, product_id DESC);
      CREATE INDEX product_listings_price ON product_listings (currency, price_min, product_id);
      CREATE INDEX product_listings_title ON product_listings (currency, sort_title, product_id);
      CREATE INDEX product_listings_vendor ON product_listings (currency, lower(vendor), created_at DESC, product_id DESC);
      CREATE INDEX product_listings_categories ON product_listings USING gin (category_ids);
      CREATE INDEX product_listings_options ON product_listings USING gin (options);
      CREATE INDEX product_listings_search ON product_listings USING gin (search);
      CREATE INDEX product_listings_title_trgm ON product_listings USING gin (sort_title gin_trgm_ops);

      CREATE TABLE product_pages (
        product_id    uuid NOT NULL,
        currency      char(3) NOT NULL,
        handle        text NOT NULL,
        variant_ids   uuid[] NOT NULL,
        detail        text NOT NULL,
        PRIMARY KEY (product_id, currency),
        FOREIGN KEY (product_id, currency) REFERENCES product_listings ON DELETE CASCADE
      );
      COMMENT ON TABLE product_pages IS 'read model: the page of each listed product, apart from the listings so that these stay narrow';
      COMMENT ON COLUMN product_pages.variant_ids IS 'the active variants with a price in this currency, in the order of detail';
      COMMENT ON COLUMN product_pages.detail IS 'JSON of the product without stock; a bare control character where it is filled in';
      CREATE INDEX product_pages_handle ON product_pages (handle, currency);

      CREATE TABLE search_words (
        word  text PRIMARY KEY
      );
      COMMENT ON TABLE search_words IS 'every word of the listed products, for typo tolerance and suggestions';
      CREATE INDEX search_words_trgm ON search_words USING gin (word gin_trgm_ops);
      CREATE FUNCTION similar_words(wanted text) RETURNS SETOF text LANGUAGE sql STABLE
        SET pg_trgm.similarity_threshold = 0.2 AS $$
        SELECT word FROM search_words WHERE word % wanted ORDER BY similarity(word, wanted) DESC, word LIMIT 30
      $$;

      CREATE TABLE imports (
        id           uuid PRIMARY KEY,
        kind         text NOT NULL CHECK (kind IN ('products')),
        file_name    text NOT NULL,
        options      jsonb NOT NULL DEFAULT '{}',
        status       text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'failed')),
        rows_read    integer NOT NULL DEFAULT 0,
        bytes_read   bigint NOT NULL DEFAULT 0,
        bytes_total  bigint NOT NULL DEFAULT 0,
        summary      jsonb NOT NULL DEFAULT '{}',
        errors       jsonb NOT NULL DEFAULT '[]',
        warnings     jsonb NOT NULL DEFAULT '[]',
        failure      text,
        created_by   uuid,
        created_at   timestamptz(3) NOT NULL DEFAULT now(),
        finished_at  timestamptz(3)
      );
      CREATE TABLE import_chunks (
        import_id  uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
        seq        integer NOT NULL,
        bytes      bytea NOT NULL,
        PRIMARY KEY (import_id, seq)
      );
      COMMENT ON TABLE import_chunks IS 'the uploaded file until it is imported: the API and the worker share no disk';
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
