import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { ImportResponse, type ImportView } from './dto/import.response.js';

const COLUMNS = `id, kind, file_name, options, status, rows_read, bytes_read, bytes_total, summary, errors, warnings, failure,
  created_at, finished_at`;
const KEY = 'imports';
/** The ids are made in the order of time. */
const NEWEST_FIRST: KeysetColumn[] = [{ sql: 'id', type: 'uuid', descending: true }];
const DEFAULT_LIMIT = 20;

/** Reads imports. */
@Injectable()
export class ImportsQuery {
  constructor(private readonly db: Db) {}

  /** @throws not_found */
  async get(id: string): Promise<ImportResponse> {
    const [row] = await this.db.query<ImportView>(`SELECT ${COLUMNS} FROM imports WHERE id = $1`, [id]);
    if (!row) throw NotFound({ detail: 'There is no such import.' });
    return ImportResponse.from(row);
  }

  /** Newest first, without the issues of each: those are on the import itself. */
  async list(query: ListQuery): Promise<{ data: ImportResponse[]; page: Page }> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    const keyset = keysetPage(KEY, NEWEST_FIRST, query.cursor, 2);
    const found = await this.db.query<ImportView>(
      `SELECT ${COLUMNS.replace('errors, warnings', `'[]'::jsonb AS errors, '[]'::jsonb AS warnings`)}
       FROM imports WHERE ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT $1`,
      [limit + 1, ...keyset.values],
    );
    const [counted] =
      query.include === 'total'
        ? await this.db.query<{ total: number }>(`SELECT count(*)::int AS total FROM imports`)
        : [];
    const { rows, page } = pageOf(
      KEY,
      found,
      limit,
      keyset,
      query.cursor !== undefined,
      (row) => [row.id],
      counted?.total,
    );
    return { data: rows.map((row) => ImportResponse.from(row)), page };
  }
}
