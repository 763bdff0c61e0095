import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import type { ExportFilter, ExportKind } from './export-kinds.js';

/** An export as it is stored. */
export interface ExportRow {
  id: string;
  kind: ExportKind;
  filter: ExportFilter;
  status: 'queued' | 'running' | 'completed' | 'failed' | 'expired';
  total: number;
  done: number;
  bytes: number;
  chunks: number;
  position: string | null;
  created_at: Date;
  finished_at: Date | null;
  expires_at: Date;
}

/** Another process has taken this export over, or it has expired. */
export class ExportTakenOver extends Error {}

export const EXPORT_COLUMNS = `id, kind, filter, status, total, done, bytes, chunks, position, created_at, finished_at, expires_at`;

/** Loads and saves exports and the files that they make. */
@Injectable()
export class ExportsRepository {
  constructor(private readonly db: Db) {}

  async insert(tx: Tx, row: { id: string; kind: ExportKind; filter: ExportFilter; createdBy: string }): Promise<void> {
    await tx.query(`INSERT INTO exports (id, kind, filter, created_by) VALUES ($1, $2, $3, $4)`, [
      row.id,
      row.kind,
      JSON.stringify(row.filter),
      row.createdBy,
    ]);
  }

  async find(id: string): Promise<ExportRow | null> {
    const [row] = await this.db.query<ExportRow>(`SELECT ${EXPORT_COLUMNS} FROM exports WHERE id = $1`, [id]);
    return row ?? null;
  }

  async markRunning(id: string, total: number): Promise<void> {
    await this.db.query(`UPDATE exports SET status = 'running', total = $2 WHERE id = $1`, [id, total]);
  }

  /**
   * Adds a piece of the file and says up to where it goes: both or neither, so that a run after a crash goes on behind it.
   * @throws ExportTakenOver
   */
  async append(
    before: Pick<ExportRow, 'id' | 'chunks'>,
    piece: { bytes: Buffer; count: number; position: string | null },
  ): Promise<void> {
    await this.db.transaction(async (tx) => {
      const moved = await tx.query(
        `UPDATE exports SET chunks = chunks + 1, done = done + $3, bytes = bytes + $4, position = coalesce($5, position)
         WHERE id = $1 AND chunks = $2 AND status = 'running' RETURNING 1`,
        [before.id, before.chunks, piece.count, piece.bytes.length, piece.position],
      );
      if (moved.length === 0) throw new ExportTakenOver(`another process is at export ${before.id}`);
      await tx.query(`INSERT INTO export_chunks (export_id, seq, bytes) VALUES ($1, $2, $3)`, [
        before.id,
        before.chunks,
        piece.bytes,
      ]);
    });
  }

  async finish(tx: Tx, id: string): Promise<void> {
    await tx.query(
      `UPDATE exports SET status = 'completed', total = done, finished_at = now(), expires_at = now() + interval '24 hours'
       WHERE id = $1 AND status = 'running'`,
      [id],
    );
  }

  async markBroken(id: string): Promise<void> {
    await this.db.query(
      `UPDATE exports SET status = 'failed', finished_at = now() WHERE id = $1 AND status = 'running'`,
      [id],
    );
  }

  /** Counts a download, which leaves a trace of who it was; null when there is no file. */
  async beginDownload(id: string): Promise<ExportRow | null> {
    return this.db.transaction(async (tx) => {
      const [row] = await tx.query<ExportRow>(
        `UPDATE exports SET downloads = downloads + 1 WHERE id = $1 AND status = 'completed' AND expires_at > now()
         RETURNING ${EXPORT_COLUMNS}`,
        [id],
      );
      return row ?? null;
    });
  }

  /** The pieces of the file, one at a time. */
  async *file({ id, chunks }: Pick<ExportRow, 'id' | 'chunks'>): AsyncGenerator<Buffer> {
    for (let seq = 0; seq < chunks; seq += 1) {
      const [chunk] = await this.db.query<{ bytes: Buffer }>(
        `SELECT bytes FROM export_chunks WHERE export_id = $1 AND seq = $2`,
        [id, seq],
      );
      if (!chunk) throw new Error(`the file of export ${id} expired while it was read`);
      yield chunk.bytes;
    }
  }

  /** Deletes the files whose time is over. */
  async deleteExpired(): Promise<void> {
    await this.db.query(
      `WITH gone AS (UPDATE exports SET status = 'expired' WHERE expires_at < now() AND status <> 'expired' RETURNING id)
       DELETE FROM export_chunks c USING gone WHERE c.export_id = gone.id`,
    );
  }
}
