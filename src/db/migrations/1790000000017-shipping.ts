import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/** Prices of shipping by weight, pieces and subtotal, what methods do not take, and goods that are shipped differently. */
export class Shipping1790000000017 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS shipping_profiles (
        id           uuid PRIMARY KEY,
        name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        description  text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
        version      integer NOT NULL DEFAULT 1,
        created_at   timestamptz(3) NOT NULL DEFAULT now(),
        updated_at   timestamptz(3) NOT NULL DEFAULT now()
      )`);
    await runner.query(`CREATE UNIQUE INDEX IF NOT EXISTS shipping_profiles_name ON shipping_profiles (lower(name))`);
    await patiently(
      runner,
      `CREATE OR REPLACE TRIGGER shipping_profiles_audit AFTER INSERT OR UPDATE OR DELETE ON shipping_profiles
       FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change()`,
    );
    await patiently(
      runner,
      `ALTER TABLE shipping_methods
        ADD COLUMN IF NOT EXISTS calculation text NOT NULL DEFAULT 'flat'
          CONSTRAINT shipping_methods_calculation CHECK (calculation IN ('flat', 'weight', 'items', 'subtotal', 'none')),
        ADD COLUMN IF NOT EXISTS bands jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(bands) = 'array'),
        ADD COLUMN IF NOT EXISTS free_above bigint CHECK (free_above >= 0),
        ADD COLUMN IF NOT EXISTS profile_rates jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(profile_rates) = 'array'),
        ADD COLUMN IF NOT EXISTS restrictions jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(restrictions) = 'object')`,
    );
    await runner.query(
      `COMMENT ON COLUMN shipping_methods.amount IS 'of goods of the default profile, where the calculation is flat'`,
    );
    await patiently(runner, `ALTER TABLE variants ADD COLUMN IF NOT EXISTS shipping_profile_id uuid`);
    await patiently(runner, `ALTER TABLE variants DROP CONSTRAINT IF EXISTS variants_shipping_profile`);
    await patiently(
      runner,
      `ALTER TABLE variants ADD CONSTRAINT variants_shipping_profile FOREIGN KEY (shipping_profile_id)
       REFERENCES shipping_profiles NOT VALID`,
    );
    await patiently(runner, `ALTER TABLE variants VALIDATE CONSTRAINT variants_shipping_profile`);
    await runner.query(`COMMENT ON COLUMN variants.shipping_profile_id IS 'null: the default profile'`);
    await indexBesideWriters(runner, [
      ['variants_by_shipping_profile', 'variants (shipping_profile_id) WHERE shipping_profile_id IS NOT NULL'],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
