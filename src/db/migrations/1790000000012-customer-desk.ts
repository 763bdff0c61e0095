import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/** What staff look for when they look for somebody. */
const SEARCHED = `lower(coalesce(email, '') || ' ' || first_name || ' ' || last_name || ' ' || coalesce(phone, ''))`;

/** Columns of customers that are personal, as are whole addresses and what links carry: the log of changes does not show them. */
const AUDITED: readonly (readonly [table: string, hidden: readonly string[]])[] = [
  ['customers', ['email', 'password_hash', 'first_name', 'last_name', 'phone', 'vat_number', 'note']],
  ['customer_addresses', ['address']],
  ['account_links', ['email', 'old_email', 'token_hash', 'password_hash', 'profile']],
];

/** What staff note of customers, how they find them, and who of them changed what. */
export class CustomerDesk1790000000012 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(
      runner,
      `ALTER TABLE customers
         ADD COLUMN IF NOT EXISTS note text,
         ADD COLUMN IF NOT EXISTS tags text[] NOT NULL DEFAULT '{}',
         DROP CONSTRAINT IF EXISTS customers_remarks,
         ADD CONSTRAINT customers_remarks CHECK (length(note) <= 5000 AND cardinality(tags) <= 50
           AND (deleted_at IS NULL OR (note IS NULL AND tags = '{}'))) NOT VALID`,
    );
    await patiently(runner, `ALTER TABLE customers VALIDATE CONSTRAINT customers_remarks`);
    await runner.query(`
      COMMENT ON TABLE customers IS 'whoever has a password here has shown that the e-mail address is theirs';
      COMMENT ON COLUMN customers.password_hash IS 'null until somebody whom staff have invited chooses one';
    `);
    await indexBesideWriters(runner, [
      ['customers_search', `customers USING gin ((${SEARCHED}) gin_trgm_ops)`],
      ['customers_tags', `customers USING gin (tags) WHERE tags <> '{}'`],
    ]);
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
