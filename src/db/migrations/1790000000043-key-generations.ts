import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** How many keys of a payment, a refund, a capture or a customer the provider has spent on failures of its own. */
export class KeyGenerations1790000000043 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) for (const statement of statements(table)) await patiently(runner, statement);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const TABLES = ['payments', 'refunds', 'payment_captures', 'payment_customers'];

/** The check is validated after the column is there, so that no table is read while nobody else can. */
const statements = (table: string) => [
  `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS key_generation int NOT NULL DEFAULT 0`,
  `COMMENT ON COLUMN ${table}.key_generation IS 'which idempotency key the provider is asked with; the ones before it are spent'`,
  `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${table}_key_generation`,
  `ALTER TABLE ${table} ADD CONSTRAINT ${table}_key_generation CHECK (key_generation >= 0) NOT VALID`,
  `ALTER TABLE ${table} VALIDATE CONSTRAINT ${table}_key_generation`,
];
