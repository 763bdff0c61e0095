import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexBesideWriters } from './patiently.js';

/** Which carts and orders name an address for gift cards: it is taken off when its account goes. Few lines have one. */
export class Recipients1790000000037 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await indexBesideWriters(runner, [
      ['cart_lines_recipient', `cart_lines (lower(recipient_email)) WHERE recipient_email IS NOT NULL`],
    ]);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
