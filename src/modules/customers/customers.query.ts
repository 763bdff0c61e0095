import { Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
import { Unauthenticated } from '#libs/errors';

/** A customer as the database has them. */
export interface CustomerRow {
  /** uuid */
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  phone: string | null;
  acceptsMarketing: boolean;
  vatNumber: string | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export const CUSTOMER_COLUMNS = `id, email, first_name AS "firstName", last_name AS "lastName", phone,
  accepts_marketing AS "acceptsMarketing", vat_number AS "vatNumber", version, created_at AS "createdAt", updated_at AS "updatedAt"`;

/** Reads customers. */
@Injectable()
export class CustomersQuery {
  constructor(private readonly db: Db) {}

  /** One customer. @throws unauthenticated when the account was deleted meanwhile */
  async get(id: string, db: Queryable = this.db): Promise<CustomerRow> {
    const [row] = await db.query<CustomerRow>(
      `SELECT ${CUSTOMER_COLUMNS} FROM customers WHERE id = $1 AND deleted_at IS NULL`,
      [id],
    );
    if (!row) throw Unauthenticated();
    return row;
  }

  /** Lets nobody delete the account until the transaction ends. @throws unauthenticated when it was deleted before */
  async holdOpen(tx: Tx, id: string): Promise<void> {
    const rows = await tx.query(`SELECT 1 FROM customers WHERE id = $1 AND deleted_at IS NULL FOR KEY SHARE`, [id]);
    if (rows.length === 0) throw Unauthenticated();
  }
}
