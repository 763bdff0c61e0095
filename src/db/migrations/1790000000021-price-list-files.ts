import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Where an export goes on after a crash may be in the middle of a price list, which no single id names. */
export class PriceListFiles1790000000021 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // One row for each export: rewritten at once. Processes of the old version write ids, which are texts too.
    await patiently(runner, `ALTER TABLE exports ALTER COLUMN position TYPE text`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
