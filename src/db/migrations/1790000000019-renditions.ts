import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** How large the pictures of products are, and which smaller versions of them there are. */
export class Renditions1790000000019 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await patiently(
      runner,
      `ALTER TABLE product_images
         ADD COLUMN IF NOT EXISTS width integer,
         ADD COLUMN IF NOT EXISTS height integer,
         ADD COLUMN IF NOT EXISTS renditions jsonb NOT NULL DEFAULT '[]'`,
    );
    await runner.query(
      `COMMENT ON COLUMN product_images.renditions IS 'smaller versions of an uploaded picture, the smallest first: [{"width": 480, "url": "/media/…"}]'`,
    );
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
