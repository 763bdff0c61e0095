import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Extensions, search configuration, settings of the shop, staff, idempotency keys, outbox and jobs. */
export class Foundations1790000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE EXTENSION IF NOT EXISTS pg_trgm;
      CREATE EXTENSION IF NOT EXISTS unaccent;

      CREATE TEXT SEARCH CONFIGURATION emporium (COPY = english);
      ALTER TEXT SEARCH CONFIGURATION emporium
        ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;

      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
      END $$;

      CREATE TABLE shop_settings (
        id                   smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
        name                 text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
        currency             char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        sender_email         text NOT NULL,
        notify_email         text NOT NULL,
        prices_include_tax   boolean NOT NULL DEFAULT false,
        manual_payments      boolean NOT NULL DEFAULT false,
        low_stock_threshold  integer NOT NULL DEFAULT 5 CHECK (low_stock_threshold >= 0),
        version              integer NOT NULL DEFAULT 1,
        created_at           timestamptz(3) NOT NULL DEFAULT now(),
        updated_at           timestamptz(3) NOT NULL DEFAULT now()
      );

      CREATE TABLE tax_rates (
        id          uuid PRIMARY KEY,
        name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        country     char(2) NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
        state       text CHECK (state <> ''),
        rate_ppm    integer NOT NULL CHECK (rate_ppm BETWEEN 0 AND 1000000),
        shipping    boolean NOT NULL DEFAULT true,
        version     integer NOT NULL DEFAULT 1,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        updated_at  timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX tax_rates_place ON tax_rates (country, coalesce(upper(state), ''));

      CREATE TABLE shipping_zones (
        id          uuid PRIMARY KEY,
        name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        countries   text[] NOT NULL CHECK (cardinality(countries) BETWEEN 1 AND 300),
        version     integer NOT NULL DEFAULT 1,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        updated_at  timestamptz(3) NOT NULL DEFAULT now()
      );
      COMMENT ON COLUMN shipping_zones.countries IS 'ISO 3166 alpha-2 codes, or * for every country that no other zone names';

      CREATE TABLE shipping_methods (
        id          uuid PRIMARY KEY,
        zone_id     uuid NOT NULL REFERENCES shipping_zones ON DELETE CASCADE,
        name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        amount      bigint NOT NULL CHECK (amount BETWEEN 0 AND 9007199254740991),
        currency    char(3) NOT NULL,
        position    integer NOT NULL DEFAULT 0,
        active      boolean NOT NULL DEFAULT true,
        version     integer NOT NULL DEFAULT 1,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        updated_at  timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE INDEX shipping_methods_zone ON shipping_methods (zone_id, position);

      CREATE TABLE users (
        id             uuid PRIMARY KEY,
        email          text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
        name           text NOT NULL DEFAULT '',
        password_hash  text NOT NULL,
        role           text NOT NULL CHECK (role IN ('owner', 'manager', 'support', 'fulfillment', 'viewer')),
        token_version  integer NOT NULL DEFAULT 1,
        suspended_at   timestamptz(3),
        created_at     timestamptz(3) NOT NULL DEFAULT now(),
        updated_at     timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX users_email ON users (lower(email));

      CREATE TABLE refresh_tokens (
        id          uuid PRIMARY KEY,
        user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        family_id   uuid NOT NULL,
        token_hash  bytea NOT NULL UNIQUE,
        used_at     timestamptz(3),
        revoked_at  timestamptz(3),
        expires_at  timestamptz(3) NOT NULL,
        created_at  timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
      CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);

      CREATE TABLE idempotency_keys (
        scope            text NOT NULL,
        key              text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
        fingerprint      bytea NOT NULL,
        locked_at        timestamptz(3),
        response_status  integer,
        response_body    bytea,
        created_at       timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (scope, key)
      );
      COMMENT ON COLUMN idempotency_keys.response_body IS 'AES-256-GCM: kept answers hold client secrets';
      CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

      CREATE TABLE outbox (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id        uuid NOT NULL UNIQUE,
        event_key       text NOT NULL UNIQUE,
        topic           text NOT NULL,
        version         integer NOT NULL DEFAULT 1,
        aggregate_type  text NOT NULL,
        aggregate_id    uuid NOT NULL,
        payload         jsonb NOT NULL,
        created_at      timestamptz(3) NOT NULL DEFAULT now(),
        published_at    timestamptz(3)
      );
      COMMENT ON COLUMN outbox.event_key IS 'the fact itself, for example order.paid:<order id>: a fact is announced once';
      CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
      CREATE INDEX outbox_aggregate ON outbox (aggregate_id, topic);
      ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.01);

      CREATE TABLE jobs (
        id            uuid PRIMARY KEY,
        queue         text NOT NULL,
        name          text NOT NULL,
        dedupe_key    text NOT NULL UNIQUE,
        payload       jsonb NOT NULL,
        state         text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'dead')),
        attempts      integer NOT NULL DEFAULT 0,
        max_attempts  integer NOT NULL DEFAULT 10,
        next_at       timestamptz(3) NOT NULL DEFAULT now(),
        dispatched_at timestamptz(3),
        locked_until  timestamptz(3),
        last_error    text,
        progress      jsonb,
        created_at    timestamptz(3) NOT NULL DEFAULT now(),
        finished_at   timestamptz(3)
      );
      CREATE INDEX jobs_due ON jobs (next_at) WHERE state IN ('queued', 'running');
      CREATE INDEX jobs_dead ON jobs (created_at DESC) WHERE state = 'dead';
      CREATE INDEX jobs_recent ON jobs (created_at DESC, id DESC);
      ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.01);

      CREATE TABLE mailbox (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        message_id  text NOT NULL UNIQUE,
        recipient   text NOT NULL,
        subject     text NOT NULL,
        text_body   text NOT NULL,
        html_body   text NOT NULL,
        created_at  timestamptz(3) NOT NULL DEFAULT now()
      );
      COMMENT ON TABLE mailbox IS 'what would have been sent, where no SMTP server is set; never used in production';
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
