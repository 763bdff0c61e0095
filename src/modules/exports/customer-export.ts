import { Injectable } from '@nestjs/common';
import { listText } from '#libs/csv';
import type { Queryable } from '#libs/database';
import { type ExportBatch, type ExportFilter, type ExportSource, NO_ID } from './export-kinds.js';

interface CustomerOfExport {
  id: string;
  email: string;
  first_name: string;
  last_name: string;
  phone: string | null;
  accepts_marketing: boolean;
  note: string | null;
  tags: string[];
  groups: string[];
  address: Partial<Record<string, string | null>> | null;
}

const BATCH = 500;
const WHICH = `c.deleted_at IS NULL AND ($1::boolean IS NULL OR c.accepts_marketing = $1)`;
const valuesOf = ({ acceptsMarketing }: ExportFilter) => [acceptsMarketing ?? null];

/** Customers as a Shopify customer export, which the import reads. */
@Injectable()
export class CustomerExport implements ExportSource {
  readonly header = [
    'First Name', 'Last Name', 'Email', 'Accepts Email Marketing', 'Default Address First Name', 'Default Address Last Name',
    'Default Address Company', 'Default Address Address1', 'Default Address Address2', 'Default Address City',
    'Default Address Province Code', 'Default Address Country Code', 'Default Address Zip', 'Default Address Phone', 'Phone', 'Note', 'Tags', 'Customer Groups',
  ] as const; // prettier-ignore

  async count(db: Queryable, filter: ExportFilter): Promise<number> {
    const [row] = await db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM customers c WHERE ${WHICH}`,
      valuesOf(filter),
    );
    return row!.n;
  }

  async batch(db: Queryable, filter: ExportFilter, after: string | null): Promise<ExportBatch | null> {
    const customers = await db.query<CustomerOfExport>(
      `SELECT c.id, c.email, c.first_name, c.last_name, c.phone, c.accepts_marketing, c.note, c.tags,
         (SELECT a.address FROM customer_addresses a WHERE a.customer_id = c.id ORDER BY a.is_default_shipping DESC, a.id LIMIT 1) AS address,
         ARRAY(SELECT g.name FROM customer_group_members m JOIN customer_groups g ON g.id = m.group_id
               WHERE m.customer_id = c.id ORDER BY g.id) AS groups
       FROM customers c WHERE ${WHICH} AND c.id > $2::uuid ORDER BY c.id LIMIT ${BATCH}`,
      [...valuesOf(filter), after ?? NO_ID],
    );
    const last = customers.at(-1);
    if (!last) return null;
    const rows = customers.map(({ address, ...customer }) => [
      customer.first_name,
      customer.last_name,
      customer.email,
      customer.accepts_marketing ? 'yes' : 'no',
      ...['firstName', 'lastName', 'company', 'line1', 'line2', 'city', 'state', 'country', 'postalCode', 'phone'].map(
        (field) => address?.[field] ?? null,
      ),
      customer.phone,
      customer.note,
      listText(customer.tags),
      listText(customer.groups),
    ]);
    return { rows, count: customers.length, position: last.id };
  }
}
