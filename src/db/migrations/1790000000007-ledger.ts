import type { MigrationInterface, QueryRunner } from 'typeorm';

const BATCH = 2_000;

/**
 * The ledger of money, and what was captured and refunded before there was one. Each step is a transaction of its own and
 * may run again: a shop sells on while its past is entered.
 */
export class Ledger1790000000007 implements MigrationInterface {
  transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LEDGER);
    await runner.query(DISPUTES);
    await runner.query(RECONCILIATION);
    await enterThePast(runner);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const LEDGER = `
  CREATE TABLE IF NOT EXISTS ledger_transactions (
    id            uuid PRIMARY KEY,
    fact          text NOT NULL CONSTRAINT ledger_facts UNIQUE,
    kind          text NOT NULL,
    order_id      uuid REFERENCES orders ON DELETE RESTRICT,
    payment_id    uuid REFERENCES payments ON DELETE RESTRICT,
    provider_ref  text,
    occurred_at   timestamptz(3) NOT NULL DEFAULT now(),
    created_at    timestamptz(3) NOT NULL DEFAULT now(),
    written_by    xid8 NOT NULL DEFAULT pg_current_xact_id()
  );
  COMMENT ON COLUMN ledger_transactions.fact IS 'the business fact itself, for example capture:<payment id>: a fact is entered once';
  COMMENT ON COLUMN ledger_transactions.written_by IS 'the database transaction that made it: nobody adds entries afterwards';
  CREATE INDEX IF NOT EXISTS ledger_transactions_order ON ledger_transactions (order_id);
  CREATE INDEX IF NOT EXISTS ledger_transactions_payment ON ledger_transactions (payment_id);

  CREATE TABLE IF NOT EXISTS ledger_entries (
    id              uuid PRIMARY KEY,
    transaction_id  uuid NOT NULL REFERENCES ledger_transactions ON DELETE RESTRICT,
    account         text NOT NULL,
    currency        char(3) NOT NULL,
    amount          bigint NOT NULL CONSTRAINT ledger_entries_amount CHECK (amount <> 0),
    created_at      timestamptz(3) NOT NULL DEFAULT now()
  );
  COMMENT ON COLUMN ledger_entries.amount IS 'minor units; debits are positive, credits negative';
  CREATE INDEX IF NOT EXISTS ledger_entries_transaction ON ledger_entries (transaction_id);
  CREATE INDEX IF NOT EXISTS ledger_entries_recent ON ledger_entries (created_at DESC, id DESC);
  CREATE INDEX IF NOT EXISTS ledger_entries_account ON ledger_entries (account, currency, created_at DESC, id DESC) INCLUDE (amount);

  CREATE OR REPLACE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    tx uuid := CASE TG_TABLE_NAME WHEN 'ledger_entries' THEN (to_jsonb(NEW)->>'transaction_id')::uuid ELSE NEW.id END;
  BEGIN
    IF NOT EXISTS (SELECT FROM ledger_transactions WHERE id = tx AND written_by = pg_current_xact_id()) THEN
      RAISE EXCEPTION 'ledger transaction % is closed', tx USING ERRCODE = '23514', CONSTRAINT = 'ledger_closed';
    END IF;
    IF NOT EXISTS (SELECT FROM ledger_entries WHERE transaction_id = tx)
       OR EXISTS (SELECT FROM ledger_entries WHERE transaction_id = tx GROUP BY currency HAVING sum(amount) <> 0) THEN
      RAISE EXCEPTION 'ledger transaction % does not balance', tx USING ERRCODE = '23514', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
  END $$;

  DROP TRIGGER IF EXISTS ledger_balances ON ledger_transactions;
  CREATE CONSTRAINT TRIGGER ledger_balances AFTER INSERT ON ledger_transactions DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_balances();
  DROP TRIGGER IF EXISTS ledger_balances ON ledger_entries;
  CREATE CONSTRAINT TRIGGER ledger_balances AFTER INSERT ON ledger_entries DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_balances();

  DROP TRIGGER IF EXISTS ledger_transactions_append_only ON ledger_transactions;
  CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE ON ledger_transactions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
  DROP TRIGGER IF EXISTS ledger_entries_append_only ON ledger_entries;
  CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
  DROP TRIGGER IF EXISTS ledger_entries_kept ON ledger_entries;
  CREATE TRIGGER ledger_entries_kept BEFORE TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

  CREATE TABLE IF NOT EXISTS provider_transactions (
    ref            text PRIMARY KEY,
    provider       text NOT NULL DEFAULT 'stripe',
    type           text NOT NULL,
    source_ref     text,
    payment_id     uuid NOT NULL REFERENCES payments ON DELETE RESTRICT,
    currency       char(3) NOT NULL,
    amount         bigint NOT NULL,
    fee            bigint NOT NULL,
    exchange_rate  numeric,
    available_at   timestamptz(3) NOT NULL,
    occurred_at    timestamptz(3) NOT NULL,
    created_at     timestamptz(3) NOT NULL DEFAULT now()
  );
  COMMENT ON TABLE provider_transactions IS 'what the provider''s own ledger says of our payments: amount, and the fee taken from it, in the currency of settlement';
  CREATE INDEX IF NOT EXISTS provider_transactions_payment ON provider_transactions (payment_id);
`;

