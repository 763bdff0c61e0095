import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/** Customers with their addresses, the links that mails carry, and whose carts, orders and sessions are. */
export class Accounts1790000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE customers (
        id                 uuid PRIMARY KEY,
        email              text CHECK (length(email) BETWEEN 3 AND 254),
        password_hash      text,
        first_name         text NOT NULL DEFAULT '' CHECK (length(first_name) <= 100),
        last_name          text NOT NULL DEFAULT '' CHECK (length(last_name) <= 100),
        phone              text CHECK (length(phone) <= 40),
        accepts_marketing  boolean NOT NULL DEFAULT false,
        token_version      integer NOT NULL DEFAULT 1,
        version            integer NOT NULL DEFAULT 1,
        deleted_at         timestamptz(3),
        created_at         timestamptz(3) NOT NULL DEFAULT now(),
        updated_at         timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT customers_known CHECK (
          CASE WHEN deleted_at IS NULL THEN email IS NOT NULL
               ELSE email IS NULL AND password_hash IS NULL AND phone IS NULL AND first_name = '' AND last_name = '' END)
      );
      COMMENT ON TABLE customers IS 'everybody here has shown that the e-mail address is theirs';
      CREATE UNIQUE INDEX customers_email ON customers (lower(email));
      CREATE INDEX customers_created ON customers (created_at DESC, id DESC);

      CREATE TABLE customer_addresses (
        id                   uuid PRIMARY KEY,
        customer_id          uuid NOT NULL REFERENCES customers ON DELETE CASCADE,
        address              jsonb NOT NULL,
        is_default_shipping  boolean NOT NULL DEFAULT false,
        is_default_billing   boolean NOT NULL DEFAULT false,
        version              integer NOT NULL DEFAULT 1,
        created_at           timestamptz(3) NOT NULL DEFAULT now(),
        updated_at           timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE INDEX customer_addresses_customer ON customer_addresses (customer_id, id);
      CREATE UNIQUE INDEX customer_addresses_shipping ON customer_addresses (customer_id) WHERE is_default_shipping;
      CREATE UNIQUE INDEX customer_addresses_billing ON customer_addresses (customer_id) WHERE is_default_billing;

      CREATE TABLE account_links (
        id             uuid PRIMARY KEY,
        purpose        text NOT NULL CHECK (purpose IN ('register', 'change_email', 'reset_password', 'invite')),
        email          text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
        old_email      text,
        token_hash     bytea NOT NULL CONSTRAINT account_links_token UNIQUE,
        customer_id    uuid REFERENCES customers ON DELETE CASCADE,
        user_id        uuid REFERENCES users ON DELETE CASCADE,
        password_hash  text,
        profile        jsonb NOT NULL DEFAULT '{}',
        used_at        timestamptz(3),
        expires_at     timestamptz(3) NOT NULL,
        created_at     timestamptz(3) NOT NULL DEFAULT now()
      );
      COMMENT ON TABLE account_links IS 'what a link in a mail does, once; a registration waits here until its link is opened';
      CREATE INDEX account_links_expiry ON account_links (expires_at);
      CREATE INDEX account_links_email ON account_links (lower(email), purpose);
      CREATE INDEX account_links_customer ON account_links (customer_id) WHERE customer_id IS NOT NULL;
      CREATE INDEX account_links_user ON account_links (user_id) WHERE user_id IS NOT NULL;

      ALTER TABLE refresh_tokens
        ALTER COLUMN user_id DROP NOT NULL,
        ADD COLUMN customer_id uuid REFERENCES customers ON DELETE CASCADE,
        ADD COLUMN user_agent text,
        ADD CONSTRAINT refresh_tokens_owner CHECK (num_nonnulls(user_id, customer_id) = 1) NOT VALID;

      ALTER TABLE carts ADD COLUMN customer_id uuid;
      ALTER TABLE orders ADD COLUMN customer_id uuid;
      ALTER TABLE carts ADD CONSTRAINT carts_customer FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;
      ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const INDEXES: readonly (readonly [name: string, definition: string])[] = [
  // No column of it changes while a cart is open, so that its many changes need not touch an index.
  ['carts_customer_cart', 'carts (customer_id, created_at) WHERE customer_id IS NOT NULL'],
  ['orders_customer_order', 'orders (customer_id, created_at DESC, id DESC) WHERE customer_id IS NOT NULL'],
  ['refresh_tokens_customer', 'refresh_tokens (customer_id) WHERE customer_id IS NOT NULL'],
  // Asked by every request of somebody who is signed in: few sessions are ended by hand, so it is small.
  ['refresh_tokens_ended', 'refresh_tokens (family_id) WHERE revoked_at IS NOT NULL'],
];

/** What goes with it on tables that are busy: made and checked beside their writers, which no transaction can do. */
export class AccountIndexes1790000000008 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await indexBesideWriters(runner, INDEXES);
    await patiently(runner, `ALTER TABLE refresh_tokens VALIDATE CONSTRAINT refresh_tokens_owner`);
    await patiently(runner, `ALTER TABLE carts VALIDATE CONSTRAINT carts_customer`);
    await patiently(runner, `ALTER TABLE orders VALIDATE CONSTRAINT orders_customer`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
