import { Injectable } from '@nestjs/common';
import { ValidationFailed } from '#libs/errors';
import { assertProducts } from '../product-ids.js';
import { ProductEdits } from '../product-edits.service.js';
import { RelatedProductsQuery } from './related-products.query.js';

/** Lets staff choose what is shown beside a product. */
@Injectable()
export class RelatedProducts {
  constructor(
    private readonly edits: ProductEdits,
    private readonly query: RelatedProductsQuery,
  ) {}

  /**
   * Shows exactly these beside it, in this order, before what is found by likeness.
   * @param productIds uuids
   * @throws product_not_found, version_mismatch; validation_failed naming what is no product or the product itself
   */
  async choose(
    id: string,
    version: number | undefined,
    productIds: readonly string[],
  ): Promise<{ productIds: string[]; version: number }> {
    const itself = productIds.indexOf(id);
    if (itself >= 0) {
      const detail = 'is the product itself';
      throw ValidationFailed({ errors: [{ pointer: `/productIds/${itself}`, code: 'not_allowed', detail }] });
    }
    const { result, product } = await this.edits.run(id, version, async (tx) => {
      await assertProducts(tx, productIds);
      const ids = [...new Set(productIds)];
      await tx.query(`DELETE FROM product_relations WHERE product_id = $1 AND related_id <> ALL($2::uuid[])`, [
        id,
        ids,
      ]);
      await tx.query(
        `INSERT INTO product_relations AS r (product_id, related_id, position)
         SELECT $1, w.id, w.n - 1 FROM unnest($2::uuid[]) WITH ORDINALITY AS w (id, n)
         ON CONFLICT (product_id, related_id) DO UPDATE SET position = excluded.position WHERE r.position <> excluded.position`,
        [id, ids],
      );
      return (await this.query.byHand(id, tx)).productIds;
    });
    return { productIds: result, version: product.version };
  }
}
