import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** What the accounts of the ledger hold, without adding up all of it; and holds that are let go because credit pays for what stays. */
export class Sums1790000000026 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...CAPTURES, ...LEDGER]) await patiently(runner, statement);
    await runner.query(ENTER_THE_PAST);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const CAPTURES = [
  `ALTER TABLE payment_captures ADD COLUMN IF NOT EXISTS credit_back bigint NOT NULL DEFAULT 0`,
  `COMMENT ON COLUMN payment_captures.credit_back IS 'what gift cards and store credit get back when a capture takes nothing, because they pay for all that stays of the order'`,
  `ALTER TABLE payment_captures DROP CONSTRAINT IF EXISTS payment_captures_amount_check`,
  `ALTER TABLE payment_captures DROP CONSTRAINT IF EXISTS payment_captures_amount`,
  `ALTER TABLE payment_captures ADD CONSTRAINT payment_captures_amount CHECK (amount > 0 AND credit_back = 0 OR amount = 0 AND credit_back >= 0) NOT VALID`,
  `ALTER TABLE payment_captures VALIDATE CONSTRAINT payment_captures_amount`,
];

/**
 * Entries are added up in two steps, so that nobody who enters one waits for another: each statement leaves its sums in
 * `ledger_unfolded`, and a job folds them into `ledger_totals`. Both together are the balances at any moment.
 */
const LEDGER = [
  `CREATE TABLE IF NOT EXISTS ledger_totals (
    account     text NOT NULL,
    currency    char(3) NOT NULL,
    amount      bigint NOT NULL,
    updated_at  timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (account, currency)
  )`,
  `COMMENT ON TABLE ledger_totals IS 'what each account holds, without what is in ledger_unfolded'`,
  `CREATE TABLE IF NOT EXISTS ledger_unfolded (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account   text NOT NULL,
    currency  char(3) NOT NULL,
    amount    bigint NOT NULL
  )`,
  `COMMENT ON TABLE ledger_unfolded IS 'sums of entries that are not in ledger_totals yet'`,
  `CREATE OR REPLACE FUNCTION ledger_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO ledger_unfolded (account, currency, amount) SELECT account, currency, sum(amount) FROM entered GROUP BY 1, 2;
     RETURN NULL;
   END $$`,
  `CREATE OR REPLACE TRIGGER ledger_entries_add_up AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS entered
     FOR EACH STATEMENT EXECUTE FUNCTION ledger_add_up()`,
];

/**
 * What was entered before the trigger was there is what the sums lack, whatever was entered since: both are seen at one
 * moment. A second run finds nothing to add.
 */
const ENTER_THE_PAST = `
  INSERT INTO ledger_totals AS t (account, currency, amount)
  SELECT account, currency, sum(amount) FROM (
    SELECT account, currency, amount FROM ledger_entries
    UNION ALL SELECT account, currency, -amount FROM ledger_unfolded
    UNION ALL SELECT account, currency, -amount FROM ledger_totals) x
  GROUP BY 1, 2
  ON CONFLICT (account, currency) DO UPDATE SET amount = t.amount + excluded.amount, updated_at = now()`;

/** Store credit that is given up with its account. */
export class Forfeits1790000000026 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of FORFEITS) await patiently(runner, statement);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const FORFEITS = [
  `ALTER TABLE credit_transactions DROP CONSTRAINT IF EXISTS credit_transactions_kind`,
  `ALTER TABLE credit_transactions ADD CONSTRAINT credit_transactions_kind
     CHECK (kind IN ('issue', 'sale', 'adjust', 'spend', 'return', 'refund', 'void', 'forfeit')) NOT VALID`,
  `ALTER TABLE credit_transactions VALIDATE CONSTRAINT credit_transactions_kind`,
  `ALTER TABLE credit_transactions DROP CONSTRAINT IF EXISTS credit_transactions_kind_check`,
];
