import { Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
import type { ImportSource } from './csv/csv-rows.js';
import type { ImportKind, ImportOptions, ImportState, RejectedRow } from './import-state.js';

/** An import as it is stored. */
export interface ImportRow {
  id: string;
  kind: ImportKind;
  file_name: string;
  options: ImportOptions;
  status: 'queued' | 'running' | 'completed' | 'failed';
  bytes_total: number;
  /** null before the first products are behind it. */
  state: ImportState | null;
  created_by: string | null;
}

/** Another process has taken this import over. */
export class ImportTakenOver extends Error {}

/** How long an uploaded file that was never imported is kept. */
const KEEP_FILES_DAYS = 7;

/** Loads and saves imports and their uploaded files. */
@Injectable()
export class ImportsRepository {
  constructor(private readonly db: Db) {}

  /** Stores a new import; its file follows with `addChunk`. */
  async insert(
    tx: Tx,
    row: { id: string; kind: ImportKind; fileName: string; options: ImportOptions; bytes: number; createdBy: string },
  ): Promise<void> {
    await tx.query(
      `INSERT INTO imports (id, kind, file_name, options, bytes_total, created_by) VALUES ($1, $6, $2, $3, $4, $5)`,
      [row.id, row.fileName, JSON.stringify(row.options), row.bytes, row.createdBy, row.kind],
    );
  }

  async addChunk(tx: Tx, importId: string, seq: number, bytes: Uint8Array): Promise<void> {
    await tx.query(`INSERT INTO import_chunks (import_id, seq, bytes) VALUES ($1, $2, $3)`, [importId, seq, bytes]);
  }

  async find(id: string): Promise<ImportRow | null> {
    const [row] = await this.db.query<ImportRow>(
      `SELECT id, kind, file_name, options, status, bytes_total, created_by,
         CASE WHEN summary ? 'productsDone' THEN summary || jsonb_build_object('rowsRead', rows_read, 'bytesRead', bytes_read,
           'errors', errors, 'warnings', warnings) END AS state
       FROM imports WHERE id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** The uploaded file, read in pieces as often as needed. */
  sourceOf(row: Pick<ImportRow, 'id' | 'file_name' | 'bytes_total'>): ImportSource {
    const { db } = this;
    return {
      name: row.file_name,
      size: row.bytes_total,
      async *open() {
        for (let seq = 0; ; seq += 1) {
          const [chunk] = await db.query<{ bytes: Buffer }>(
            `SELECT bytes FROM import_chunks WHERE import_id = $1 AND seq = $2`,
            [row.id, seq],
          );
          if (!chunk) return;
          yield chunk.bytes;
        }
      },
    };
  }

  async markRunning(id: string): Promise<void> {
    await this.db.query(`UPDATE imports SET status = 'running', failure = NULL, finished_at = NULL WHERE id = $1`, [
      id,
    ]);
  }

  /**
   * Saves how far it is.
   * @param productsBefore what the last saved state said; when it says otherwise, another process is at work
   * @throws ImportTakenOver
   */
  async saveState(db: Queryable, id: string, state: ImportState, productsBefore: number): Promise<void> {
    const { rowsRead, bytesRead, errors, warnings, ...summary } = state;
    const updated = await db.query(
      `UPDATE imports SET rows_read = $2, bytes_read = $3, summary = $4, errors = $5, warnings = $6
       WHERE id = $1 AND coalesce((summary->>'productsDone')::int, 0) = $7 RETURNING 1`,
      [
        id,
        rowsRead,
        bytesRead,
        JSON.stringify(summary),
        JSON.stringify(errors),
        JSON.stringify(warnings),
        productsBefore,
      ],
    );
    if (updated.length === 0) throw new ImportTakenOver(`another process is at import ${id}`);
  }

  /** The header of the file, for the file of what is left out: its line 0. */
  async saveHeader(id: string, header: readonly string[]): Promise<void> {
    await this.db.query(
      `INSERT INTO import_rejects (import_id, line, cells, reason) VALUES ($1, 0, $2, '') ON CONFLICT DO NOTHING`,
      [id, JSON.stringify(header)],
    );
  }

  async addRejects(tx: Tx, id: string, rejects: readonly RejectedRow[]): Promise<void> {
    if (rejects.length === 0) return;
    await tx.query(
      `INSERT INTO import_rejects (import_id, line, cells, reason)
       SELECT $1, line, cells, reason FROM jsonb_to_recordset($2) AS r (line int, cells jsonb, reason text)`,
      [id, JSON.stringify(rejects)],
    );
  }

  /** The rows that were left out, in the order of the file, some at a time; the header comes first, as line 0. */
  async *rejects(id: string): AsyncGenerator<RejectedRow[]> {
    for (let after = -1; ;) {
      const rows = await this.db.query<RejectedRow>(
        `SELECT line, cells, reason FROM import_rejects WHERE import_id = $1 AND line > $2 ORDER BY line LIMIT 500`,
        [id, after],
      );
      if (rows.length === 0) return;
      yield rows;
      after = rows.at(-1)!.line;
    }
  }

  async hasRejects(id: string): Promise<boolean> {
    const [row] = await this.db.query(`SELECT 1 FROM import_rejects WHERE import_id = $1 AND line > 0 LIMIT 1`, [id]);
    return row !== undefined;
  }

  /** It is over; the file is no longer needed. */
  async finish(tx: Tx, id: string, end: { status: 'completed' | 'failed'; failure: string | null }): Promise<void> {
    await tx.query(`UPDATE imports SET status = $2, failure = $3, finished_at = now() WHERE id = $1`, [
      id,
      end.status,
      end.failure,
    ]);
    await tx.query(`DELETE FROM import_chunks WHERE import_id = $1`, [id]);
  }

  /** It failed for a reason of our own: the file stays for another try. */
  async markBroken(id: string, failure: string): Promise<void> {
    await this.db.query(`UPDATE imports SET status = 'failed', failure = $2, finished_at = now() WHERE id = $1`, [
      id,
      failure,
    ]);
  }

  /** Deletes files that were left behind. */
  async deleteOldFiles(): Promise<void> {
    await this.db.query(
      `DELETE FROM import_chunks c USING imports i
       WHERE i.id = c.import_id AND i.created_at < now() - make_interval(days => ${KEEP_FILES_DAYS})`,
    );
    await this.db.query(
      `DELETE FROM import_rejects r USING imports i
       WHERE i.id = r.import_id AND i.finished_at < now() - make_interval(days => ${KEEP_FILES_DAYS})`,
    );
  }
}
