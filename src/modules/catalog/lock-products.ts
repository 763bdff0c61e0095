import type { Tx } from '#libs/database';
import { bundlesSql } from './bundles/bundle-sql.js';

/**
 * Locks products that are to be shown anew, together with the bundles that are shown with them, all in the order in which
 * everybody locks products. Take the lock of the category tree first: what bundles are made of does not change meanwhile.
 */
export async function lockProducts(tx: Tx, productIds: readonly string[]): Promise<void> {
  await tx.query(
    `SELECT FROM products WHERE id = ANY($1::uuid[] || ARRAY(${bundlesSql('$1::uuid[]')})) ORDER BY id FOR NO KEY UPDATE`,
    [productIds],
  );
}
