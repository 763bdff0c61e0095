import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/** Wrong passwords are kept as long for an address that nobody has as for any other: who comes back later learns nothing. */
export class CountsOfNobody1790000000051 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // Processes of before still write it, and delete what is false; those of after leave it alone.
    await patiently(runner, `ALTER TABLE login_failures ALTER COLUMN is_account SET DEFAULT true`);
    await runner.query(
      `COMMENT ON COLUMN login_failures.is_account IS 'read and written by earlier releases only: a later one drops it'`,
    );
    await indexBesideWriters(runner, [
      ['login_failures_nothing_counted', `login_failures (failed_at) WHERE strangers = 0 AND known = 0`],
    ]);
    await patiently(runner, `DROP INDEX CONCURRENTLY IF EXISTS login_failures_of_nobody`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

/** Guests find their orders again by a link in a mail. */
export class OrderLinks1790000000051 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(
      runner,
      `ALTER TABLE account_links DROP CONSTRAINT IF EXISTS account_links_purpose_check,
         DROP CONSTRAINT IF EXISTS account_links_purpose,
         ADD CONSTRAINT account_links_purpose
           CHECK (purpose IN ('register', 'change_email', 'reset_password', 'invite', 'find_order')) NOT VALID`,
    );
    await patiently(runner, `ALTER TABLE account_links VALIDATE CONSTRAINT account_links_purpose`);
    await runner.query(
      `COMMENT ON TABLE account_links IS 'what a link in a mail does; a registration waits here until its link is opened'`,
    );
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
