import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters } from './patiently.js';

/** Which products have a word in their names, tags or options, apart from the many that have it in their description. */
export class FoundByName1790000000033 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await indexBesideWriters(runner, [
      ['product_listings_named', `product_listings USING gin (ts_filter(search, '{a,b,c}'))`],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
