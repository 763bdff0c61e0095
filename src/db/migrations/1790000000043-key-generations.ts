import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** How many keys of a payment, a refund, a capture or a customer the provider has spent on failures of its own. */
export class KeyGenerations1790000000043 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      await patiently(
        runner,
        `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS key_generation int NOT NULL DEFAULT 0 CHECK (key_generation >= 0)`,
      );
      await patiently(
        runner,
        `COMMENT ON COLUMN ${table}.key_generation IS 'which idempotency key the provider is asked with; the ones before it are spent'`,
      );
    }
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const TABLES = ['payments', 'refunds', 'payment_captures', 'payment_customers'];
