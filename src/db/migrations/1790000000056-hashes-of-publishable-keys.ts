import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Publishable keys are kept as hashes, as API keys are. */
export class HashesOfPublishableKeys1790000000056 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...STATEMENTS, ...COMMENTS]) await patiently(runner, statement);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/**
 * Processes of before look keys up by their text, and write it, until they are replaced: the trigger hashes what they write,
 * and texts stay for a day. Those of after write none.
 */
const STATEMENTS = [
  `CREATE OR REPLACE TRIGGER publishable_keys_audit AFTER INSERT OR UPDATE OR DELETE ON publishable_keys
   FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change('key', 'key_hash')`,
  `ALTER TABLE publishable_keys
     ADD COLUMN IF NOT EXISTS key_hash bytea CONSTRAINT publishable_keys_key_hash UNIQUE CHECK (octet_length(key_hash) = 32),
     ADD COLUMN IF NOT EXISTS hint text CHECK (length(hint) = 4),
     ADD COLUMN IF NOT EXISTS plain_until timestamptz(3),
     ALTER COLUMN key DROP NOT NULL`,
  `CREATE OR REPLACE FUNCTION hash_publishable_key() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     NEW.key_hash := sha256(convert_to(NEW.key, 'UTF8'));
     NEW.hint := right(NEW.key, 4);
     NEW.plain_until := now() + interval '1 day';
     RETURN NEW;
   END $$`,
  `CREATE OR REPLACE TRIGGER publishable_keys_hash BEFORE INSERT OR UPDATE ON publishable_keys
   FOR EACH ROW WHEN (NEW.key_hash IS NULL) EXECUTE FUNCTION hash_publishable_key()`,
  `UPDATE publishable_keys SET key = key WHERE key_hash IS NULL`,
  // Shops have a handful of keys, so that looking at all of them is nothing to wait for.
  `ALTER TABLE publishable_keys
     ALTER COLUMN key_hash SET NOT NULL,
     ALTER COLUMN hint SET NOT NULL,
     DROP CONSTRAINT IF EXISTS publishable_keys_plain,
     ADD CONSTRAINT publishable_keys_plain CHECK ((key IS NULL) = (plain_until IS NULL))`,
];

const COMMENTS = [
  `COMMENT ON TABLE publishable_keys IS 'which storefront asks'`,
  `COMMENT ON COLUMN publishable_keys.key IS 'read and written by earlier releases only: a later one drops it'`,
  `COMMENT ON COLUMN publishable_keys.plain_until IS 'when key is forgotten: a later release drops it, too'`,
  `COMMENT ON COLUMN publishable_keys.key_hash IS 'SHA-256 of the key'`,
  `COMMENT ON COLUMN publishable_keys.hint IS 'the last characters of the key, to tell it by'`,
];
