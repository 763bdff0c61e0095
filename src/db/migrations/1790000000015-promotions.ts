import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Codes that are made by the thousand would fill the log, and what shoppers use up is no change by staff. */
const AUDITED = [
  ['promotions_audit', 'AFTER INSERT OR UPDATE OR DELETE ON promotions', ''],
  ['promotion_codes_audit_made', 'AFTER INSERT ON promotion_codes', ' AND NOT NEW.is_generated'],
  ['promotion_codes_audit', 'AFTER UPDATE OF disabled_at ON promotion_codes', ''],
] as const;

/** Promotions, their codes, and how often they may be used. */
export class Promotions1790000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE promotions (
        id                     uuid PRIMARY KEY,
        name                   text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
        description            text NOT NULL DEFAULT '' CHECK (length(description) <= 2000),
        status                 text NOT NULL DEFAULT 'inactive' CHECK (status IN ('inactive', 'active', 'archived')),
        method                 text NOT NULL CHECK (method IN ('automatic', 'code')),
        priority               integer NOT NULL DEFAULT 100 CHECK (priority BETWEEN 0 AND 10000),
        exclusive              boolean NOT NULL DEFAULT false,
        combines_with          text[] NOT NULL DEFAULT '{}' CHECK (combines_with <@ '{product,order,shipping}'),
        conditions             jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(conditions) = 'object'),
        action                 jsonb NOT NULL CHECK ((action ->> 'type') IN ('percent_off_lines', 'percent_off_order',
          'amount_off_order', 'amount_off_each', 'fixed_price', 'buy_x_get_y', 'tiered', 'free_shipping', 'reduced_shipping')),
        starts_at              timestamptz(3),
        ends_at                timestamptz(3),
        max_uses               integer CHECK (max_uses >= 1),
        max_uses_per_customer  integer CHECK (max_uses_per_customer >= 1),
        version                integer NOT NULL DEFAULT 1,
        created_at             timestamptz(3) NOT NULL DEFAULT now(),
        updated_at             timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT promotions_period CHECK (ends_at > starts_at)
      );
      CREATE INDEX promotions_status ON promotions (status, id);

      CREATE TABLE promotion_limits (
        promotion_id           uuid PRIMARY KEY REFERENCES promotions,
        max_uses               integer,
        max_uses_per_customer  integer,
        uses                   integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
        CONSTRAINT promotion_limits_total CHECK (uses <= max_uses)
      ) WITH (fillfactor = 50);
      COMMENT ON TABLE promotion_limits IS 'only promotions with a limit have a row; uses are counted only where max_uses is not null, so that no other promotion has a row that all checkouts write';

      CREATE TABLE promotion_codes (
        id            uuid PRIMARY KEY,
        promotion_id  uuid NOT NULL REFERENCES promotions,
        code          text NOT NULL CONSTRAINT promotion_codes_code UNIQUE CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{2,63}$'),
        max_uses      integer CHECK (max_uses >= 1),
        uses          integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
        is_generated  boolean NOT NULL DEFAULT false,
        disabled_at   timestamptz(3),
        created_at    timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT promotion_codes_limit CHECK (uses <= max_uses)
      ) WITH (fillfactor = 80);
      COMMENT ON COLUMN promotion_codes.uses IS 'counted only where max_uses is not null';
      CREATE INDEX promotion_codes_promotion ON promotion_codes (promotion_id, id);

      CREATE TABLE promotion_customers (
        key           bytea NOT NULL,
        promotion_id  uuid NOT NULL REFERENCES promotions,
        uses          integer NOT NULL CHECK (uses >= 0),
        PRIMARY KEY (key, promotion_id)
      ) WITH (fillfactor = 80);
      COMMENT ON COLUMN promotion_customers.key IS 'one of promotion_customer_keys()';

      CREATE FUNCTION promotion_customer_keys(email text, customer_id uuid) RETURNS bytea[] LANGUAGE sql STABLE AS $$
        SELECT array_remove(ARRAY[
          CASE WHEN email <> '' THEN
            sha256(convert_to('email:' || lower(regexp_replace(btrim(email), '\\+[^@]*@', '@')), 'UTF8')) END,
          CASE WHEN customer_id IS NOT NULL THEN sha256(convert_to('customer:' || customer_id, 'UTF8')) END], NULL)
      $$;
      COMMENT ON FUNCTION promotion_customer_keys IS 'by what a customer is counted: the e-mail address, without capitals and what follows a +, and the account';
    `);
    for (const [name, events, condition] of AUDITED)
      await runner.query(
        `CREATE TRIGGER ${name} ${events}
         FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> ''${condition}) EXECUTE FUNCTION audit_change()`,
      );
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** What orders keep of the promotions that applied to them: changes of tables that are busy. */
export class PromotionsOfOrders1790000000015 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(
      runner,
      `ALTER TABLE shop_settings ADD COLUMN IF NOT EXISTS promotion_facts text[] NOT NULL DEFAULT '{}'`,
    );
    await runner.query(
      `COMMENT ON COLUMN shop_settings.promotion_facts IS 'what active promotions need to know of a cart: nothing else is looked up for it'`,
    );
    await patiently(runner, `ALTER TABLE orders ADD COLUMN IF NOT EXISTS promotions jsonb NOT NULL DEFAULT '[]'`);
    await patiently(runner, `ALTER TABLE order_lines ADD COLUMN IF NOT EXISTS discounts jsonb NOT NULL DEFAULT '[]'`);
    // The foreign key needs a short lock on the orders.
    await patiently(
      runner,
      `CREATE TABLE IF NOT EXISTS promotion_uses (
        order_id       uuid NOT NULL REFERENCES orders,
        promotion_id   uuid NOT NULL,
        code_id        uuid,
        amount         bigint NOT NULL CHECK (amount > 0),
        currency       char(3) NOT NULL,
        customer_keys  bytea[] NOT NULL DEFAULT '{}',
        is_late        boolean NOT NULL DEFAULT false,
        is_code_late   boolean NOT NULL DEFAULT false,
        released_at    timestamptz(3),
        created_at     timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (order_id, promotion_id)
      )`,
    );
    await runner.query(`
      COMMENT ON TABLE promotion_uses IS 'no foreign key to promotions, which are never deleted: it would make all checkouts of a popular promotion lock its row';
      COMMENT ON COLUMN promotion_uses.is_late IS 'the order was paid after its time was over and the last use had gone to somebody else: not counted';
      CREATE INDEX IF NOT EXISTS promotion_uses_promotion ON promotion_uses (promotion_id, created_at);
      CREATE INDEX IF NOT EXISTS promotion_uses_code ON promotion_uses (code_id) WHERE code_id IS NOT NULL;
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
