import { Injectable } from '@nestjs/common';
import { In, IsNull } from 'typeorm';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { PriceList } from '../entities/index.js';
import { PriceListNotFound } from './price-list.errors.js';
import type { EntryRow } from './price-list.dto.js';

const ORDER: KeysetColumn[] = [{ sql: 'id', type: 'uuid' }];
const ENTRY_ORDER: KeysetColumn[] = [
  { sql: 'e.variant_id', type: 'uuid' },
  { sql: 'e.min_quantity', type: 'integer' },
];

/** What staff read about price lists. */
@Injectable()
export class PriceListsQuery {
  constructor(private readonly db: Db) {}

  /** A page of price lists. */
  async page(query: ListQuery): Promise<{ rows: PriceList[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('price_lists', ORDER, query.cursor, 1);
    const found = await this.db.query<{ id: string }>(
      `SELECT id FROM price_lists WHERE deleted_at IS NULL AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      keyset.values,
    );
    const total = query.include
      ? await this.count(`SELECT count(*) AS total FROM price_lists WHERE deleted_at IS NULL`)
      : undefined;
    const hasCursor = query.cursor !== undefined;
    const { rows, page } = pageOf('price_lists', found, limit, keyset, hasCursor, (row) => [row.id], total);
    const ids = rows.map((row) => row.id);
    const lists = await this.db.manager.findBy(PriceList, { id: In(ids) });
    return { rows: lists.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)), page };
  }

  /** One price list. @throws price_list_not_found */
  async get(id: string): Promise<PriceList> {
    const list = await this.db.manager.findOneBy(PriceList, { id, deletedAt: IsNull() });
    if (!list) throw PriceListNotFound();
    return list;
  }

  /** A page of its prices. @throws price_list_not_found */
  async entries(id: string, query: ListQuery): Promise<{ list: PriceList; rows: EntryRow[]; page: Page }> {
    const list = await this.get(id);
    const limit = query.limit ?? 20;
    const keyset = keysetPage('price_list_entries', ENTRY_ORDER, query.cursor, 2);
    const found = await this.db.query<EntryRow>(
      `SELECT e.variant_id, v.product_id, v.sku, p.title, e.min_quantity, e.amount
       FROM price_list_entries e JOIN variants v ON v.id = e.variant_id JOIN products p ON p.id = v.product_id
       WHERE e.price_list_id = $1 AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [id, ...keyset.values],
    );
    const total = query.include
      ? await this.count(`SELECT count(*) AS total FROM price_list_entries WHERE price_list_id = $1`, [id])
      : undefined;
    const valuesOf = (row: EntryRow) => [row.variant_id, row.min_quantity];
    const hasCursor = query.cursor !== undefined;
    return { list, ...pageOf('price_list_entries', found, limit, keyset, hasCursor, valuesOf, total) };
  }

  private async count(sql: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.db.query<{ total: number }>(sql, values);
    return row!.total;
  }
}
