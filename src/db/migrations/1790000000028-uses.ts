import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** What the shop has begun to use, so that carts of a shop without it are read without looking for it. */
export class Uses1790000000028 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(runner, `ALTER TABLE shop_settings ADD COLUMN IF NOT EXISTS uses text[] NOT NULL DEFAULT '{}'`);
    await runner.query(`
      COMMENT ON COLUMN shop_settings.uses IS 'price_lists, gift_cards, store_credit: what has been made here at least once. The statements of carts leave out the rest';
      CREATE OR REPLACE FUNCTION begin_to_use() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        UPDATE shop_settings SET uses = array_append(uses, TG_ARGV[0]), version = version + 1 WHERE TG_ARGV[0] <> ALL (uses);
        RETURN NULL;
      END $$;
    `);
    for (const [table, use] of USES) {
      await patiently(
        runner,
        `CREATE OR REPLACE TRIGGER ${table}_begin_to_use AFTER INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION begin_to_use('${use}')`,
      );
      // After the trigger is there, so that nothing is missed in between.
      await runner.query(
        `UPDATE shop_settings SET uses = array_append(uses, $1), version = version + 1
         WHERE $1 <> ALL (uses) AND EXISTS (SELECT FROM ${table})`,
        [use],
      );
    }
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const USES = [
  ['price_list_entries', 'price_lists'],
  ['gift_cards', 'gift_cards'],
  ['store_credit_accounts', 'store_credit'],
] as const;
