import type { FieldError } from '#libs/errors';
import type { Queryable } from '#libs/database';
import { encodeId } from '#libs/ids';
import type { NamedId } from './promotion-input.js';

const TABLES = {
  variant: 'variants',
  product: 'products',
  category: 'categories',
  shippingMethod: 'shipping_methods',
  customerGroup: 'customer_groups',
  market: 'markets',
} as const;

/** What a rule names but the shop does not have, field by field. */
export async function missingReferences(db: Queryable, named: readonly NamedId[]): Promise<FieldError[]> {
  const errors: FieldError[] = [];
  for (const kind of Object.keys(TABLES) as (keyof typeof TABLES)[]) {
    const wanted = named.filter((one) => one.kind === kind);
    if (wanted.length === 0) continue;
    const rows = await db.query<{ id: string }>(`SELECT id FROM ${TABLES[kind]} WHERE id = ANY($1)`, [
      [...new Set(wanted.map(({ id }) => id))],
    ]);
    const known = new Set(rows.map(({ id }) => id));
    for (const { id, pointer } of wanted)
      if (!known.has(id)) errors.push({ pointer, code: 'not_found', detail: `there is no ${encodeId(kind, id)}` });
  }
  return errors;
}
