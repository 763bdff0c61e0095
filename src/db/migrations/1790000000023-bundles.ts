import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Variants that are made of others: what a bundle is made of, and how many of it that makes. */
export class Bundles1790000000023 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE bundle_parts (
        variant_id       uuid NOT NULL,
        part_variant_id  uuid NOT NULL,
        quantity         integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
        position         integer NOT NULL CHECK (position BETWEEN 0 AND 49),
        of_bundle        boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
        is_bundle        boolean NOT NULL GENERATED ALWAYS AS (false) STORED,
        PRIMARY KEY (variant_id, part_variant_id)
      );
      COMMENT ON TABLE bundle_parts IS 'what a bundle is made of';
      COMMENT ON COLUMN bundle_parts.variant_id IS 'the bundle';
      COMMENT ON COLUMN bundle_parts.quantity IS 'of the part, in one bundle';
      COMMENT ON COLUMN bundle_parts.of_bundle IS 'goes along in the foreign key: only a variant that is marked as a bundle has parts';
      COMMENT ON COLUMN bundle_parts.is_bundle IS 'goes along in the foreign key: no part is a bundle itself';
      CREATE INDEX bundle_parts_of ON bundle_parts (part_variant_id);
      CREATE TRIGGER bundle_parts_audit AFTER INSERT OR UPDATE OR DELETE ON bundle_parts
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();

      CREATE FUNCTION bundle_available(bundle uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT min(greatest(coalesce((
            SELECT sum(s.on_hand::bigint + s.backorder_limit - s.reserved)::bigint FROM stock_levels s WHERE s.variant_id = p.id), 0), 0) / b.quantity)
        FROM bundle_parts b JOIN variants p ON p.id = b.part_variant_id AND p.track_inventory
        WHERE b.variant_id = bundle
      $$;
      COMMENT ON FUNCTION bundle_available IS 'how many can be made of what is in stock; NULL where no part is counted';

      CREATE FUNCTION parts_of_bundle(bundle uuid) RETURNS json LANGUAGE sql STABLE AS $$
        SELECT json_agg(json_build_array(v.id, p.id, p.title, v.title, v.sku, b.quantity, CASE WHEN v.track_inventory THEN
            greatest(coalesce((SELECT sum(s.on_hand::bigint + s.backorder_limit - s.reserved) FROM stock_levels s WHERE s.variant_id = v.id), 0), 0) END)
          ORDER BY b.position, v.id)
        FROM bundle_parts b JOIN variants v ON v.id = b.part_variant_id JOIN products p ON p.id = v.product_id
        WHERE b.variant_id = bundle
      $$;
      COMMENT ON FUNCTION parts_of_bundle IS 'for carts: [variant, product, title, variant title, SKU, quantity, available or null where it is not counted]';

      CREATE FUNCTION refuse_empty_bundle() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        bundle uuid := CASE WHEN TG_TABLE_NAME = 'variants' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(OLD) ->> 'variant_id' END;
      BEGIN
        IF EXISTS (SELECT FROM variants WHERE id = bundle AND is_bundle) AND NOT EXISTS (SELECT FROM bundle_parts WHERE variant_id = bundle) THEN
          RAISE EXCEPTION 'a bundle has at least one part' USING ERRCODE = 'check_violation', CONSTRAINT = 'bundle_has_parts';
        END IF;
        RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER bundle_parts_not_empty AFTER DELETE OR UPDATE OF variant_id ON bundle_parts
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_empty_bundle();
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** What goes with it on tables that are busy. */
export class BundleColumns1790000000023 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await this.addColumns(runner);
    await this.refer(runner);
    // What stock is reserved for is a line or, of a bundle, a part of one, which no foreign key can say; the books do (S7).
    for (const table of ['stock_reservations', 'stock_movements'])
      await patiently(runner, `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${table}_order_line_id_fkey`);
    await patiently(
      runner,
      `CREATE OR REPLACE FUNCTION keep_stock_level() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.track_inventory THEN
           INSERT INTO stock_levels AS s (variant_id, location_id, backorder_limit, bundle_quantity)
           SELECT NEW.id, l.id, CASE WHEN NEW.allow_backorder THEN 1000000 ELSE 0 END,
             coalesce((SELECT max(b.quantity) FROM bundle_parts b WHERE b.part_variant_id = NEW.id), 0)
           FROM locations l WHERE l.is_default
           ON CONFLICT (variant_id, location_id) DO UPDATE
             SET backorder_limit = greatest(excluded.backorder_limit, -s.on_hand, s.reserved - s.on_hand, 0), updated_at = now();
         END IF;
         RETURN NULL;
       END $$`,
    );
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }

  private async addColumns(runner: QueryRunner): Promise<void> {
    await patiently(runner, `ALTER TABLE variants ADD COLUMN IF NOT EXISTS is_bundle boolean NOT NULL DEFAULT false`);
    await patiently(runner, `ALTER TABLE order_lines ADD COLUMN IF NOT EXISTS parts jsonb`);
    await patiently(
      runner,
      `ALTER TABLE stock_levels ADD COLUMN IF NOT EXISTS bundle_quantity integer NOT NULL DEFAULT 0`,
    );
    await patiently(
      runner,
      `ALTER TABLE product_pages ADD COLUMN IF NOT EXISTS has_bundles boolean NOT NULL DEFAULT false`,
    );
    await runner.query(`
      COMMENT ON COLUMN variants.is_bundle IS 'made of others (bundle_parts): it can be had as often as they can, and its own stock rules do not count';
      COMMENT ON COLUMN order_lines.parts IS 'of a bundle, as it was when it was sold: [{"id", "variantId", "productId", "title", "variantTitle", "sku", "quantity", "stockTracked"}], quantity in one bundle. Reservations and movements of a part have its id as their order_line_id';
      COMMENT ON COLUMN stock_levels.bundle_quantity IS 'the most that one bundle takes of it, 0 where it is in none: below that, bundles may come or go with a change';
      COMMENT ON COLUMN product_pages.has_bundles IS 'some of variant_ids are bundles'`);
  }

  /** No part is a bundle, only bundles have parts: held by foreign keys on the variant together with its mark. */
  private async refer(runner: QueryRunner): Promise<void> {
    const [known] = (await runner.query(
      `SELECT count(*)::int AS n FROM pg_constraint WHERE conname = 'bundle_parts_bundle'`,
    )) as [{ n: number }];
    if (known.n === 0) {
      await runner.query(`SET lock_timeout = 0`);
      try {
        await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS variants_bundle`);
        await runner.query(`CREATE UNIQUE INDEX CONCURRENTLY variants_bundle ON variants (id, is_bundle)`);
      } finally {
        await runner.query(`RESET lock_timeout`);
      }
    }
    for (const [name, columns, onDelete] of [
      ['bundle_parts_bundle', 'variant_id, of_bundle', 'CASCADE'],
      ['bundle_parts_part', 'part_variant_id, is_bundle', 'NO ACTION'],
    ])
      await patiently(
        runner,
        `DO $$ BEGIN
           IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '${name}') THEN
             ALTER TABLE bundle_parts ADD CONSTRAINT ${name} FOREIGN KEY (${columns})
               REFERENCES variants (id, is_bundle) ON DELETE ${onDelete};
           END IF;
         END $$`,
      );
    await patiently(
      runner,
      `DO $$ BEGIN
         IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'variants_bundle_not_empty') THEN
           CREATE CONSTRAINT TRIGGER variants_bundle_not_empty AFTER INSERT OR UPDATE OF is_bundle ON variants
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.is_bundle) EXECUTE FUNCTION refuse_empty_bundle();
         END IF;
       END $$`,
    );
  }
}
