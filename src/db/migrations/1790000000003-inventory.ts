import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Stock: levels, their append-only ledger, and reservations. Overselling is refused here, by CHECK constraints. */
export class Inventory1790000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE locations (
        id          uuid PRIMARY KEY,
        name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        is_default  boolean NOT NULL DEFAULT false,
        created_at  timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX locations_one_default ON locations (is_default) WHERE is_default;

      CREATE TABLE stock_levels (
        variant_id       uuid NOT NULL REFERENCES variants ON DELETE RESTRICT,
        location_id      uuid NOT NULL REFERENCES locations ON DELETE RESTRICT,
        on_hand          integer NOT NULL DEFAULT 0,
        reserved         integer NOT NULL DEFAULT 0,
        backorder_limit  integer NOT NULL DEFAULT 0,
        updated_at       timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (variant_id, location_id),
        CONSTRAINT stock_reserved_not_negative CHECK (reserved >= 0),
        CONSTRAINT stock_backorder_limit_range CHECK (backorder_limit BETWEEN 0 AND 1000000000),
        CONSTRAINT stock_on_hand_range CHECK (on_hand BETWEEN -backorder_limit AND 1000000000),
        CONSTRAINT stock_no_oversell CHECK (reserved <= on_hand + backorder_limit)
      ) WITH (fillfactor = 70);
      CREATE INDEX stock_levels_available ON stock_levels ((on_hand - reserved));

      INSERT INTO locations (id, name, is_default) VALUES ('01920000-0000-7000-8000-000000000001', 'Main warehouse', true);

      -- Every tracked variant has a level at the default location, and its backorder limit follows the variant's policy:
      -- a limit never drops below what is promised already, so that the CHECKs hold at every moment.
      CREATE FUNCTION keep_stock_level() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.track_inventory THEN
          INSERT INTO stock_levels AS s (variant_id, location_id, backorder_limit)
          SELECT NEW.id, l.id, CASE WHEN NEW.allow_backorder THEN 1000000 ELSE 0 END FROM locations l WHERE l.is_default
          ON CONFLICT (variant_id, location_id) DO UPDATE
            SET backorder_limit = greatest(excluded.backorder_limit, -s.on_hand, s.reserved - s.on_hand, 0), updated_at = now();
        END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER variants_stock_level AFTER INSERT OR UPDATE OF track_inventory, allow_backorder ON variants
        FOR EACH ROW EXECUTE FUNCTION keep_stock_level();

      CREATE TABLE stock_movements (
        id             uuid PRIMARY KEY,
        variant_id     uuid NOT NULL,
        location_id    uuid NOT NULL,
        kind           text NOT NULL CHECK (kind IN ('receipt', 'sale', 'return', 'adjustment')),
        delta          integer NOT NULL CHECK (delta <> 0),
        order_line_id  uuid,
        reason         text NOT NULL DEFAULT '',
        actor          text NOT NULL DEFAULT 'system',
        dedupe_key     text NOT NULL CONSTRAINT stock_movements_once UNIQUE,
        created_at     timestamptz(3) NOT NULL DEFAULT now(),
        FOREIGN KEY (variant_id, location_id) REFERENCES stock_levels,
        CONSTRAINT stock_movements_sale CHECK (kind <> 'sale' OR (delta < 0 AND order_line_id IS NOT NULL))
      );
      CREATE INDEX stock_movements_variant ON stock_movements (variant_id, created_at DESC, id DESC);
      CREATE INDEX stock_movements_line ON stock_movements (order_line_id) WHERE order_line_id IS NOT NULL;
      CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON stock_movements
        FOR EACH ROW EXECUTE FUNCTION refuse_change();

      CREATE TABLE stock_reservations (
        id             uuid PRIMARY KEY,
        order_id       uuid NOT NULL,
        order_line_id  uuid NOT NULL,
        variant_id     uuid NOT NULL,
        location_id    uuid NOT NULL,
        quantity       integer NOT NULL CHECK (quantity > 0),
        state          text NOT NULL CHECK (state IN ('held', 'committed', 'released')),
        created_at     timestamptz(3) NOT NULL DEFAULT now(),
        updated_at     timestamptz(3) NOT NULL DEFAULT now(),
        FOREIGN KEY (variant_id, location_id) REFERENCES stock_levels,
        CONSTRAINT stock_reservations_line UNIQUE (order_line_id, location_id)
      );
      CREATE INDEX stock_reservations_order ON stock_reservations (order_id);
      CREATE INDEX stock_reservations_held ON stock_reservations (variant_id, location_id) WHERE state = 'held';
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
