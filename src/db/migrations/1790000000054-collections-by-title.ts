import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters } from './patiently.js';

/** Collections are listed by title: a page of them is read in the order of an index, however many there are. */
export class CollectionsByTitle1790000000054 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await indexBesideWriters(runner, [['collections_title', 'collections (title, id)']]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
