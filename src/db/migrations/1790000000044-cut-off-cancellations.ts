import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters } from './patiently.js';

/** Orders that are held back while their hold is let go at the bank: few, and looked for every minute. */
export class CutOffCancellations1790000000044 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // Not by the time of their last change: then no change of any order could be written in place.
    await indexBesideWriters(runner, [['orders_canceling', `orders (id) WHERE hold = 'canceling'`]]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
