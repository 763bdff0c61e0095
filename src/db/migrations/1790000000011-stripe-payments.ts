import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Stripe can be taken off the ways to pay, while what is under way there goes on. */
export class StripePayments1790000000011 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(
      runner,
      `ALTER TABLE shop_settings ADD COLUMN IF NOT EXISTS stripe_payments boolean NOT NULL DEFAULT true`,
    );
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
