import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Kept answers stay in their row: they are encrypted, so trying to compress them is lost work, and most are smaller than a page. */
export class KeptAnswers1790000000035 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await patiently(runner, statement);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const STATEMENTS = [
  `ALTER TABLE idempotency_keys ALTER COLUMN response_body SET STORAGE EXTERNAL`,
  `ALTER TABLE idempotency_keys SET (toast_tuple_target = 8160)`,
];
