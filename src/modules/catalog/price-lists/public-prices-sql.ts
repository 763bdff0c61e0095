import { FOR_EVERYBODY_SQL, IN_FORCE_SQL } from './offers-sql.js';

/** SQL: the entries of the lists that hold for everybody now. */
const PUBLIC_OFFERS = (variant: string, currency: string) => `
  FROM price_list_entries e JOIN price_lists pl ON pl.id = e.price_list_id AND pl.currency = ${currency}
    AND ${IN_FORCE_SQL} AND ${FOR_EVERYBODY_SQL}
  WHERE e.variant_id = ${variant}`;

/**
 * Writes down the public prices of active products ($1) that are other ones than before: what everybody pays for one piece,
 * what that is reduced from, and the lowest price of the 30 days before the reduction, which stays what it was while the
 * price does. A price that nobody has ever seen before is its own lowest.
 */
export const RECORD_PRICES_SQL = `
  WITH present AS (
    SELECT o.variant_id, o.currency, o.amount, CASE WHEN o.regular > o.amount THEN o.regular END AS compare_at
    FROM (
      SELECT pr.variant_id, pr.currency, greatest(pr.amount, pr.compare_at) AS regular,
             least(pr.amount, (SELECT min(e.amount) ${PUBLIC_OFFERS('v.id', 'pr.currency')} AND e.min_quantity = 1)) AS amount
      FROM products p JOIN variants v ON v.product_id = p.id AND v.status = 'active' JOIN prices pr ON pr.variant_id = v.id
      WHERE p.id = ANY($1::uuid[]) AND p.status = 'active') o)
  INSERT INTO price_history (variant_id, currency, amount, compare_at, lowest)
  SELECT n.variant_id, n.currency, n.amount, n.compare_at,
         CASE WHEN n.compare_at IS NULL THEN NULL WHEN h.amount = n.amount AND h.lowest IS NOT NULL THEN h.lowest
              ELSE coalesce(lowest_price_30_days(n.variant_id, n.currency), n.amount) END
  FROM present n LEFT JOIN LATERAL (
    SELECT h.amount, h.compare_at, h.lowest FROM price_history h
    WHERE h.variant_id = n.variant_id AND h.currency = n.currency ORDER BY h.id DESC LIMIT 1) h ON TRUE
  WHERE h.amount IS DISTINCT FROM n.amount OR h.compare_at IS DISTINCT FROM n.compare_at`;

/** SQL: `[[minQuantity, amount], …]` of variant `v` in the currency of price `r`: cheaper by the dozen, for everybody. */
export const TIERS_SQL = `coalesce((
  SELECT json_agg(json_build_array(t.min_quantity, t.amount) ORDER BY t.min_quantity)
  FROM (SELECT e.min_quantity, min(e.amount) AS amount ${PUBLIC_OFFERS('v.id', 'r.currency')} AND e.min_quantity > 1
        GROUP BY e.min_quantity) t), '[]')`;
