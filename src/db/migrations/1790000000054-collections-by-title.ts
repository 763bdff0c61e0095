import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters, patiently } from './patiently.js';

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

/**
 * New words stand in the index for typos at once. In a list of their own, which waits for the next vacuum, they make the index
 * look dearer than the table, and after an import all words were compared with each misspelled one.
 */
export class WordsAtOnce1790000000054 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(runner, `ALTER INDEX search_words_trgm SET (fastupdate = off)`);
    await patiently(runner, `SELECT gin_clean_pending_list('search_words_trgm')`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
