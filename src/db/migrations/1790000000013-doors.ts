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
