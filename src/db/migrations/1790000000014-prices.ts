import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Columns that busy tables get; none of them rewrites a row. */
const COLUMNS: readonly (readonly [table: string, columns: string])[] = [
  ['shop_settings', `ADD COLUMN IF NOT EXISTS country char(2) CHECK (country ~ '^[A-Z]{2}$')`],
  ['tax_rates', `ADD COLUMN IF NOT EXISTS tax_class_id uuid CONSTRAINT tax_rates_class REFERENCES tax_classes`],
  ['variants', `ADD COLUMN IF NOT EXISTS tax_class_id uuid`],
  [
    'customers',
    `ADD COLUMN IF NOT EXISTS vat_number text,
     ADD COLUMN IF NOT EXISTS tax_exempt boolean NOT NULL DEFAULT false`,
  ],
  [
    'carts',
    `ADD COLUMN IF NOT EXISTS market_id uuid, ADD COLUMN IF NOT EXISTS tax_included boolean,
     ADD COLUMN IF NOT EXISTS tax_quote jsonb`,
  ],
  ['orders', `ADD COLUMN IF NOT EXISTS tax_exemption text, ADD COLUMN IF NOT EXISTS vat_number text`],
  ['order_lines', `ADD COLUMN IF NOT EXISTS price_list_id uuid, ADD COLUMN IF NOT EXISTS compare_at bigint`],
];

