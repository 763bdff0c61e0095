import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/** Holds and their captures, the tries to pay of an order, and how a payment under review ended. */
export class PaymentLife1790000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE shop_settings ADD COLUMN payment_capture text NOT NULL DEFAULT 'automatic'
        CONSTRAINT shop_settings_payment_capture CHECK (payment_capture IN ('automatic', 'manual'));

      ALTER TABLE payments
        ADD COLUMN capture_method text NOT NULL DEFAULT 'automatic',
        ADD COLUMN authorized bigint NOT NULL DEFAULT 0,
        ADD COLUMN capture_before timestamptz(3),
        ADD COLUMN hold_warned_at timestamptz(3),
        ADD COLUMN review text;
      COMMENT ON COLUMN payments.authorized IS 'what the bank held for a manual capture; stays when the hold has ended';
      COMMENT ON COLUMN payments.review IS 'how staff decided about money that does not fit its order';
      ALTER TABLE payments
        ADD CONSTRAINT payments_capture_method CHECK (capture_method IN ('automatic', 'manual')) NOT VALID,
        ADD CONSTRAINT payments_authorized CHECK (authorized >= 0) NOT VALID,
        ADD CONSTRAINT payments_review CHECK (review IN ('open', 'accepted', 'rejected')) NOT VALID,
        ADD CONSTRAINT payments_bounds CHECK (
          0 <= refunded AND refunded <= captured AND (captured <= amount OR coalesce(review IN ('accepted', 'rejected'), false))) NOT VALID,
        DROP CONSTRAINT payments_money_bounds;

      CREATE TABLE payment_captures (
        id           uuid PRIMARY KEY,
        payment_id   uuid NOT NULL REFERENCES payments ON DELETE RESTRICT,
        order_id     uuid NOT NULL REFERENCES orders ON DELETE RESTRICT,
        status       text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
        amount       bigint NOT NULL CHECK (amount > 0),
        currency     char(3) NOT NULL,
        dropped      jsonb NOT NULL DEFAULT '[]',
        failure      text,
        request_key  text CONSTRAINT payment_captures_request UNIQUE,
        actor        text NOT NULL DEFAULT 'system',
        created_at   timestamptz(3) NOT NULL DEFAULT now(),
        updated_at   timestamptz(3) NOT NULL DEFAULT now()
      );
      COMMENT ON COLUMN payment_captures.dropped IS 'what of the order is not captured and will not be shipped: it goes back on the shelf';
      CREATE UNIQUE INDEX payment_captures_one ON payment_captures (payment_id) WHERE status <> 'failed';
      CREATE INDEX payment_captures_order ON payment_captures (order_id);
      CREATE INDEX payment_captures_pending ON payment_captures (updated_at) WHERE status = 'pending';

      CREATE TABLE payment_tries (
        payment_id  uuid NOT NULL REFERENCES payments ON DELETE RESTRICT,
        attempt_id  text NOT NULL,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (payment_id, attempt_id)
      );
      COMMENT ON TABLE payment_tries IS 'charges asked for on the server, each written before it is sent';
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** Holds are found by when they end, payments by what Stripe calls their parts, events by what they are about. */
export class PaymentHolds1790000000006 implements MigrationInterface {
  /** An index of a busy table is made beside its writers, which no transaction can do. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // Read through beside the writers, too: in the transaction that added them nobody could have paid meanwhile.
    for (const constraint of ['payments_capture_method', 'payments_authorized', 'payments_review', 'payments_bounds'])
      await patiently(runner, `ALTER TABLE payments VALIDATE CONSTRAINT ${constraint}`);
    await indexBesideWriters(runner, [
      ['payments_held', `payments (capture_before) WHERE status = 'authorized'`],
      ['payment_attempts_ref', `payment_attempts (provider_ref)`],
      ['webhook_receipts_object', `webhook_receipts (object_ref) WHERE object_ref IS NOT NULL`],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
