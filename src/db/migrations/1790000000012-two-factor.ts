import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Second factors of staff and customers, the codes that replace them, and sign-ins that wait for one. */
export class TwoFactor1790000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE two_factors (
        id             uuid PRIMARY KEY,
        user_id        uuid CONSTRAINT two_factors_user UNIQUE REFERENCES users ON DELETE CASCADE,
        customer_id    uuid CONSTRAINT two_factors_customer UNIQUE REFERENCES customers ON DELETE CASCADE,
        secret         bytea NOT NULL,
        confirmed_at   timestamptz(3),
        codes_made_at  timestamptz(3),
        last_step      bigint NOT NULL DEFAULT 0,
        failures       integer NOT NULL DEFAULT 0 CHECK (failures BETWEEN 0 AND 100),
        created_at     timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT two_factors_owner CHECK (num_nonnulls(user_id, customer_id) = 1)
      );
      COMMENT ON TABLE two_factors IS 'what makes codes on the telephone of somebody; it counts once it is confirmed';
      COMMENT ON COLUMN two_factors.secret IS 'encrypted with the key of the application';
      COMMENT ON COLUMN two_factors.last_step IS 'the half minute whose code was used last: none is used twice';
      COMMENT ON COLUMN two_factors.failures IS 'wrong codes since the last right one';
      CREATE TRIGGER two_factors_audit AFTER INSERT OR UPDATE OR DELETE ON two_factors
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change('secret');

      CREATE TABLE recovery_codes (
        two_factor_id  uuid NOT NULL REFERENCES two_factors ON DELETE CASCADE,
        code_hash      bytea NOT NULL,
        used_at        timestamptz(3),
        PRIMARY KEY (two_factor_id, code_hash)
      );

      CREATE TABLE login_challenges (
        id             uuid PRIMARY KEY,
        token_hash     bytea NOT NULL CONSTRAINT login_challenges_token UNIQUE,
        user_id        uuid REFERENCES users ON DELETE CASCADE,
        customer_id    uuid REFERENCES customers ON DELETE CASCADE,
        token_version  integer NOT NULL,
        password_mark  bytea NOT NULL,
        attempts       integer NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 5),
        used_at        timestamptz(3),
        expires_at     timestamptz(3) NOT NULL,
        CONSTRAINT login_challenges_owner CHECK (num_nonnulls(user_id, customer_id) = 1)
      );
      COMMENT ON TABLE login_challenges IS 'somebody has shown the password and is asked for a code';
      COMMENT ON COLUMN login_challenges.password_mark IS 'hash of the password hash: another password ends the challenge';
      CREATE INDEX login_challenges_expiry ON login_challenges (expires_at);
      CREATE INDEX login_challenges_user ON login_challenges (user_id) WHERE user_id IS NOT NULL;
      CREATE INDEX login_challenges_customer ON login_challenges (customer_id) WHERE customer_id IS NOT NULL;

      ALTER TABLE shop_settings ADD COLUMN two_factor_required boolean NOT NULL DEFAULT false;
      COMMENT ON COLUMN shop_settings.two_factor_required IS 'whether staff enter with a second factor only';
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
