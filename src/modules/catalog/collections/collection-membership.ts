import type { Tx } from '#libs/database';
import { belongs, type CollectionFacts, type CollectionRule } from './collection-rules.js';

/** A collection that finds its products by itself. */
interface RuledCollection {
  /** uuid */
  id: string;
  rule: CollectionRule;
}

/** Which rules a product fulfills, as the read model keeps it. */
export interface RuleBook {
  /** uuids of the collections, in no order that means something */
  collectionsOf(facts: CollectionFacts): string[];
}

interface FactsRow extends Omit<CollectionFacts, 'productType' | 'categoryIds' | 'prices'> {
  id: string;
  product_type: string;
  category_ids: string[];
  prices: Record<string, number>;
  by_hand: string[];
}

/** What rules look at, from the read model itself: it has been written in the order of the product's changes. */
const FACTS_SQL = `
  SELECT p.id, p.title, p.vendor, p.product_type, p.tags, l.category_ids, l.options, l.attributes, l.prices,
    ARRAY(SELECT c.collection_id FROM collection_products c WHERE c.product_id = p.id) AS by_hand
  FROM products p
  JOIN LATERAL (
    SELECT (array_agg(x.category_ids::text))[1]::uuid[] AS category_ids,
      (array_agg(x.attributes::text))[1]::text[] AS attributes, jsonb_object_agg(x.currency, x.price_min) AS prices,
      ARRAY(SELECT DISTINCT o FROM product_listings y CROSS JOIN unnest(y.options) AS o WHERE y.product_id = p.id) AS options
    FROM product_listings x WHERE x.product_id = p.id HAVING count(*) > 0) l ON TRUE
  WHERE p.id = ANY($1::uuid[])`;

/**
 * The rules as they are now. `product_listings.collection_ids` is the one place that tells which collections a product is
 * in: those by hand are looked up, those by rule are asked. Read them after the lock of the category tree was taken.
 */
export async function readRules(tx: Tx): Promise<RuleBook> {
  const collections = await tx.query<RuledCollection>(
    `SELECT id, rule FROM collections WHERE rule IS NOT NULL ORDER BY id`,
  );
  return { collectionsOf: (facts) => collections.filter(({ rule }) => belongs(rule, facts)).map(({ id }) => id) };
}

/**
 * Finds the collections of these products anew, after a change of collections. Writes only the rows that differ, locked in the
 * order in which everybody locks them: stock that sells out does so without the lock of the products.
 * @returns how many those were
 */
export async function refreshMembership(tx: Tx, productIds: readonly string[]): Promise<number> {
  await tx.query('SELECT FROM products WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE', [productIds]);
  const book = await readRules(tx);
  const rows = await tx.query<FactsRow>(FACTS_SQL, [productIds]);
  const wanted = rows.map((row) => ({
    product_id: row.id,
    collection_ids: [
      ...new Set([
        ...row.by_hand,
        ...book.collectionsOf({ ...row, productType: row.product_type, categoryIds: row.category_ids }),
      ]),
    ].sort(),
  }));
  const changed = await tx.query(
    `WITH wanted AS MATERIALIZED (
       SELECT w.product_id, l.currency, w.collection_ids
       FROM jsonb_to_recordset($1) AS w (product_id uuid, collection_ids uuid[])
       JOIN product_listings l ON l.product_id = w.product_id AND l.collection_ids <> w.collection_ids
       ORDER BY l.product_id, l.currency FOR NO KEY UPDATE OF l)
     UPDATE product_listings l SET collection_ids = w.collection_ids
     FROM wanted w WHERE l.product_id = w.product_id AND l.currency = w.currency RETURNING 1`,
    [JSON.stringify(wanted)],
  );
  return changed.length;
}
