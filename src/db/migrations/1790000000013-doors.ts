import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Accounts that people have elsewhere and sign in with here. */
export class Identities1790000000013 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // The foreign keys need short locks on customers and staff.
    await patiently(
      runner,
      `CREATE TABLE IF NOT EXISTS identities (
        id            uuid PRIMARY KEY,
        provider      text NOT NULL CHECK (length(provider) BETWEEN 1 AND 40),
        issuer        text NOT NULL CHECK (length(issuer) <= 2048),
        subject       text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
        email         text CHECK (length(email) <= 254),
        customer_id   uuid REFERENCES customers ON DELETE CASCADE,
        user_id       uuid REFERENCES users ON DELETE CASCADE,
        created_at    timestamptz(3) NOT NULL DEFAULT now(),
        last_used_at  timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT identities_owner CHECK (num_nonnulls(customer_id, user_id) = 1)
      )`,
    );
    await runner.query(`
      COMMENT ON TABLE identities IS 'who somebody is at a provider of identities: issuer and subject name them for good, the e-mail address is what it was when they came first';
      CREATE UNIQUE INDEX IF NOT EXISTS identities_customer_subject ON identities (issuer, subject) WHERE customer_id IS NOT NULL;
      CREATE UNIQUE INDEX IF NOT EXISTS identities_user_subject ON identities (issuer, subject) WHERE user_id IS NOT NULL;
      CREATE INDEX IF NOT EXISTS identities_customer ON identities (customer_id) WHERE customer_id IS NOT NULL;
      CREATE INDEX IF NOT EXISTS identities_user ON identities (user_id) WHERE user_id IS NOT NULL;
      CREATE OR REPLACE TRIGGER identities_audit AFTER INSERT OR UPDATE OR DELETE ON identities
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();

      CREATE TABLE IF NOT EXISTS oidc_attempts (
        id              uuid PRIMARY KEY,
        provider        text NOT NULL,
        purpose         text NOT NULL CHECK (purpose IN ('customer', 'staff', 'link')),
        customer_id     uuid,
        return_url      text NOT NULL,
        challenge       bytea NOT NULL CHECK (length(challenge) = 32),
        state_hash      bytea NOT NULL CONSTRAINT oidc_attempts_state UNIQUE,
        code_hash       bytea CONSTRAINT oidc_attempts_code UNIQUE,
        person          jsonb,
        called_back_at  timestamptz(3),
        redeemed_at     timestamptz(3),
        expires_at      timestamptz(3) NOT NULL,
        created_at      timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT oidc_attempts_link CHECK ((purpose = 'link') = (customer_id IS NOT NULL)),
        CONSTRAINT oidc_attempts_redeemed CHECK (redeemed_at IS NULL OR person IS NULL)
      );
      COMMENT ON TABLE oidc_attempts IS 'a sign-in by a provider of identities that is under way; person is what the provider said, until it is used';
      CREATE INDEX IF NOT EXISTS oidc_attempts_expiry ON oidc_attempts (expires_at);
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** Tables of money and parcels, where what jobs do is written down as well as what staff do. */
const BY_JOBS_TOO = ['payments', 'refunds', 'payment_captures', 'disputes', 'fulfillments'];
const SOMEBODY = `current_setting('emporium.actor', true) <> '' OR current_setting('emporium.system', true) <> ''`;
const HIDDEN_OF_ORDERS = `'email', 'token_hash', 'shipping_address', 'billing_address'`;

/**
 * The audit log takes in what the shop itself does to orders and money, and is sealed on when the database moves to another
 * cluster, where transactions count from the beginning again.
 */
export class AuditOfTheSystem1790000000013 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION audit_cluster() RETURNS text LANGUAGE sql STABLE
        RETURN (SELECT system_identifier::text FROM pg_control_system());
      COMMENT ON FUNCTION audit_cluster IS 'which cluster of Postgres this is: numbers of transactions mean something in one cluster only';
    `);
    // Entries from before have none: a default for them would rewrite the table.
    await patiently(runner, `ALTER TABLE audit_log ADD COLUMN IF NOT EXISTS cluster text`);
    await patiently(runner, `ALTER TABLE audit_log ALTER COLUMN cluster SET DEFAULT audit_cluster()`);
    await patiently(
      runner,
      `ALTER TABLE audit_seals ADD COLUMN IF NOT EXISTS cluster text, DROP CONSTRAINT IF EXISTS audit_seals_end`,
    );
    await runner.query(`
      CREATE UNIQUE INDEX IF NOT EXISTS audit_seals_end ON audit_seals (coalesce(cluster, ''), to_xid);
      COMMENT ON COLUMN audit_seals.cluster IS 'where its transactions were; null for those from before this was noted';

      CREATE OR REPLACE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
        now_is jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
        record_id text := coalesce(now_is ->> 'id', was ->> 'id', now_is ->> 'variant_id', was ->> 'variant_id');
        col text;
      BEGIN
        IF TG_OP = 'UPDATE' THEN
          FOR col IN SELECT jsonb_object_keys(now_is) LOOP
            IF now_is -> col IS NOT DISTINCT FROM was -> col OR col IN ('version', 'updated_at') THEN
              was := was - col;
              now_is := now_is - col;
            END IF;
          END LOOP;
          IF now_is = '{}' THEN RETURN NULL; END IF;
        END IF;
        FOR position IN 0 .. TG_NARGS - 1 LOOP
          col := TG_ARGV[position];
          IF was ? col THEN was := jsonb_set(was, ARRAY[col], '"[redacted]"'); END IF;
          IF now_is ? col THEN now_is := jsonb_set(now_is, ARRAY[col], '"[redacted]"'); END IF;
        END LOOP;
        INSERT INTO audit_log (actor, on_behalf_of, request_id, address, action, record_type, record_id, before, after)
        VALUES (coalesce(nullif(current_setting('emporium.actor', true), ''),
            nullif(current_setting('emporium.system', true), ''), 'storefront'),
          nullif(current_setting('emporium.on_behalf_of', true), ''),
          nullif(current_setting('emporium.request_id', true), ''), nullif(current_setting('emporium.address', true), ''),
          lower(TG_OP), TG_TABLE_NAME, record_id, was, now_is);
        RETURN NULL;
      END $$;
      COMMENT ON FUNCTION audit_change IS 'writes a change into audit_log: of staff, of a job, or of neither, which is a request of a storefront; the arguments of the trigger name columns that are not shown';
    `);
    for (const table of BY_JOBS_TOO) {
      await patiently(
        runner,
        `CREATE OR REPLACE TRIGGER ${table}_audit AFTER INSERT OR UPDATE OR DELETE ON ${table}
         FOR EACH ROW WHEN (${SOMEBODY}) EXECUTE FUNCTION audit_change()`,
      );
    }
    // A change of an order is written down whoever makes it. Only its beginning at a shopper's checkout is not: there is no
    // state before it, and its timeline begins in the same statement.
    await patiently(
      runner,
      `CREATE OR REPLACE TRIGGER orders_audit_insert AFTER INSERT ON orders
       FOR EACH ROW WHEN (${SOMEBODY}) EXECUTE FUNCTION audit_change(${HIDDEN_OF_ORDERS})`,
    );
    await patiently(
      runner,
      `CREATE OR REPLACE TRIGGER orders_audit AFTER UPDATE OR DELETE ON orders
       FOR EACH ROW EXECUTE FUNCTION audit_change(${HIDDEN_OF_ORDERS})`,
    );
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
