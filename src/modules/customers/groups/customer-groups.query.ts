import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { CustomerGroup } from '../entities/index.js';
import type { MemberRow } from './customer-group.dto.js';

const ORDER: KeysetColumn[] = [{ sql: 'id', type: 'uuid' }];
const MEMBER_ORDER: KeysetColumn[] = [{ sql: 'm.customer_id', type: 'uuid' }];

/** What staff read about customer groups. */
@Injectable()
export class CustomerGroupsQuery {
  constructor(private readonly db: Db) {}

  /** A page of groups. */
  async page(query: ListQuery): Promise<{ rows: CustomerGroup[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('customer_groups', ORDER, query.cursor, 1);
    const found = await this.db.query<{ id: string }>(
      `SELECT id FROM customer_groups WHERE ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      keyset.values,
    );
    const total = query.include ? await this.count(`SELECT count(*) AS total FROM customer_groups`) : undefined;
    const hasCursor = query.cursor !== undefined;
    const { rows, page } = pageOf('customer_groups', found, limit, keyset, hasCursor, (row) => [row.id], total);
    const ids = rows.map((row) => row.id);
    const groups = await this.db.manager.findBy(CustomerGroup, { id: In(ids) });
    return { rows: groups.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)), page };
  }

  /** One group. @throws not_found */
  async get(id: string): Promise<CustomerGroup> {
    const group = await this.db.manager.findOneBy(CustomerGroup, { id });
    if (!group) throw NotFound({ detail: 'There is no such customer group.' });
    return group;
  }

  /** A page of its members. @throws not_found */
  async members(id: string, query: ListQuery): Promise<{ rows: MemberRow[]; page: Page }> {
    await this.get(id);
    const limit = query.limit ?? 20;
    const keyset = keysetPage('customer_group_members', MEMBER_ORDER, query.cursor, 2);
    const found = await this.db.query<MemberRow>(
      `SELECT m.customer_id, c.email, c.first_name, c.last_name, m.created_at
       FROM customer_group_members m JOIN customers c ON c.id = m.customer_id
       WHERE m.group_id = $1 AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [id, ...keyset.values],
    );
    const total = query.include
      ? await this.count(`SELECT count(*) AS total FROM customer_group_members WHERE group_id = $1`, [id])
      : undefined;
    const hasCursor = query.cursor !== undefined;
    return pageOf('customer_group_members', found, limit, keyset, hasCursor, (row) => [row.customer_id], total);
  }

  private async count(sql: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.db.query<{ total: number }>(sql, values);
    return row!.total;
  }
}
