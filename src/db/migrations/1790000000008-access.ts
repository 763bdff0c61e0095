import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Tables whose changes by staff are written down, with the columns that are left out of it. */
const AUDITED: readonly (readonly [table: string, hidden: readonly string[]])[] = [
  ['shop_settings', []],
  ['tax_rates', []],
  ['shipping_zones', []],
  ['shipping_methods', []],
  ['categories', []],
  ['products', []],
  ['variants', []],
  ['prices', []],
  ['product_images', []],
  ['stock_movements', []],
  ['orders', ['email', 'token_hash', 'shipping_address', 'billing_address']],
  ['payments', []],
  ['refunds', []],
  ['fulfillments', []],
  ['users', ['password_hash']],
  ['roles', []],
  ['api_keys', ['secret_hash']],
];

/** Roles of the shop's own making, API keys, and the log of what staff change. */
export class Access1790000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE roles (
        id           uuid PRIMARY KEY,
        name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        permissions  text[] NOT NULL DEFAULT '{}' CHECK (cardinality(permissions) <= 200),
        version      integer NOT NULL DEFAULT 1,
        created_at   timestamptz(3) NOT NULL DEFAULT now(),
        updated_at   timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX roles_name ON roles (lower(name));

      ALTER TABLE users
        ADD COLUMN custom_role_id uuid CONSTRAINT users_custom_role REFERENCES roles,
        ADD COLUMN version integer NOT NULL DEFAULT 1;
      COMMENT ON COLUMN users.custom_role_id IS 'takes the place of role, which is viewer then';
      CREATE INDEX users_by_custom_role ON users (custom_role_id) WHERE custom_role_id IS NOT NULL;

      CREATE TABLE api_keys (
        id            uuid PRIMARY KEY,
        name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        secret_hash   bytea NOT NULL CONSTRAINT api_keys_secret UNIQUE,
        hint          text NOT NULL,
        scopes        text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 200),
        created_by    uuid NOT NULL REFERENCES users,
        replaces      uuid REFERENCES api_keys,
        expires_at    timestamptz(3),
        revoked_at    timestamptz(3),
        created_at    timestamptz(3) NOT NULL DEFAULT now()
      );
      COMMENT ON COLUMN api_keys.hint IS 'the last characters of the key, to tell it by';
      CREATE TABLE api_key_uses (
        api_key_id    uuid PRIMARY KEY REFERENCES api_keys ON DELETE CASCADE,
        last_used_at  timestamptz(3) NOT NULL
      );

      CREATE TABLE audit_log (
        id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        xid           xid8 NOT NULL DEFAULT pg_current_xact_id(),
        actor         text NOT NULL,
        on_behalf_of  text,
        request_id    text,
        address       text,
        action        text NOT NULL CHECK (action IN ('insert', 'update', 'delete')),
        record_type   text NOT NULL,
        record_id     text,
        before        jsonb,
        after         jsonb,
        created_at    timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      );
      COMMENT ON COLUMN audit_log.xid IS 'ids are not in the order of commits: batches are sealed by transactions that are all over';
      CREATE INDEX audit_log_record ON audit_log (record_type, record_id, id DESC);
      CREATE INDEX audit_log_actor ON audit_log (actor, id DESC);
      CREATE INDEX audit_log_xid ON audit_log (xid);
      CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
        FOR EACH ROW EXECUTE FUNCTION refuse_change();
      CREATE TRIGGER audit_log_not_emptied BEFORE TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

      CREATE TABLE audit_seals (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        from_xid    xid8 NOT NULL,
        to_xid      xid8 NOT NULL CONSTRAINT audit_seals_end UNIQUE,
        entries     bigint NOT NULL,
        last_id     bigint NOT NULL,
        seal        bytea NOT NULL,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        CHECK (from_xid < to_xid)
      );
      COMMENT ON TABLE audit_seals IS 'each one is made of the entries of transactions from from_xid up to, not with, to_xid, and of the seal before';
      CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
        FOR EACH ROW EXECUTE FUNCTION refuse_change();
      CREATE TRIGGER audit_seals_not_emptied BEFORE TRUNCATE ON audit_seals
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

      CREATE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
        VALUES (current_setting('emporium.actor'), nullif(current_setting('emporium.on_behalf_of', true), ''),
          nullif(current_setting('emporium.request_id', true), ''), nullif(current_setting('emporium.address', true), ''),
          lower(TG_OP), TG_TABLE_NAME, record_id, was, now_is);
        RETURN NULL;
      END $$;
      COMMENT ON FUNCTION audit_change IS 'writes a change by staff into audit_log; the arguments of the trigger name columns that are not shown';
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** The triggers that write it, on tables that are busy: one lock at a time, and each waits for its turn. */
export class AccessTriggers1790000000008 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, hidden] of AUDITED) {
      // Shoppers and jobs have no actor: to them the trigger costs one look at a setting.
      await patiently(
        runner,
        `CREATE OR REPLACE TRIGGER ${table}_audit AFTER INSERT OR UPDATE OR DELETE ON ${table}
         FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '')
         EXECUTE FUNCTION audit_change(${hidden.map((column) => `'${column}'`).join(', ')})`,
      );
    }
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
