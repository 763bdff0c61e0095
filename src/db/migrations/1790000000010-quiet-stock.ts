import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/**
 * A sale changes a stock level without touching any index (a heap-only update): the index of what is available, which every
 * sale had to move, went through for one list of staff.
 */
export class QuietStock1790000000010 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(runner, `DROP INDEX CONCURRENTLY IF EXISTS stock_levels_available`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