/** Tables that belong to busy ones: their foreign keys need a short lock there. */
const TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS customer_group_members (
     customer_id  uuid NOT NULL REFERENCES customers ON DELETE CASCADE,
     group_id     uuid NOT NULL REFERENCES customer_groups ON DELETE CASCADE,
     created_at   timestamptz(3) NOT NULL DEFAULT now(),
     PRIMARY KEY (customer_id, group_id)
   )`,
  `CREATE INDEX IF NOT EXISTS customer_group_members_group ON customer_group_members (group_id, customer_id)`,
  `CREATE TABLE IF NOT EXISTS price_list_entries (
     price_list_id  uuid NOT NULL REFERENCES price_lists ON DELETE CASCADE,
     variant_id     uuid NOT NULL REFERENCES variants ON DELETE CASCADE,
     min_quantity   integer NOT NULL DEFAULT 1 CHECK (min_quantity BETWEEN 1 AND 9999),
     amount         bigint NOT NULL CHECK (amount BETWEEN 0 AND 99999999999),
     PRIMARY KEY (price_list_id, variant_id, min_quantity)
   )`,
  `CREATE INDEX IF NOT EXISTS price_list_entries_variant ON price_list_entries (variant_id)`,
  `CREATE TABLE IF NOT EXISTS price_history (
     id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     variant_id  uuid NOT NULL REFERENCES variants ON DELETE CASCADE,
     currency    char(3) NOT NULL,
     amount      bigint NOT NULL,
     compare_at  bigint CHECK (compare_at > amount),
     lowest      bigint,
     started_at  timestamptz(3) NOT NULL DEFAULT now(),
     CHECK ((compare_at IS NULL) = (lowest IS NULL))
   )`,
  `CREATE INDEX IF NOT EXISTS price_history_variant ON price_history (variant_id, currency, id DESC)`,
];

const AUDITED: readonly (readonly [table: string, hidden: readonly string[]])[] = [
  ['markets', []],
  ['tax_classes', []],
  ['price_lists', []],
  ['price_list_entries', []],
  ['customer_groups', []],
  ['customer_group_members', []],
  ['customers', ['email', 'password_hash', 'first_name', 'last_name', 'phone', 'vat_number', 'note']],
];

/** Markets, tax classes, price lists and customer groups. */
export class Prices1790000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE markets (
        id                  uuid PRIMARY KEY,
        name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        countries           text[] NOT NULL CHECK (cardinality(countries) BETWEEN 1 AND 300),
        currency            char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        prices_include_tax  boolean NOT NULL,
        version             integer NOT NULL DEFAULT 1,
        created_at          timestamptz(3) NOT NULL DEFAULT now(),
        updated_at          timestamptz(3) NOT NULL DEFAULT now()
      );
      COMMENT ON TABLE markets IS 'where the shop sells otherwise than shop_settings say, which hold everywhere else';

      CREATE TABLE tax_classes (
        id          uuid PRIMARY KEY,
        name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        version     integer NOT NULL DEFAULT 1,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        updated_at  timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX tax_classes_name ON tax_classes (lower(name));

      CREATE TABLE customer_groups (
        id          uuid PRIMARY KEY,
        name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        version     integer NOT NULL DEFAULT 1,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        updated_at  timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX customer_groups_name ON customer_groups (lower(name));

      CREATE TABLE price_lists (
        id                 uuid PRIMARY KEY,
        name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        currency           char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        market_id          uuid CONSTRAINT price_lists_market REFERENCES markets,
        customer_group_id  uuid CONSTRAINT price_lists_group REFERENCES customer_groups,
        active             boolean NOT NULL DEFAULT true,
        starts_at          timestamptz(3),
        ends_at            timestamptz(3),
        listed             boolean NOT NULL DEFAULT false,
        deleted_at         timestamptz(3),
        version            integer NOT NULL DEFAULT 1,
        created_at         timestamptz(3) NOT NULL DEFAULT now(),
        updated_at         timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT price_lists_deleted CHECK (deleted_at IS NULL OR NOT active),
        CONSTRAINT price_lists_schedule CHECK (ends_at > starts_at)
      );
      COMMENT ON COLUMN price_lists.listed IS 'whether the read model was built while the list was in force; a job sets it right when a sale begins or ends';
      COMMENT ON COLUMN price_lists.deleted_at IS 'gone for everybody; the row goes when no listing shows its prices any more';
      CREATE INDEX price_lists_market ON price_lists (market_id) WHERE market_id IS NOT NULL;
      CREATE INDEX price_lists_group ON price_lists (customer_group_id) WHERE customer_group_id IS NOT NULL;
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** What busy tables get, one short lock at a time. */
export class PriceColumns1790000000014 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, columns] of COLUMNS) await patiently(runner, `ALTER TABLE ${table} ${columns}`);
    for (const statement of TABLES) await patiently(runner, statement);
    // Apart from the column, so that no lock is held while the variants are looked through.
    await patiently(runner, `ALTER TABLE variants DROP CONSTRAINT IF EXISTS variants_tax_class`);
    await patiently(
      runner,
      `ALTER TABLE variants ADD CONSTRAINT variants_tax_class FOREIGN KEY (tax_class_id) REFERENCES tax_classes NOT VALID`,
    );
    await patiently(runner, `ALTER TABLE variants VALIDATE CONSTRAINT variants_tax_class`);
    // Few rows, and changed by staff only.
    await patiently(
      runner,
      `DROP INDEX IF EXISTS tax_rates_place;
       CREATE UNIQUE INDEX tax_rates_place ON tax_rates (country, coalesce(upper(state), ''), tax_class_id) NULLS NOT DISTINCT`,
    );
    await runner.query(`
      COMMENT ON COLUMN tax_rates.tax_class_id IS 'null for the standard rate';
      COMMENT ON COLUMN variants.tax_class_id IS 'null for the standard class';
      COMMENT ON COLUMN carts.tax_included IS 'null: as shop_settings say';
      COMMENT ON COLUMN carts.tax_quote IS 'what an outside tax service said, and for which version of the cart';
      COMMENT ON COLUMN shop_settings.country IS 'where the shop is taxed';
      COMMENT ON TABLE price_history IS 'every public price of a variant since it began, the last row being the present one';
      COMMENT ON COLUMN price_history.lowest IS 'the lowest public price of the 30 days before a reduction began; null where nothing is reduced';
      CREATE OR REPLACE FUNCTION lowest_price_30_days(variant uuid, wanted char(3)) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT min(h.amount) FROM price_history h
        WHERE h.variant_id = variant AND h.currency = wanted
          AND h.started_at >= coalesce((
            SELECT max(b.started_at) FROM price_history b
            WHERE b.variant_id = variant AND b.currency = wanted AND b.started_at <= now() - interval '30 days'), '-infinity')
      $$;
      COMMENT ON FUNCTION lowest_price_30_days IS 'the lowest public price of the last 30 days; null when there was none';
    `);
    // A product whose listing is built anew at the same time has its rows already.
    await runner.query(`
      INSERT INTO price_history (variant_id, currency, amount, compare_at, lowest, started_at)
      SELECT pr.variant_id, pr.currency, pr.amount,
             CASE WHEN pr.compare_at > pr.amount THEN pr.compare_at END,
             CASE WHEN pr.compare_at > pr.amount THEN pr.amount END, pr.updated_at
      FROM prices pr JOIN variants v ON v.id = pr.variant_id AND v.status = 'active'
      JOIN products p ON p.id = v.product_id AND p.status = 'active'
      WHERE NOT EXISTS (SELECT FROM price_history h WHERE h.variant_id = pr.variant_id AND h.currency = pr.currency)
    `);
    for (const [table, hidden] of AUDITED) {
      await patiently(
        runner,
        `CREATE OR REPLACE TRIGGER ${table}_audit AFTER INSERT OR UPDATE OR DELETE ON ${table}
         FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '')
         EXECUTE FUNCTION audit_change(${hidden.map((column) => `'${column}'`).join(', ')})`,
      );
    }
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** What reading a cart looks up in functions of their own: their plans are set up only where they are needed. */
export class PriceFunctions1790000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION cart_customer(wanted uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
      BEGIN
        RETURN (
          SELECT json_build_array(
            (SELECT json_agg(m.group_id) FROM customer_group_members m WHERE m.customer_id = cu.id), cu.vat_number, cu.tax_exempt)
          FROM customers cu WHERE cu.id = wanted);
      END $$;
      COMMENT ON FUNCTION cart_customer IS 'what of a customer matters for the prices of a cart: [groups, VAT number, exempt]';
      CREATE OR REPLACE FUNCTION cart_offers(variant uuid, wanted char(3), market uuid, customer uuid) RETURNS json
      LANGUAGE plpgsql STABLE AS $$
      BEGIN
        RETURN (
          SELECT json_agg(json_build_array(e.amount, e.min_quantity, pl.id, pl.name) ORDER BY e.amount, pl.id)
          FROM price_list_entries e JOIN price_lists pl ON pl.id = e.price_list_id AND pl.currency = wanted
            AND pl.active AND (pl.starts_at IS NULL OR pl.starts_at <= now()) AND (pl.ends_at IS NULL OR pl.ends_at > now())
            AND (pl.market_id IS NULL OR pl.market_id = market)
            AND (pl.customer_group_id IS NULL OR EXISTS (
              SELECT FROM customer_group_members m WHERE m.customer_id = customer AND m.group_id = pl.customer_group_id))
          WHERE e.variant_id = variant);
      END $$;
      COMMENT ON FUNCTION cart_offers IS 'the prices of price lists that hold now: [[amount, from quantity, list, name], …]';
      CREATE OR REPLACE FUNCTION shown_lowest_price(variant uuid, wanted char(3)) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
      BEGIN
        RETURN (
          SELECT coalesce(h.lowest, lowest_price_30_days(variant, wanted)) FROM price_history h
          WHERE h.variant_id = variant AND h.currency = wanted ORDER BY h.id DESC LIMIT 1);
      END $$;
      COMMENT ON FUNCTION shown_lowest_price IS 'the lowest public price of the 30 days before the present reduction, or before now';
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
