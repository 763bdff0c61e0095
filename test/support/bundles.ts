import { decodeId, encodeId } from '#libs/ids';
import type { Answer, Shop } from './shop.js';

/** What goes into a bundle. */
export type Part = { variantId: string; quantity: number };

/** A variant with the product that it belongs to. */
export interface Bundle {
  variantId: string;
  productId: string;
  path: string;
}

/** Where the parts of a variant are set. */
export async function placeOf(shop: Shop, variantId: string): Promise<Bundle> {
  const [row] = await shop.db.query<{ product_id: string }>(`SELECT product_id FROM variants WHERE id = $1`, [
    decodeId('variant', variantId),
  ]);
  const productId = encodeId('product', row!.product_id);
  return { variantId, productId, path: `/v1/admin/products/${productId}/variants/${variantId}/parts` };
}

/** Says what a variant is made of, having seen its product a moment ago. */
export async function setParts(shop: Shop, bearer: string, bundle: Bundle, parts: readonly Part[]): Promise<Answer> {
  const seen = await shop.call('GET', `/v1/admin/products/${bundle.productId}`, { bearer });
  return shop.call('PUT', bundle.path, {
    bearer,
    body: { parts },
    headers: { 'If-Match': seen.headers.get('etag')! },
  });
}

/** A bundle on sale. */
export async function bundleOf(shop: Shop, bearer: string, parts: readonly Part[], price = 2500): Promise<Bundle> {
  const bundle = await placeOf(shop, await shop.product({ stock: 0, price }));
  const answer = await setParts(shop, bearer, bundle, parts);
  if (answer.status !== 200) throw new Error(`bundle: ${answer.status} ${JSON.stringify(answer.body)}`);
  return bundle;
}
