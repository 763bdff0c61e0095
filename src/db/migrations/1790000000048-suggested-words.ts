import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters } from './patiently.js';

/** Words and categories are suggested by an index, however many there are and whatever the language of the database is. */
export class SuggestedWords1790000000048 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await indexBesideWriters(runner, [
      ['search_words_beginning', 'search_words (word text_pattern_ops)'],
      ['categories_title_words', `categories USING gin (to_tsvector('emporium', title))`],
      ['category_translations_title_words', `category_translations USING gin (to_tsvector('emporium', title))`],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
