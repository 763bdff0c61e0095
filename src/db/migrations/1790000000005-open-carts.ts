import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

/**
 * Open carts are found by when they were made, not by when they were last changed: an index of a column that never changes
 * lets Postgres change a cart without touching any index (a heap-only update).
 */
export class OpenCarts1790000000005 implements MigrationInterface {
  /** An index of a busy table is made beside its writers, which no transaction can do. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await indexBesideWriters(runner, [['carts_open', `carts (created_at) WHERE status = 'open'`]]);
    await patiently(runner, `DROP INDEX CONCURRENTLY IF EXISTS carts_idle`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
