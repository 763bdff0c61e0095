import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Files that variants are made of, and what buyers may download of them. */
export class Downloads1790000000017 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // The foreign keys need short locks on busy tables.
    await patiently(
      runner,
      `CREATE TABLE IF NOT EXISTS variant_files (
        id           uuid PRIMARY KEY,
        variant_id   uuid NOT NULL REFERENCES variants,
        name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
        bytes        bigint NOT NULL CHECK (bytes > 0),
        sha256       bytea NOT NULL,
        archived_at  timestamptz(3),
        created_at   timestamptz(3) NOT NULL DEFAULT now()
      )`,
    );
    await runner.query(`CREATE INDEX IF NOT EXISTS variant_files_variant ON variant_files (variant_id, id)`);
    await runner.query(
      `COMMENT ON COLUMN variant_files.archived_at IS 'not sold any more; who bought it before still gets it'`,
    );
    await patiently(
      runner,
      `CREATE TABLE IF NOT EXISTS order_downloads (
        id               uuid PRIMARY KEY,
        order_id         uuid NOT NULL REFERENCES orders,
        order_line_id    uuid NOT NULL REFERENCES order_lines,
        file_id          uuid NOT NULL REFERENCES variant_files,
        downloads        integer NOT NULL DEFAULT 0,
        max_downloads    integer NOT NULL CHECK (max_downloads BETWEEN 1 AND 1000),
        last_started_at  timestamptz(3),
        expires_at       timestamptz(3) NOT NULL,
        created_at       timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT order_downloads_once UNIQUE (order_line_id, file_id),
        CONSTRAINT order_downloads_limit CHECK (downloads BETWEEN 0 AND max_downloads)
      )`,
    );
    await runner.query(`CREATE INDEX IF NOT EXISTS order_downloads_order ON order_downloads (order_id, id)`);
    for (const table of ['variant_files', 'order_downloads']) {
      await patiently(
        runner,
        `CREATE OR REPLACE TRIGGER ${table}_audit AFTER INSERT OR UPDATE OR DELETE ON ${table}
         FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change('sha256')`,
      );
    }
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
