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
