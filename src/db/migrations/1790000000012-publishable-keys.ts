import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that say which storefront asks. They stand in pages, so they are no secrets. */
export class PublishableKeys1790000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE publishable_keys (
        id                uuid PRIMARY KEY,
        key               text NOT NULL CONSTRAINT publishable_keys_key UNIQUE CHECK (key ~ '^emp_pk_[0-9a-z]{32}$'),
        name              text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        currency          char(3) CHECK (currency ~ '^[A-Z]{3}$'),
        country           char(2) CHECK (country ~ '^[A-Z]{2}$'),
        origins           text[] NOT NULL DEFAULT '{}' CHECK (cardinality(origins) <= 50),
        requests_per_min  integer CHECK (requests_per_min > 0),
        created_by        uuid NOT NULL REFERENCES users,
        replaces          uuid REFERENCES publishable_keys,
        expires_at        timestamptz(3),
        revoked_at        timestamptz(3),
        version           integer NOT NULL DEFAULT 1,
        created_at        timestamptz(3) NOT NULL DEFAULT now(),
        updated_at        timestamptz(3) NOT NULL DEFAULT now()
      );
      COMMENT ON TABLE publishable_keys IS 'which storefront asks; whoever looks at its pages reads the key, so it is kept as it is';
      CREATE TRIGGER publishable_keys_audit AFTER INSERT OR UPDATE OR DELETE ON publishable_keys
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();
      CREATE TABLE publishable_key_uses (
        publishable_key_id  uuid PRIMARY KEY REFERENCES publishable_keys ON DELETE CASCADE,
        last_used_at        timestamptz(3) NOT NULL
      );
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
