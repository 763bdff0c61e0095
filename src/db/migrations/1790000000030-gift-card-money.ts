import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Credit also goes back where a capture takes something; and which gift cards were withdrawn because their piece was given back. */
export class GiftCardMoney1790000000030 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await patiently(runner, statement);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const STATEMENTS = [
  `ALTER TABLE payment_captures DROP CONSTRAINT IF EXISTS payment_captures_amount,
     ADD CONSTRAINT payment_captures_amount CHECK (amount >= 0 AND credit_back >= 0) NOT VALID`,
  `ALTER TABLE payment_captures VALIDATE CONSTRAINT payment_captures_amount`,
  `COMMENT ON COLUMN payment_captures.credit_back IS 'what gift cards and store credit get back, because all that stays of the order does not need it'`,
  `ALTER TABLE gift_cards ADD COLUMN IF NOT EXISTS taken_back_at timestamptz(3)`,
  `COMMENT ON COLUMN gift_cards.taken_back_at IS 'disabled because its piece was given back, not by staff: it pays again when credit comes back to it'`,
  `UPDATE gift_cards g SET taken_back_at = disabled_at WHERE disabled_at IS NOT NULL AND taken_back_at IS NULL
     AND EXISTS (SELECT FROM credit_transactions t WHERE t.gift_card_id = g.id AND t.kind = 'void')`,
];