const DISPUTES = `
  ALTER TABLE orders
    ADD COLUMN IF NOT EXISTS disputed boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS hold text;
  COMMENT ON COLUMN orders.disputed IS 'a cardholder disputes the payment, or has won: nothing is shipped';
  COMMENT ON COLUMN orders.hold IS 'why somebody has to look at the order before it is shipped';

  CREATE TABLE IF NOT EXISTS disputes (
    id                   uuid PRIMARY KEY,
    provider_ref         text NOT NULL CONSTRAINT disputes_provider_ref UNIQUE,
    payment_id           uuid NOT NULL REFERENCES payments ON DELETE RESTRICT,
    order_id             uuid NOT NULL REFERENCES orders ON DELETE RESTRICT,
    status               text NOT NULL,
    amount               bigint NOT NULL CHECK (amount > 0),
    currency             char(3) NOT NULL,
    reason               text NOT NULL,
    network_reason_code  text,
    evidence_due_at      timestamptz(3),
    has_evidence         boolean NOT NULL DEFAULT false,
    submissions          integer NOT NULL DEFAULT 0,
    is_past_due          boolean NOT NULL DEFAULT false,
    withdrawn            bigint NOT NULL DEFAULT 0,
    reinstated           bigint NOT NULL DEFAULT 0,
    fee                  bigint NOT NULL DEFAULT 0,
    settlement_currency  char(3),
    opened_at            timestamptz(3) NOT NULL,
    closed_at            timestamptz(3),
    read_at              timestamptz(6) NOT NULL,
    created_at           timestamptz(3) NOT NULL DEFAULT now(),
    updated_at           timestamptz(3) NOT NULL DEFAULT now()
  );
  COMMENT ON COLUMN disputes.withdrawn IS 'withdrawn, reinstated and fee are in the currency of settlement';
  COMMENT ON COLUMN disputes.read_at IS 'when we began to read what stands here: an older reading that comes later changes nothing';
  CREATE INDEX IF NOT EXISTS disputes_payment ON disputes (payment_id);
  CREATE INDEX IF NOT EXISTS disputes_order ON disputes (order_id);
  CREATE INDEX IF NOT EXISTS disputes_recent ON disputes (opened_at DESC, id DESC);

  CREATE TABLE IF NOT EXISTS fraud_warnings (
    id             uuid PRIMARY KEY,
    provider_ref   text NOT NULL CONSTRAINT fraud_warnings_provider_ref UNIQUE,
    payment_id     uuid NOT NULL REFERENCES payments ON DELETE RESTRICT,
    order_id       uuid NOT NULL REFERENCES orders ON DELETE RESTRICT,
    fraud_type     text NOT NULL,
    is_actionable  boolean NOT NULL,
    occurred_at    timestamptz(3) NOT NULL,
    created_at     timestamptz(3) NOT NULL DEFAULT now()
  );
  CREATE INDEX IF NOT EXISTS fraud_warnings_order ON fraud_warnings (order_id);
`;

