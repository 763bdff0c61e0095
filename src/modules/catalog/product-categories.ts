import { isForeignKeyViolation, type Tx } from '#libs/database';
import { UnknownCategory } from './catalog.errors.js';

/** Puts a product into exactly these categories. @throws UnknownCategory */
export async function writeCategories(tx: Tx, productId: string, categoryIds: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM product_categories WHERE product_id = $1 AND category_id <> ALL($2::uuid[])', [
    productId,
    categoryIds,
  ]);
  try {
    await tx.query(
      `INSERT INTO product_categories (product_id, category_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING`,
      [productId, categoryIds],
    );
  } catch (error) {
    if (isForeignKeyViolation(error)) throw UnknownCategory({ cause: error });
    throw error;
  }
}
