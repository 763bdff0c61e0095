import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn, type Queryable } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { type StaffMember, STAFF_COLUMNS, STAFF_TABLES } from './staff.service.js';

/** Ids sort by the time at which they were made. */
const ORDER: KeysetColumn[] = [{ sql: 'u.id', type: 'uuid' }];

/** What staff read about staff. */
@Injectable()
export class StaffQuery {
  constructor(private readonly db: Db) {}

  /** One member. @throws not_found */
  async get(id: string, db: Queryable = this.db): Promise<StaffMember> {
    const [member] = await db.query<StaffMember>(`SELECT ${STAFF_COLUMNS} FROM ${STAFF_TABLES} WHERE u.id = $1`, [id]);
    if (!member) throw NotFound({ detail: 'There is no such member of staff.' });
    return member;
  }

  /** Members in the order in which they came. */
  async list(query: ListQuery): Promise<{ rows: StaffMember[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('users', ORDER, query.cursor, 1);
    const rows = await this.db.query<StaffMember>(
      `SELECT ${STAFF_COLUMNS} FROM ${STAFF_TABLES} WHERE ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      keyset.values,
    );
    const [count] = query.include ? await this.db.query<{ total: number }>(`SELECT count(*) AS total FROM users`) : [];
    return pageOf('users', rows, limit, keyset, query.cursor !== undefined, (row) => [row.id], count?.total);
  }
}
