import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn, type Queryable } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Page, pageOf } from '#libs/http';
import { type AddressRow, Addresses } from './addresses.service.js';
import type { CustomerListQuery } from './dto/customer-admin.dto.js';

/** A customer in the list of staff. */
export interface CustomerListRow {
  /** uuid */
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  phone: string | null;
  tags: string[];
  hasPassword: boolean;
  orderCount: number;
  createdAt: Date;
}

/** Everything that staff see of a customer. */
export interface CustomerDetails extends CustomerListRow {
  note: string | null;
  acceptsMarketing: boolean;
  hasTwoFactor: boolean;
  totalSpent: { amount: number; currency: string }[];
  addresses: AddressRow[];
  version: number;
  updatedAt: Date;
}

/** Ids sort by the time at which they were made. */
const NEWEST: KeysetColumn[] = [{ sql: 'c.id', type: 'uuid', descending: true }];
const MAX_WORDS = 5;

const ROW = `c.id, c.email, c.first_name AS "firstName", c.last_name AS "lastName", c.phone, c.tags,
  c.password_hash IS NOT NULL AS "hasPassword", c.created_at AS "createdAt",
  (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.placed_at IS NOT NULL) AS "orderCount"`;

/** As the index customers_search has it. */
const SEARCHED = `lower(coalesce(c.email, '') || ' ' || c.first_name || ' ' || c.last_name || ' ' || coalesce(c.phone, ''))`;

/** What staff read about customers. Who was deleted is nobody. */
@Injectable()
export class CustomersAdminQuery {
  constructor(
    private readonly db: Db,
    private readonly addresses: Addresses,
  ) {}

  /** The newest first. */
  async list(query: CustomerListQuery): Promise<{ rows: CustomerListRow[]; page: Page }> {
    const limit = query.limit ?? 20;
    const values: unknown[] = [];
    const conditions = ['c.deleted_at IS NULL'];
    const add = (condition: (parameter: string) => string, value: unknown) => {
      values.push(value);
      conditions.push(condition(`$${values.length}`));
    };
    for (const word of (query.q ?? '').toLowerCase().split(/\s+/).filter(Boolean).slice(0, MAX_WORDS))
      add((p) => `${SEARCHED} LIKE ${p}`, `%${word.replace(/[\\%_]/g, '\\$&')}%`);
    if (query.tag) add((p) => `c.tags @> ARRAY[${p}]`, query.tag);
    const where = conditions.join(' AND ');
    const keyset = keysetPage('customers', NEWEST, query.cursor, values.length + 1);
    const found = await this.db.query<CustomerListRow>(
      `SELECT ${ROW} FROM customers c WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const [count] = query.include
      ? await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM customers c WHERE ${where}`, values)
      : [];
    return pageOf('customers', found, limit, keyset, query.cursor !== undefined, (row) => [row.id], count?.n);
  }

  /** One customer. @throws not_found */
  async get(id: string, db: Queryable = this.db): Promise<CustomerDetails> {
    const [row] = await db.query<Omit<CustomerDetails, 'addresses'>>(
      `SELECT ${ROW}, c.note, c.accepts_marketing AS "acceptsMarketing", c.version, c.updated_at AS "updatedAt",
         EXISTS (SELECT FROM two_factors f WHERE f.customer_id = c.id AND f.confirmed_at IS NOT NULL) AS "hasTwoFactor",
         (SELECT coalesce(jsonb_agg(jsonb_build_object('amount', s.amount, 'currency', s.currency) ORDER BY s.currency), '[]')
          FROM (SELECT o.currency, sum(p.captured - p.refunded) AS amount FROM orders o JOIN payments p ON p.order_id = o.id
                WHERE o.customer_id = c.id GROUP BY o.currency HAVING sum(p.captured - p.refunded) > 0) s) AS "totalSpent"
       FROM customers c WHERE c.id = $1 AND c.deleted_at IS NULL`,
      [id],
    );
    if (!row) throw noSuchCustomer();
    return { ...row, addresses: await this.addresses.list(id, db) };
  }
}

/** What is answered where there is nobody. */
export const noSuchCustomer = () => NotFound({ detail: 'There is no such customer.' });