const RECONCILIATION = `
  CREATE TABLE IF NOT EXISTS reconciliations (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('quick', 'full')),
    status       text NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed')),
    actor        text NOT NULL DEFAULT 'system',
    period_from  timestamptz(3) NOT NULL,
    period_to    timestamptz(3) NOT NULL,
    cursor       jsonb NOT NULL DEFAULT '{}',
    counts       jsonb NOT NULL DEFAULT '{}',
    failure      text,
    request_key  text CONSTRAINT reconciliations_request UNIQUE,
    created_at   timestamptz(3) NOT NULL DEFAULT now(),
    finished_at  timestamptz(3)
  );
  COMMENT ON COLUMN reconciliations.cursor IS 'how far it is, so that another process can go on';
  CREATE INDEX IF NOT EXISTS reconciliations_recent ON reconciliations (created_at DESC, id DESC);

  CREATE TABLE IF NOT EXISTS reconciliation_findings (
    id                 uuid PRIMARY KEY,
    reconciliation_id  uuid NOT NULL REFERENCES reconciliations ON DELETE CASCADE,
    kind               text NOT NULL,
    severity           text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    subject            text NOT NULL,
    payment_id         uuid REFERENCES payments ON DELETE RESTRICT,
    order_id           uuid REFERENCES orders ON DELETE RESTRICT,
    expected           jsonb,
    found              jsonb,
    action             text NOT NULL,
    created_at         timestamptz(3) NOT NULL DEFAULT now(),
    CONSTRAINT reconciliation_findings_once UNIQUE (reconciliation_id, kind, subject)
  );
  COMMENT ON COLUMN reconciliation_findings.subject IS 'what it is about: an object of the provider, or a row of ours';

  CREATE TABLE IF NOT EXISTS reconciliation_seen (
    reconciliation_id  uuid NOT NULL REFERENCES reconciliations ON DELETE CASCADE,
    ref                text NOT NULL,
    PRIMARY KEY (reconciliation_id, ref)
  );
  COMMENT ON TABLE reconciliation_seen IS 'what the provider listed so far, as long as the run lasts';
`;

/**
 * Captures, and refunds that left the provider. Of more refunded than the payment counts as captured (it was under review),
 * the rest is money that belonged to no order.
 */
async function enterThePast(runner: QueryRunner): Promise<void> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const page = (await runner.query(`SELECT id FROM payments WHERE id > $1 ORDER BY id LIMIT ${BATCH}`, [after])) as {
      id: string;
    }[];
    const last = page.at(-1);
    if (!last) return;
    await runner.query(ENTER, [after, last.id]);
    after = last.id;
  }
}

const ENTER = `
  WITH paid AS (
    SELECT * FROM payments WHERE id > $1 AND id <= $2 AND captured > 0
  ), sent AS (
    SELECT r.*, p.provider, greatest(least(r.amount, p.captured - coalesce(sum(r.amount) OVER before, 0)), 0)::bigint AS counted
    FROM refunds r JOIN paid p ON p.id = r.payment_id
    WHERE r.status = 'succeeded' OR (r.status = 'pending' AND r.provider_ref IS NOT NULL)
    WINDOW before AS (PARTITION BY r.payment_id ORDER BY r.status DESC, r.created_at, r.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ), facts AS (
    SELECT gen_random_uuid() AS id, 'capture:' || id AS fact, 'capture' AS kind, order_id, id AS payment_id, provider_ref, updated_at AS occurred_at,
      currency, ARRAY['provider_balance:' || provider, 'customer_payments'] AS accounts, ARRAY[captured, -captured] AS amounts
    FROM paid
    UNION ALL
    SELECT gen_random_uuid(), CASE status WHEN 'pending' THEN 'refund_sent:' ELSE 'refund:' END || id,
      CASE status WHEN 'pending' THEN 'refund_sent' ELSE 'refund' END, order_id, payment_id, provider_ref, updated_at, currency,
      ARRAY['provider_balance:' || provider, CASE status WHEN 'pending' THEN 'refunds_in_transit' ELSE 'refunds' END, 'unallocated_receipts'],
      CASE status WHEN 'pending' THEN ARRAY[-amount, amount, 0] ELSE ARRAY[-amount, counted, amount - counted] END
    FROM sent
  ), entered AS (
    INSERT INTO ledger_transactions (id, fact, kind, order_id, payment_id, provider_ref, occurred_at)
    SELECT id, fact, kind, order_id, payment_id, provider_ref, occurred_at FROM facts ON CONFLICT (fact) DO NOTHING RETURNING id)
  INSERT INTO ledger_entries (id, transaction_id, account, currency, amount)
  SELECT gen_random_uuid(), f.id, e.account, f.currency, e.amount
  FROM facts f JOIN entered USING (id), unnest(f.accounts, f.amounts) AS e(account, amount) WHERE e.amount <> 0`;
