import type { Tx } from '#libs/database';
import { type FieldError, ValidationFailed } from '#libs/errors';

/** What a variant names of the settings, as uuids. */
export interface VariantReferences {
  shippingProfileId?: string | null;
  taxClassId?: string | null;
}

const KINDS = [
  {
    field: 'shippingProfileId',
    table: 'shipping_profiles',
    code: 'unknown_shipping_profile',
    name: 'shipping profile',
  },
  { field: 'taxClassId', table: 'tax_classes', code: 'unknown_tax_class', name: 'tax class' },
] as const;

/**
 * Variants name only shipping profiles and tax classes that there are; those stay until the transaction ends.
 * @param pointerOf of the variant at this place, as in `/variants/0`
 * @throws ValidationFailed naming each that is none
 */
export async function assertReferences(
  tx: Tx,
  variants: readonly VariantReferences[],
  pointerOf: (i: number) => string,
): Promise<void> {
  const errors: FieldError[] = [];
  for (const { field, table, code, name } of KINDS) {
    const named = [...new Set(variants.map((variant) => variant[field]).filter((id) => id != null))];
    if (named.length === 0) continue;
    const rows = await tx.query<{ id: string }>(
      `SELECT id FROM ${table} WHERE id = ANY($1::uuid[]) ORDER BY id FOR KEY SHARE`,
      [named],
    );
    const found = new Set(rows.map(({ id }) => id));
    variants.forEach((variant, i) => {
      const id = variant[field];
      if (id != null && !found.has(id))
        errors.push({ pointer: `${pointerOf(i)}/${field}`, code, detail: `is no ${name}` });
    });
  }
  if (errors.length > 0) throw ValidationFailed({ errors });
}
