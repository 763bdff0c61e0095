import { Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
import { NotFound, Unauthenticated } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import type { Address } from '../cart/index.js';
import { TooManyAddresses } from './customers.errors.js';
import { type CreateAddressRequest, postalPart, type UpdateAddressRequest } from './dto/address.dto.js';

const MAX_ADDRESSES = 50;

/** An address of a customer. */
export interface AddressRow {
  /** uuid */
  id: string;
  address: Address;
  isDefaultShipping: boolean;
  isDefaultBilling: boolean;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

const COLUMNS = `id, address, is_default_shipping AS "isDefaultShipping", is_default_billing AS "isDefaultBilling", version,
  created_at AS "createdAt", updated_at AS "updatedAt"`;
const NO_ADDRESS = { detail: 'You have no such address.' };

/** The addresses that a customer keeps. One of them is proposed for parcels, one for invoices; the first is both. */
@Injectable()
export class Addresses {
  constructor(private readonly db: Db) {}

  /** In the order in which they were made. */
  list(customerId: string, db: Queryable = this.db): Promise<AddressRow[]> {
    return db.query<AddressRow>(`SELECT ${COLUMNS} FROM customer_addresses WHERE customer_id = $1 ORDER BY id`, [
      customerId,
    ]);
  }

  /** @throws not_found, also for an address of somebody else */
  async get(customerId: string, id: string, db: Queryable = this.db): Promise<AddressRow> {
    const [row] = await db.query<AddressRow>(
      `SELECT ${COLUMNS} FROM customer_addresses WHERE customer_id = $1 AND id = $2`,
      [customerId, id],
    );
    if (!row) throw NotFound(NO_ADDRESS);
    return row;
  }

  /** @throws too_many_addresses */
  create(customerId: string, request: CreateAddressRequest): Promise<AddressRow> {
    return this.inTurn(customerId, async (tx) => {
      const [count] = await tx.query<{ n: number }>(
        `SELECT count(*) AS n FROM customer_addresses WHERE customer_id = $1`,
        [customerId],
      );
      if (count!.n >= MAX_ADDRESSES) throw TooManyAddresses();
      const isFirst = count!.n === 0;
      const isDefaultShipping = request.isDefaultShipping ?? isFirst;
      const isDefaultBilling = request.isDefaultBilling ?? isFirst;
      await this.makeRoom(tx, customerId, { isDefaultShipping, isDefaultBilling });
      const [row] = await tx.query<AddressRow>(
        `INSERT INTO customer_addresses (id, customer_id, address, is_default_shipping, is_default_billing)
         VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
        [newUuid(), customerId, JSON.stringify(postalPart(request)), isDefaultShipping, isDefaultBilling],
      );
      return row!;
    });
  }

  /** Changes any subset of the fields. @throws not_found, version_mismatch */
  update(
    customerId: string,
    id: string,
    expectedVersion: number | undefined,
    request: UpdateAddressRequest,
  ): Promise<AddressRow> {
    return this.inTurn(customerId, async (tx) => {
      const before = await this.get(customerId, id, tx);
      assertVersion(expectedVersion, before.version);
      await this.makeRoom(tx, customerId, request);
      const [row] = await tx.query<AddressRow>(
        `UPDATE customer_addresses SET address = address || $3::jsonb,
           is_default_shipping = coalesce($4, is_default_shipping), is_default_billing = coalesce($5, is_default_billing),
           version = version + 1, updated_at = now()
         WHERE customer_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
        [customerId, id, JSON.stringify(postalPart(request)), request.isDefaultShipping, request.isDefaultBilling],
      );
      return row!;
    });
  }

  /** @throws not_found, version_mismatch */
  delete(customerId: string, id: string, expectedVersion: number | undefined): Promise<void> {
    return this.inTurn(customerId, async (tx) => {
      assertVersion(expectedVersion, (await this.get(customerId, id, tx)).version);
      await tx.query(`DELETE FROM customer_addresses WHERE customer_id = $1 AND id = $2`, [customerId, id]);
    });
  }

  /** Changes of one customer's addresses wait for each other, so that there is never a second default. */
  private inTurn<T>(customerId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.db.transaction(async (tx) => {
      const [customer] = await tx.query(
        `SELECT 1 FROM customers WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE`,
        [customerId],
      );
      if (!customer) throw Unauthenticated();
      return work(tx);
    });
  }

  private async makeRoom(
    tx: Tx,
    customerId: string,
    wanted: { isDefaultShipping?: boolean; isDefaultBilling?: boolean },
  ): Promise<void> {
    await tx.query(
      `UPDATE customer_addresses SET is_default_shipping = is_default_shipping AND NOT $2,
         is_default_billing = is_default_billing AND NOT $3, version = version + 1, updated_at = now()
       WHERE customer_id = $1 AND ((is_default_shipping AND $2) OR (is_default_billing AND $3))`,
      [customerId, wanted.isDefaultShipping ?? false, wanted.isDefaultBilling ?? false],
    );
  }
}
