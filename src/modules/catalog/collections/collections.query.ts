import { Injectable } from '@nestjs/common';
import { Db, type KeysetColumn, keysetPage, type Queryable } from '#libs/database';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { encodeId } from '#libs/ids';
import { CollectionNotFound } from '../catalog.errors.js';
import { OF_COLLECTION_SQL } from '../facet-counts/facet-counts-sql.js';
import type { CollectionRule } from './collection-rules.js';

/** A collection with the number of products that are in it. */
export interface CollectionRow {
  /** uuid */
  id: string;
  handle: string;
  title: string;
  descriptionHtml: string;
  status: 'draft' | 'active';
  rule: CollectionRule | null;
  onlyAvailable: boolean;
  sort: string;
  seoTitle: string | null;
  seoDescription: string | null;
  productCount: number;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** `$1`: a currency, or null for that of the shop: products count where shoppers see them. */
const SELECT = `SELECT c.id, c.handle, c.title, c.description_html AS "descriptionHtml", c.status, c.rule,
    c.only_available AS "onlyAvailable", c.sort, c.seo_title AS "seoTitle", c.seo_description AS "seoDescription", c.version,
    c.created_at AS "createdAt", c.updated_at AS "updatedAt",
    (${OF_COLLECTION_SQL}) AS "productCount"
  FROM collections c`;

const BY_TITLE: KeysetColumn[] = [
  { sql: 'c.title', type: 'text' },
  { sql: 'c.id', type: 'uuid' },
];

/** Reads collections, with the number of products that can be seen in them. */
@Injectable()
export class CollectionsQuery {
  constructor(private readonly db: Db) {}

  /** By title. @param audience shoppers see active ones only */
  async list(
    audience: 'shopper' | 'staff',
    currency: string | null,
    query: ListQuery,
  ): Promise<{ rows: CollectionRow[]; page: Page }> {
    const limit = query.limit ?? 20;
    const where = audience === 'shopper' ? `c.status = 'active'` : 'TRUE';
    const keyset = keysetPage('collections', BY_TITLE, query.cursor, 2);
    const rest = `${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`;
    const rows = await this.read(currency, rest, keyset.values);
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM collections c WHERE ${where}`))[0]!.n
      : undefined;
    return pageOf('collections', rows, limit, keyset, query.cursor !== undefined, (row) => [row.title, row.id], total);
  }

  /** An active one, for shoppers. @throws collection_not_found */
  async find(currency: string | null, key: { id: string } | { handle: string }): Promise<CollectionRow> {
    const [row] = await this.read(currency, `${'id' in key ? 'c.id' : 'c.handle'} = $2 AND c.status = 'active'`, [
      'id' in key ? key.id : key.handle,
    ]);
    if (!row) throw CollectionNotFound();
    return row;
  }

  /** Any, for staff. @throws collection_not_found */
  async get(id: string, db: Queryable = this.db): Promise<CollectionRow> {
    const [row] = await this.read(null, 'c.id = $2', [id], db);
    if (!row) throw CollectionNotFound();
    return row;
  }

  private read(
    currency: string | null,
    rest: string,
    values: readonly unknown[],
    db: Queryable = this.db,
  ): Promise<CollectionRow[]> {
    return db.query<CollectionRow>(`${SELECT} WHERE ${rest}`, [currency, ...values]);
  }

  /** `prod_…` of what was put in by hand, in the order of staff. */
  async productsByHand(id: string, db: Queryable = this.db): Promise<string[]> {
    const rows = await db.query<{ id: string }>(
      `SELECT product_id AS id FROM collection_products WHERE collection_id = $1 ORDER BY position, product_id`,
      [id],
    );
    return rows.map((row) => encodeId('product', row.id));
  }
}
