import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters } from './patiently.js';

/** Which orders moved since a moment, and which products have a word in their handle. */
export class LateSales1790000000032 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await indexBesideWriters(runner, [
      // Costs a checkout nothing: events lie in the order of their time.
      ['order_events_created', 'order_events USING brin (created_at)'],
      ['products_handle_trgm', 'products USING gin (handle gin_trgm_ops)'],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
