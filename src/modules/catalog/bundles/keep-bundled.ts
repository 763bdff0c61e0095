import type { Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';

/** What somebody else than staff at the product itself wants of it, and what of that it was not before. */
export interface UnbundlingChange {
  handle: string;
  productId: string;
  /** It becomes a gift card. */
  isMoneyNow: boolean;
  /** uuids of variants that need no parcel any more. */
  unshippedIds: readonly string[];
}

/**
 * What is in a bundle, or is one, is taken from the shelf and packed: it does not turn into money or into bits unseen, by a
 * row of a file. Costs nothing where no product changes like that.
 * @throws validation_failed for the first one that does
 */
export async function assertKeepsBundled(tx: Tx, changes: readonly UnbundlingChange[]): Promise<void> {
  const risky = changes.filter(({ isMoneyNow, unshippedIds }) => isMoneyNow || unshippedIds.length > 0);
  if (risky.length === 0) return;
  const rows = await tx.query<{ id: string; product_id: string }>(
    `SELECT v.id, v.product_id FROM variants v WHERE v.product_id = ANY($1::uuid[])
       AND (v.is_bundle OR EXISTS (SELECT FROM bundle_parts b WHERE b.part_variant_id = v.id))`,
    [risky.map(({ productId }) => productId)],
  );
  const bundled = new Set(rows.flatMap(({ id, product_id }) => [id, product_id]));
  for (const { handle, productId, isMoneyNow, unshippedIds } of risky) {
    if (isMoneyNow && bundled.has(productId)) throw refused(handle, '/giftCard', 'cannot be a gift card');
    if (unshippedIds.some((id) => bundled.has(id)))
      throw refused(handle, '/variants', 'cannot do without a parcel by a file: say so at the product');
  }
}

function refused(handle: string, pointer: string, what: string) {
  const detail = `a variant is a bundle, or a part of one, and ${what}`;
  return ValidationFailed({ detail: `${handle}: ${detail}.`, errors: [{ pointer, code: 'is_bundled', detail }] });
}
