import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Who a customer is at the payment provider, so that it can keep their cards. */
export class SavedCards1790000000009 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // The foreign key needs a short lock on the customers.
    await patiently(
      runner,
      `CREATE TABLE IF NOT EXISTS payment_customers (
        customer_id   uuid PRIMARY KEY REFERENCES customers ON DELETE CASCADE,
        provider_ref  text CONSTRAINT payment_customers_ref UNIQUE,
        created_at    timestamptz(3) NOT NULL DEFAULT now()
      )`,
    );
    await runner.query(
      `COMMENT ON TABLE payment_customers IS 'written before the provider is asked: without a provider_ref its answer is not known yet'`,
    );
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
