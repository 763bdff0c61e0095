import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/** Gift cards and store credit: what they hold, how it came to that, and what of it carts and orders use. */
export class Credits1790000000016 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of COLUMNS) await patiently(runner, statement);
    for (const [table, constraint] of CHECKS) {
      await patiently(runner, `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${constraint.split(' ')[0]}`);
      await patiently(runner, `ALTER TABLE ${table} ADD CONSTRAINT ${constraint} NOT VALID`);
      await patiently(runner, `ALTER TABLE ${table} VALIDATE CONSTRAINT ${constraint.split(' ')[0]}`);
    }
    // Their foreign keys need short locks on busy tables.
    for (const table of TABLES) await patiently(runner, table);
    await patiently(runner, BALANCES);
    await patiently(runner, AUDIT);
    await indexBesideWriters(runner, [
      ['refunds_part_of', 'refunds (part_of) WHERE part_of IS NOT NULL'],
      ['refunds_credited_payment', 'refunds (credited_payment_id) WHERE credited_payment_id IS NOT NULL'],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const COLUMNS = [
  `ALTER TABLE products ADD COLUMN IF NOT EXISTS is_gift_card boolean NOT NULL DEFAULT false`,
  `ALTER TABLE carts ADD COLUMN IF NOT EXISTS use_store_credit boolean NOT NULL DEFAULT false`,
  `ALTER TABLE cart_lines ADD COLUMN IF NOT EXISTS recipient_email text`,
  `ALTER TABLE order_lines
     ADD COLUMN IF NOT EXISTS is_gift_card boolean NOT NULL DEFAULT false,
     ADD COLUMN IF NOT EXISTS recipient_email text`,
  `ALTER TABLE orders ADD COLUMN IF NOT EXISTS credit_total bigint NOT NULL DEFAULT 0`,
  `ALTER TABLE payments ADD COLUMN IF NOT EXISTS credited bigint NOT NULL DEFAULT 0`,
  `ALTER TABLE refunds
     ALTER COLUMN payment_id DROP NOT NULL,
     ADD COLUMN IF NOT EXISTS destination text NOT NULL DEFAULT 'payment',
     ADD COLUMN IF NOT EXISTS part_of uuid REFERENCES refunds ON DELETE RESTRICT,
     ADD COLUMN IF NOT EXISTS credited_payment_id uuid REFERENCES payments ON DELETE RESTRICT,
     ADD COLUMN IF NOT EXISTS credited_amount bigint NOT NULL DEFAULT 0`,
  `COMMENT ON COLUMN orders.credit_total IS 'what gift cards and store credit pay of the total; the rest is what a payment asks for'`,
  `COMMENT ON COLUMN payments.credited IS 'what of the captured money was given back as store credit, and so stays with the shop'`,
  `COMMENT ON COLUMN refunds.part_of IS 'a refund to several places has a row for each; the others name the first'`,
  `COMMENT ON COLUMN refunds.credited_amount IS 'what of a refund as store credit had come by credited_payment_id'`,
];

const CHECKS: [table: string, constraint: string][] = [
  ['orders', `orders_credit CHECK (credit_total BETWEEN 0 AND total)`],
  ['payments', `payments_credited CHECK (credited BETWEEN 0 AND captured)`],
  [
    'refunds',
    `refunds_destination CHECK (destination IN ('payment', 'gift_card', 'store_credit') AND (destination = 'payment') = (payment_id IS NOT NULL)
       AND credited_amount BETWEEN 0 AND amount AND (credited_amount > 0) = (credited_payment_id IS NOT NULL))`,
  ],
];

const TABLES = [
  `CREATE TABLE IF NOT EXISTS gift_cards (
    id               uuid PRIMARY KEY,
    code_hash        bytea NOT NULL CONSTRAINT gift_cards_code UNIQUE,
    last4            text NOT NULL CHECK (length(last4) = 4),
    currency         char(3) NOT NULL,
    initial_amount   bigint NOT NULL CHECK (initial_amount > 0),
    balance          bigint NOT NULL DEFAULT 0 CONSTRAINT gift_cards_balance CHECK (balance >= 0),
    expires_at       timestamptz(3),
    disabled_at      timestamptz(3),
    order_id         uuid REFERENCES orders ON DELETE RESTRICT,
    order_line_id    uuid REFERENCES order_lines ON DELETE RESTRICT,
    piece            integer,
    recipient_email  text CHECK (length(recipient_email) <= 254),
    note             text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    version          integer NOT NULL DEFAULT 1,
    created_at       timestamptz(3) NOT NULL DEFAULT now(),
    updated_at       timestamptz(3) NOT NULL DEFAULT now(),
    CONSTRAINT gift_cards_piece UNIQUE (order_line_id, piece),
    CONSTRAINT gift_cards_origin CHECK (num_nonnulls(order_id, order_line_id, piece) IN (0, 3))
  )`,
  `COMMENT ON COLUMN gift_cards.code_hash IS 'whoever knows the code has the money: only its hash is kept, and the last four characters to tell cards apart'`,
  `COMMENT ON COLUMN gift_cards.piece IS 'of a card that was bought: which piece of its order line it is, so that none is made twice'`,
  `CREATE INDEX IF NOT EXISTS gift_cards_recent ON gift_cards (created_at DESC, id DESC)`,
  `CREATE INDEX IF NOT EXISTS gift_cards_last4 ON gift_cards (last4)`,
  `CREATE INDEX IF NOT EXISTS gift_cards_recipient ON gift_cards (lower(recipient_email)) WHERE recipient_email IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS gift_cards_order ON gift_cards (order_id) WHERE order_id IS NOT NULL`,
  `CREATE TABLE IF NOT EXISTS store_credit_accounts (
    id           uuid PRIMARY KEY,
    customer_id  uuid NOT NULL REFERENCES customers ON DELETE RESTRICT,
    currency     char(3) NOT NULL,
    balance      bigint NOT NULL DEFAULT 0 CONSTRAINT store_credit_balance CHECK (balance >= 0),
    version      integer NOT NULL DEFAULT 1,
    created_at   timestamptz(3) NOT NULL DEFAULT now(),
    updated_at   timestamptz(3) NOT NULL DEFAULT now(),
    CONSTRAINT store_credit_of_customer UNIQUE (customer_id, currency)
  )`,
  `CREATE TABLE IF NOT EXISTS credit_transactions (
    id             uuid PRIMARY KEY,
    gift_card_id   uuid REFERENCES gift_cards ON DELETE RESTRICT,
    account_id     uuid REFERENCES store_credit_accounts ON DELETE RESTRICT,
    kind           text NOT NULL CHECK (kind IN ('issue', 'sale', 'adjust', 'spend', 'return', 'refund', 'void')),
    delta          bigint NOT NULL CHECK (delta <> 0),
    balance_after  bigint NOT NULL CHECK (balance_after >= 0),
    currency       char(3) NOT NULL,
    order_id       uuid REFERENCES orders ON DELETE RESTRICT,
    refund_id      uuid REFERENCES refunds ON DELETE RESTRICT,
    reason         text NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    actor          text NOT NULL,
    created_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT credit_transactions_holder CHECK (num_nonnulls(gift_card_id, account_id) = 1)
  )`,
  `COMMENT ON TABLE credit_transactions IS 'every change of a gift card or of store credit; a balance is the sum of its transactions'`,
  `CREATE INDEX IF NOT EXISTS credit_transactions_card ON credit_transactions (gift_card_id, id) INCLUDE (delta) WHERE gift_card_id IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS credit_transactions_account ON credit_transactions (account_id, id) INCLUDE (delta) WHERE account_id IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS credit_transactions_order ON credit_transactions (order_id) WHERE order_id IS NOT NULL`,
  `CREATE TABLE IF NOT EXISTS cart_gift_cards (
    cart_id       uuid NOT NULL REFERENCES carts ON DELETE CASCADE,
    gift_card_id  uuid NOT NULL REFERENCES gift_cards ON DELETE RESTRICT,
    created_at    timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (cart_id, gift_card_id)
  )`,
  `CREATE TABLE IF NOT EXISTS order_credits (
    id            uuid PRIMARY KEY,
    order_id      uuid NOT NULL REFERENCES orders ON DELETE RESTRICT,
    position      integer NOT NULL,
    gift_card_id  uuid REFERENCES gift_cards ON DELETE RESTRICT,
    account_id    uuid REFERENCES store_credit_accounts ON DELETE RESTRICT,
    amount        bigint NOT NULL CHECK (amount > 0),
    refunded      bigint NOT NULL DEFAULT 0,
    state         text NOT NULL DEFAULT 'spent' CHECK (state IN ('spent', 'returned')),
    CONSTRAINT order_credits_position UNIQUE (order_id, position),
    CONSTRAINT order_credits_holder CHECK (num_nonnulls(gift_card_id, account_id) = 1),
    CONSTRAINT order_credits_refunded CHECK (refunded BETWEEN 0 AND amount AND (state = 'spent' OR refunded = 0))
  )`,
  `COMMENT ON COLUMN order_credits.state IS 'returned: the order ended before it was paid, and the credit is where it came from'`,
  `CREATE INDEX IF NOT EXISTS order_credits_card ON order_credits (gift_card_id) WHERE gift_card_id IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS order_credits_account ON order_credits (account_id) WHERE account_id IS NOT NULL`,
];

/** A balance and its transactions can only be committed together. */
const BALANCES = `
  CREATE OR REPLACE FUNCTION credit_balances() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    card uuid := CASE TG_TABLE_NAME WHEN 'gift_cards' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'gift_card_id')::uuid END;
    account uuid := CASE TG_TABLE_NAME WHEN 'store_credit_accounts' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'account_id')::uuid END;
  BEGIN
    IF EXISTS (SELECT FROM gift_cards c WHERE c.id = card
        AND c.balance <> (SELECT coalesce(sum(delta), 0) FROM credit_transactions WHERE gift_card_id = card))
      OR EXISTS (SELECT FROM store_credit_accounts a WHERE a.id = account
        AND a.balance <> (SELECT coalesce(sum(delta), 0) FROM credit_transactions WHERE account_id = account)) THEN
      RAISE EXCEPTION 'the balance of % is not the sum of its transactions', coalesce(card, account)
        USING ERRCODE = '23514', CONSTRAINT = 'credit_balances';
    END IF;
    RETURN NULL;
  END $$;
  DROP TRIGGER IF EXISTS credit_balances ON gift_cards;
  CREATE CONSTRAINT TRIGGER credit_balances AFTER INSERT OR UPDATE OF balance ON gift_cards DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION credit_balances();
  DROP TRIGGER IF EXISTS credit_balances ON store_credit_accounts;
  CREATE CONSTRAINT TRIGGER credit_balances AFTER INSERT OR UPDATE OF balance ON store_credit_accounts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION credit_balances();
  DROP TRIGGER IF EXISTS credit_balances ON credit_transactions;
  CREATE CONSTRAINT TRIGGER credit_balances AFTER INSERT ON credit_transactions DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION credit_balances();
  DROP TRIGGER IF EXISTS credit_transactions_append_only ON credit_transactions;
  CREATE TRIGGER credit_transactions_append_only BEFORE UPDATE OR DELETE ON credit_transactions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
  DROP TRIGGER IF EXISTS credit_transactions_kept ON credit_transactions;
  CREATE TRIGGER credit_transactions_kept BEFORE TRUNCATE ON credit_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();`;

const AUDIT = `
  CREATE OR REPLACE TRIGGER gift_cards_audit AFTER INSERT OR UPDATE OR DELETE ON gift_cards
    FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change('code_hash', 'recipient_email');
  CREATE OR REPLACE TRIGGER credit_transactions_audit AFTER INSERT ON credit_transactions
    FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();`;
