import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters } from './patiently.js';

/** Whether a finding was there before is asked for each of them, and each night may have thousands. */
export class FoundAgain1790000000052 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await indexBesideWriters(runner, [
      ['reconciliation_findings_again', 'reconciliation_findings (subject, kind, created_at)'],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
