import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import type { Address } from '../cart/index.js';
import type { CustomerOfFile } from './dto/customer-of-file.dto.js';

/** What became of a customer of a file; `taken`: somebody registered the address at this very moment. */
export type SavedCustomer = 'created' | 'updated' | 'unchanged' | 'taken';

interface StoredCustomer {
  id: string;
  key: string;
  first_name: string;
  last_name: string;
  phone: string | null;
  accepts_marketing: boolean;
  note: string | null;
  tags: string[];
  group_ids: string[];
  address_id: string | null;
  address: Address | null;
}

const LOCK = `
  SELECT c.id, lower(c.email) AS key, c.first_name, c.last_name, c.phone, c.accepts_marketing, c.note, c.tags, a.id AS address_id, a.address,
    ARRAY(SELECT m.group_id FROM customer_group_members m WHERE m.customer_id = c.id) AS group_ids
  FROM customers c
  LEFT JOIN LATERAL (SELECT id, address FROM customer_addresses WHERE customer_id = c.id
                     ORDER BY is_default_shipping DESC, id LIMIT 1) a ON TRUE
  WHERE lower(c.email) = ANY ($1) ORDER BY c.id FOR UPDATE OF c`;

const FIELDS = [
  'firstName', 'lastName', 'company', 'line1', 'line2', 'city', 'state', 'postalCode', 'country', 'phone',
] as const; // prettier-ignore

/**
 * Makes customers of a file known to the shop, found by their e-mail address. They have no password: whoever wants to sign in
 * asks for a link to the address, and thereby shows that it is theirs.
 */
@Injectable()
export class SaveCustomers {
  /** @param rows with different addresses @returns in the order of the rows */
  async execute(tx: Tx, rows: readonly CustomerOfFile[]): Promise<SavedCustomer[]> {
    const keys = rows.map((row) => row.email.trim().toLowerCase());
    const stored = new Map((await tx.query<StoredCustomer>(LOCK, [keys])).map((customer) => [customer.key, customer]));
    const fresh = rows.flatMap((row, i) => (stored.has(keys[i]!) ? [] : [{ id: newUuid(), row, key: keys[i]! }]));
    const inserted = await tx.query<{ id: string }>(
      `INSERT INTO customers (id, email, first_name, last_name, phone, accepts_marketing, note, tags)
       SELECT id, email, first_name, last_name, phone, accepts_marketing, note, tags
       FROM jsonb_to_recordset($1) AS c (id uuid, email text, first_name text, last_name text, phone text, accepts_marketing boolean,
         note text, tags text[])
       ON CONFLICT DO NOTHING RETURNING id`,
      [
        JSON.stringify(
          fresh.map(({ id, row }) => ({
            id,
            email: row.email.trim(),
            first_name: row.firstName ?? '',
            last_name: row.lastName ?? '',
            phone: row.phone || null,
            accepts_marketing: row.acceptsMarketing ?? false,
            note: row.note ?? null,
            tags: [...new Set(row.tags)],
          })),
        ),
      ],
    );
    const made = new Set(inserted.map(({ id }) => id));
    const newIds = new Map(fresh.filter(({ id }) => made.has(id)).map(({ id, key }) => [key, id]));
    const outcomes: SavedCustomer[] = [];
    for (const [i, row] of rows.entries()) {
      const before = stored.get(keys[i]!);
      const id = before?.id ?? newIds.get(keys[i]!);
      if (id === undefined) {
        outcomes.push('taken');
        continue;
      }
      const isChanged = before ? await this.update(tx, before, row) : false;
      const isMoved = row.address ? await this.saveAddress(tx, id, before, row.address) : false;
      const isRegrouped = row.groupIds ? await this.saveGroups(tx, id, before?.group_ids ?? [], row.groupIds) : false;
      const isOther = isChanged || isMoved || isRegrouped;
      outcomes.push(before ? (isOther ? 'updated' : 'unchanged') : 'created');
    }
    return outcomes;
  }

  private async update(tx: Tx, before: StoredCustomer, row: CustomerOfFile): Promise<boolean> {
    const after = [
      row.firstName ?? before.first_name,
      row.lastName ?? before.last_name,
      row.phone === undefined ? before.phone : row.phone || null,
      row.acceptsMarketing ?? before.accepts_marketing,
      row.note === undefined ? before.note : row.note,
      row.tags ? [...new Set(row.tags)] : before.tags,
    ];
    const was = [before.first_name, before.last_name, before.phone, before.accepts_marketing, before.note, before.tags];
    if (isDeepStrictEqual(after, was)) return false;
    await tx.query(
      `UPDATE customers SET first_name = $2, last_name = $3, phone = $4, accepts_marketing = $5, note = $6, tags = $7, version = version + 1, updated_at = now()
       WHERE id = $1`,
      [before.id, ...after],
    );
    return true;
  }

  private async saveGroups(tx: Tx, id: string, before: readonly string[], after: readonly string[]): Promise<boolean> {
    const [old, wanted] = [new Set(before), new Set(after)];
    if (old.size === wanted.size && after.every((groupId) => old.has(groupId))) return false;
    await tx.query(`DELETE FROM customer_group_members WHERE customer_id = $1 AND group_id <> ALL ($2::uuid[])`, [
      id,
      [...wanted],
    ]);
    // One that was deleted since the file was read is left out.
    await tx.query(
      `INSERT INTO customer_group_members (customer_id, group_id)
       SELECT $1, g.id FROM customer_groups g WHERE g.id = ANY ($2::uuid[]) FOR KEY SHARE ON CONFLICT DO NOTHING`,
      [id, [...wanted]],
    );
    return true;
  }

  private async saveAddress(
    tx: Tx,
    customerId: string,
    before: StoredCustomer | undefined,
    address: Address,
  ): Promise<boolean> {
    const known = before?.address;
    if (known && FIELDS.every((field) => (known[field] ?? null) === (address[field] ?? null))) return false;
    if (before?.address_id)
      await tx.query(
        `UPDATE customer_addresses SET address = $2, version = version + 1, updated_at = now() WHERE id = $1`,
        [before.address_id, JSON.stringify(address)],
      );
    else
      await tx.query(
        `INSERT INTO customer_addresses (id, customer_id, address, is_default_shipping, is_default_billing) VALUES ($1, $2, $3, TRUE, TRUE)`,
        [newUuid(), customerId, JSON.stringify(address)],
      );
    return true;
  }
}
