import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** What customers say and wish: reviews, wishlists, and who waits for stock. */
export class Voices1790000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE reviews (
        id           uuid PRIMARY KEY,
        product_id   uuid NOT NULL,
        customer_id  uuid NOT NULL,
        order_id     uuid,
        author       text NOT NULL CHECK (length(author) BETWEEN 1 AND 60),
        rating       smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
        title        text NOT NULL DEFAULT '' CHECK (length(title) <= 120),
        body         text NOT NULL DEFAULT '' CHECK (length(body) <= 5000),
        status       text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'published', 'rejected')),
        reply        text CHECK (length(reply) BETWEEN 1 AND 2000),
        replied_at   timestamptz(3),
        version      integer NOT NULL DEFAULT 1,
        created_at   timestamptz(3) NOT NULL DEFAULT now(),
        updated_at   timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT reviews_once UNIQUE (product_id, customer_id)
      );
      COMMENT ON COLUMN reviews.order_id IS 'the paid order in which the customer bought the product, when it was written: a verified purchase';
      CREATE INDEX reviews_published ON reviews (product_id, created_at DESC, id DESC) INCLUDE (rating) WHERE status = 'published';
      CREATE INDEX reviews_moderation ON reviews (status, created_at DESC, id DESC);
      CREATE INDEX reviews_created ON reviews (created_at DESC, id DESC);
      CREATE INDEX reviews_customer ON reviews (customer_id, created_at DESC, id DESC);
      CREATE TRIGGER reviews_audit AFTER INSERT OR UPDATE OR DELETE ON reviews
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '')
        EXECUTE FUNCTION audit_change('author', 'title', 'body');

      CREATE TABLE wishlist_items (
        customer_id  uuid NOT NULL,
        variant_id   uuid NOT NULL,
        created_at   timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (customer_id, variant_id)
      );
      CREATE INDEX wishlist_items_variant ON wishlist_items (variant_id);

      CREATE TABLE stock_alerts (
        id           uuid PRIMARY KEY,
        variant_id   uuid NOT NULL,
        email        text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
        customer_id  uuid,
        notified_at  timestamptz(3),
        created_at   timestamptz(3) NOT NULL DEFAULT now()
      );
      COMMENT ON TABLE stock_alerts IS 'who wants to hear once when a variant can be bought again';
      CREATE UNIQUE INDEX stock_alerts_once ON stock_alerts (variant_id, lower(email)) WHERE notified_at IS NULL;
      CREATE INDEX stock_alerts_email ON stock_alerts (lower(email));
      CREATE INDEX stock_alerts_told ON stock_alerts (notified_at) WHERE notified_at IS NOT NULL;
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** The foreign keys of the new tables: each takes a short lock on a busy one, and waits for its turn. */
export class VoicesLinks1790000000018 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    const links = [
      ['reviews', 'product_id', 'products', 'CASCADE'],
      ['reviews', 'customer_id', 'customers', 'RESTRICT'],
      ['reviews', 'order_id', 'orders', 'RESTRICT'],
      ['wishlist_items', 'customer_id', 'customers', 'CASCADE'],
      ['wishlist_items', 'variant_id', 'variants', 'CASCADE'],
      ['stock_alerts', 'variant_id', 'variants', 'CASCADE'],
      ['stock_alerts', 'customer_id', 'customers', 'CASCADE'],
    ] as const;
    for (const [table, column, target, onDelete] of links) {
      const name = `${table}_${column}_fkey`;
      await patiently(
        runner,
        `DO $$ BEGIN
           IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '${name}') THEN
             ALTER TABLE ${table} ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES ${target} ON DELETE ${onDelete};
           END IF;
         END $$`,
      );
    }
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
