import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** A sign-in at a provider that waits for a code carries whom the provider vouched for: the account is linked with the code. */
export class LinksAfterCodes1790000000036 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await patiently(runner, statement);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

const STATEMENTS = [
  `ALTER TABLE login_challenges ADD COLUMN IF NOT EXISTS identity jsonb`,
  `COMMENT ON COLUMN login_challenges.identity IS 'account at a provider that the code links; null when there is none to link'`,
];
