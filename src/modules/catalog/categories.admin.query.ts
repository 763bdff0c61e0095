import { Injectable } from '@nestjs/common';
import { Db, type KeysetColumn, keysetPage, type Queryable } from '#libs/database';
import { type Page, pageOf } from '#libs/http';
import { CategoryNotFound } from './catalog.errors.js';
import type { AdminCategoryListQuery } from './dto/category.dto.js';

export interface AdminCategoryRow {
  id: string;
  handle: string;
  title: string;
  description: string;
  seo_title: string | null;
  seo_description: string | null;
  parent_id: string | null;
  position: number;
  product_count: number;
  version: number;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = `c.id, c.handle, c.title, c.description, c.seo_title, c.seo_description, c.parent_id, c.position, c.version, c.created_at, c.updated_at,
  (SELECT count(*) FROM product_categories p WHERE p.category_id = c.id) AS product_count`;
const ORDER: KeysetColumn[] = [
  { sql: 'c.position', type: 'integer' },
  { sql: 'c.id', type: 'uuid' },
];
const LIST = 'admin-categories';

/** Categories as staff see them. */
@Injectable()
export class AdminCategoriesQuery {
  constructor(private readonly db: Db) {}

  /** By position; one statement, two with the total. */
  async list(query: AdminCategoryListQuery): Promise<{ rows: AdminCategoryRow[]; page: Page }> {
    const limit = query.limit ?? 20;
    const where = `($1::uuid IS NULL OR c.parent_id = $1)
      AND ($2::text IS NULL OR strpos(lower(c.title), lower($2)) > 0 OR strpos(c.handle, lower($2)) > 0)`;
    const values = [query.parentId ?? null, query.q ?? null];
    const keyset = keysetPage(LIST, ORDER, query.cursor, 3);
    const rows = await this.db.dataSource.query<AdminCategoryRow[]>(
      `SELECT ${COLUMNS} FROM categories c WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM categories c WHERE ${where}`, values))[0]!.n
      : undefined;
    return pageOf(LIST, rows, limit, keyset, query.cursor !== undefined, (row) => [row.position, row.id], total);
  }

  /**
   * @param source a transaction, to see what it wrote
   * @throws CategoryNotFound
   */
  async get(id: string, source: Queryable = this.db): Promise<AdminCategoryRow> {
    const [row] = await source.query<AdminCategoryRow>(`SELECT ${COLUMNS} FROM categories c WHERE c.id = $1`, [id]);
    if (!row) throw CategoryNotFound();
    return row;
  }
}
