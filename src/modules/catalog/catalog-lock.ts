import type { Tx } from '#libs/database';

/** An arbitrary number that names this lock among Postgres' advisory locks. */
const CATEGORY_TREE = 7_301_001;

/**
 * Held by every write to a product until its transaction ends: the categories, and what bundles are made of, cannot change meanwhile, so the read model
 * never keeps a title or an ancestor of yesterday. Take it before any row lock.
 */
export async function lockCategoryTreeShared(tx: Tx): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock_shared(${CATEGORY_TREE})`);
}

/**
 * Held by every write to a category, and to what a bundle is made of, and while words are taken out that no product has: alone, so that two moves cannot make a ring and a part
 * is not changed while it becomes one. Take it before any row lock.
 */
export async function lockCategoryTree(tx: Tx): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${CATEGORY_TREE})`);
}
