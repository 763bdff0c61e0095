import { Injectable } from '@nestjs/common';
import { Db, isForeignKeyViolation, isUniqueViolation, type Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import { CustomerGroupExists, CustomerGroupInUse } from '../customers.errors.js';
import { CustomerGroup } from '../entities/index.js';
import type { CreateCustomerGroupRequest, UpdateCustomerGroupRequest } from './customer-group.dto.js';

/** Says which customers have prices or promotions of their own. Their carts follow at once. */
@Injectable()
export class CustomerGroups {
  constructor(private readonly db: Db) {}

  /** Makes a group. The same again answers the one that is there. @throws customer_group_exists when it is spelled otherwise */
  create({ name }: CreateCustomerGroupRequest): Promise<CustomerGroup> {
    const id = newUuid();
    return this.change(async (tx) => {
      await tx.query(`INSERT INTO customer_groups (id, name) VALUES ($1, $2) ON CONFLICT (lower(name)) DO NOTHING`, [
        id,
        name,
      ]);
      const group = await tx.manager.findOneBy(CustomerGroup, { name });
      if (!group) throw CustomerGroupExists();
      return group;
    });
  }

  /** @throws not_found, version_mismatch, customer_group_exists */
  update(id: string, change: UpdateCustomerGroupRequest, expectedVersion: number | undefined): Promise<CustomerGroup> {
    return this.change(async (tx) => {
      const group = await load(tx, id);
      assertVersion(expectedVersion, group.version);
      return tx.manager.save(Object.assign(group, change, { version: group.version + 1, updatedAt: new Date() }));
    });
  }

  /** Its customers stay, without it. @throws not_found, version_mismatch, customer_group_in_use */
  delete(id: string, expectedVersion: number | undefined): Promise<void> {
    return this.change(async (tx) => {
      assertVersion(expectedVersion, (await load(tx, id)).version);
      await tx.manager.delete(CustomerGroup, { id });
    });
  }

  /** Once or again: the customer is in the group. @throws not_found */
  put(id: string, customerId: string): Promise<void> {
    return this.change(async (tx) => {
      const known = await tx.query(`SELECT FROM customers WHERE id = $1 AND deleted_at IS NULL FOR KEY SHARE`, [
        customerId,
      ]);
      const group = await tx.query(`SELECT FROM customer_groups WHERE id = $1 FOR KEY SHARE`, [id]);
      if (known.length === 0 || group.length === 0) throw NotFound({ detail: 'There is no such group or customer.' });
      await tx.query(
        `INSERT INTO customer_group_members (customer_id, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
        [customerId, id],
      );
    });
  }

  /** @throws not_found when the customer is not in the group */
  remove(id: string, customerId: string): Promise<void> {
    return this.change(async (tx) => {
      const gone = await tx.query(
        `DELETE FROM customer_group_members WHERE customer_id = $1 AND group_id = $2 RETURNING 1`,
        [customerId, id],
      );
      if (gone.length === 0) throw NotFound({ detail: 'The customer is not in this group.' });
    });
  }

  private async change<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.db.transaction(work);
    } catch (error) {
      if (isUniqueViolation(error, 'customer_groups_name')) throw CustomerGroupExists({ cause: error });
      if (isForeignKeyViolation(error)) throw CustomerGroupInUse({ cause: error });
      throw error;
    }
  }
}

/** The group, locked: its changes happen one after the other. */
async function load(tx: Tx, id: string): Promise<CustomerGroup> {
  const group = await tx.manager.findOne(CustomerGroup, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!group) throw NotFound({ detail: 'There is no such customer group.' });
  return group;
}
