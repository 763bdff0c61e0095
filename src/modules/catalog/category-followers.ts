import type { Queryable, Tx } from '#libs/database';
import { enqueue } from '#libs/jobs';
import { RefreshCategoryJob } from './catalog.jobs.js';
import type { ProductListings } from './product-listings.service.js';

/** More products than that follow a change of their category in the background. */
const AT_ONCE = 500;

/** SQL: the category `$1` and everything below it. */
export const BELOW = `WITH RECURSIVE below AS (
  SELECT $1::uuid AS id UNION SELECT c.id FROM categories c JOIN below ON c.parent_id = below.id)`;

/** Which of the products in a category: all of them, or those that say something in another language. */
type Which = 'all' | 'translated';

/** Products in the category and below it, some at a time, in the order of their ids. */
export async function productsBelow(
  db: Queryable,
  id: string,
  limit: number,
  after = '00000000-0000-0000-0000-000000000000',
  which: Which = 'all',
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `${BELOW} SELECT DISTINCT product_id AS id FROM product_categories
     WHERE category_id IN (SELECT id FROM below) AND product_id > $3
     ${which === 'all' ? '' : 'AND EXISTS (SELECT FROM product_translations t WHERE t.target_id = product_id)'}
     ORDER BY id LIMIT $2`,
    [id, limit, after],
  );
  return rows.map((row) => row.id);
}

/**
 * Lets the products show the new name or place of their category: at once, or by a job where they are many. Nobody can write a
 * product meanwhile, so what takes long is left to the job.
 * @param version of the category after the change: one job for each
 */
export async function followCategory(
  tx: Tx,
  listings: ProductListings,
  category: { id: string; version: number },
  which: Which = 'all',
): Promise<void> {
  const productIds = await productsBelow(tx, category.id, AT_ONCE + 1, undefined, which);
  if (productIds.length <= AT_ONCE) await listings.refresh(tx, productIds);
  else await enqueue(tx, RefreshCategoryJob, `${category.id}:${category.version}`, { categoryId: category.id, which });
}
