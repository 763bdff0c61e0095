import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Wrong passwords in a row, and from where an account is signed in to, outlive every process: no restart gives more guesses. */
export class LoginFailures1790000000046 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const STATEMENTS = [
  // Of addresses that nobody has, too: an attempt at them must look and cost the same. Those are deleted after a while.
  `CREATE TABLE login_failures (
     account bytea PRIMARY KEY,
     strangers smallint NOT NULL DEFAULT 0,
     known smallint NOT NULL DEFAULT 0,
     is_account boolean NOT NULL,
     failed_at timestamptz(3) NOT NULL DEFAULT now(),
     CONSTRAINT login_failures_account CHECK (octet_length(account) = 32),
     CONSTRAINT login_failures_hundred_at_most CHECK (strangers BETWEEN 0 AND 50 AND known BETWEEN 0 AND 50)
   )`,
  `CREATE INDEX login_failures_of_nobody ON login_failures (failed_at) WHERE NOT is_account OR (strangers = 0 AND known = 0)`,
  `COMMENT ON TABLE login_failures IS 'wrong passwords in a row for an address, whether somebody has it or not'`,
  `COMMENT ON COLUMN login_failures.account IS 'SHA-256 of the address in lower case'`,
  `COMMENT ON COLUMN login_failures.strangers IS 'from networks that the account was not signed in to from'`,
  `COMMENT ON COLUMN login_failures.known IS 'from networks that it was'`,
  `CREATE TABLE login_places (
     account bytea NOT NULL,
     place bytea NOT NULL,
     known_until timestamptz(3) NOT NULL,
     PRIMARY KEY (account, place),
     CONSTRAINT login_places_hashes CHECK (octet_length(account) = 32 AND octet_length(place) = 32)
   )`,
  `CREATE INDEX login_places_known_until ON login_places (known_until)`,
  `COMMENT ON TABLE login_places IS 'networks that the owner of an account was signed in from lately'`,
  `COMMENT ON COLUMN login_places.place IS 'with the key of the application: the database alone does not tell which network'`,
];
