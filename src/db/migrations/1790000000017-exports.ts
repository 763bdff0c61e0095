import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** Exports with the files that they make, more kinds of imports, and the rows that an import left out. */
export class Exports1790000000017 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS exports (
        id             uuid PRIMARY KEY,
        kind           text NOT NULL CHECK (kind IN ('products', 'customers', 'price_lists')),
        filter         jsonb NOT NULL DEFAULT '{}',
        status         text NOT NULL DEFAULT 'queued'
          CHECK (status IN ('queued', 'running', 'completed', 'failed', 'expired')),
        total          integer NOT NULL DEFAULT 0,
        done           integer NOT NULL DEFAULT 0,
        bytes          bigint NOT NULL DEFAULT 0,
        chunks         integer NOT NULL DEFAULT 0,
        position       uuid,
        downloads      integer NOT NULL DEFAULT 0,
        created_by     uuid NOT NULL,
        created_at     timestamptz(3) NOT NULL DEFAULT now(),
        finished_at    timestamptz(3),
        expires_at     timestamptz(3) NOT NULL DEFAULT now() + interval '24 hours'
      );
      COMMENT ON COLUMN exports.position IS 'the last one that is in the file, where a run goes on after a crash';
      CREATE INDEX IF NOT EXISTS exports_expiring ON exports (expires_at) WHERE status <> 'expired';
      CREATE TABLE IF NOT EXISTS export_chunks (
        export_id  uuid NOT NULL REFERENCES exports ON DELETE CASCADE,
        seq        integer NOT NULL,
        bytes      bytea NOT NULL,
        PRIMARY KEY (export_id, seq)
      );
      COMMENT ON TABLE export_chunks IS 'the file, until it expires: the API and the worker share no disk';
      CREATE OR REPLACE TRIGGER exports_audit AFTER INSERT OR UPDATE OR DELETE ON exports
        FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change();

      CREATE TABLE IF NOT EXISTS import_rejects (
        import_id  uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
        line       integer NOT NULL,
        cells      jsonb NOT NULL,
        reason     text NOT NULL,
        PRIMARY KEY (import_id, line)
      );
      COMMENT ON TABLE import_rejects IS 'rows that were left out, to be mended and sent again; line 0 is the header';
    `);
    await patiently(
      runner,
      `ALTER TABLE imports DROP CONSTRAINT IF EXISTS imports_kind_check,
        ADD CONSTRAINT imports_kind_check CHECK (kind IN ('products', 'customers', 'price_lists'))`,
    );
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
