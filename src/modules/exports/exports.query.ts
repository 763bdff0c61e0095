import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { ExportResponse } from './dto/export.dto.js';
import { EXPORT_COLUMNS, type ExportRow } from './exports.repository.js';

const KEY = 'exports';
/** The ids are made in the order of time. */
const NEWEST_FIRST: KeysetColumn[] = [{ sql: 'id', type: 'uuid', descending: true }];

/** Reads exports. */
@Injectable()
export class ExportsQuery {
  constructor(private readonly db: Db) {}

  /** @throws not_found */
  async get(id: string): Promise<ExportResponse> {
    const [row] = await this.db.query<ExportRow>(`SELECT ${EXPORT_COLUMNS} FROM exports WHERE id = $1`, [id]);
    if (!row) throw NotFound({ detail: 'There is no such export.' });
    return ExportResponse.from(row);
  }

  /** Newest first. */
  async list(query: ListQuery): Promise<{ data: ExportResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage(KEY, NEWEST_FIRST, query.cursor, 2);
    const found = await this.db.query<ExportRow>(
      `SELECT ${EXPORT_COLUMNS} FROM exports WHERE ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT $1`,
      [limit + 1, ...keyset.values],
    );
    const [count] = query.include ? await this.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM exports`) : [];
    const { rows, page } = pageOf(KEY, found, limit, keyset, query.cursor !== undefined, (row) => [row.id], count?.n);
    return { data: rows.map((row) => ExportResponse.from(row)), page };
  }
}
