import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Why the shop lets an intent be canceled, known before the provider hears of it and tells that it is done. */
export class Cancellations1790000000027 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await patiently(runner, statement);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const STATEMENTS = [
  `ALTER TABLE payments ADD COLUMN IF NOT EXISTS cancellation jsonb`,
  `COMMENT ON COLUMN payments.cancellation IS 'who asked the provider to cancel it, and why, until the provider has answered'`,
  `ALTER TABLE payments DROP CONSTRAINT IF EXISTS payments_cancellation`,
  `ALTER TABLE payments ADD CONSTRAINT payments_cancellation CHECK (cancellation ?& '{reason,actor}') NOT VALID`,
  `ALTER TABLE payments VALIDATE CONSTRAINT payments_cancellation`,
];
