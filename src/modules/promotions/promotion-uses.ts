import type { Tx } from '#libs/database';
import { encodeId } from '#libs/ids';

/** A promotion that an order is about to use. */
export interface NewPromotionUse {
  /** uuid */
  promotionId: string;
  /** uuid; null for an automatic one */
  codeId: string | null;
  /** minor units */
  amount: number;
}

/** For whom and what it is used. */
export interface PromotionUser {
  /** uuid */
  orderId: string;
  currency: string;
  email: string | null;
  /** uuid */
  customerId: string | null;
}

/**
 * Written first: where staff set a limit at this moment, this waits for them, and what follows knows the new limit. So does
 * the end of it, which says whether any of them has one: at READ COMMITTED, Postgres takes the snapshot of a statement behind
 * the table locks that it waits for.
 */
const INSERT_USES = `
  WITH written AS (
    INSERT INTO promotion_uses (order_id, promotion_id, code_id, amount, currency, customer_keys)
    SELECT $1::uuid, u.promotion_id, u.code_id, u.amount, $2::char(3), (SELECT promotion_customer_keys($3::text, $4::uuid))
    FROM unnest($5::uuid[], $6::uuid[], $7::bigint[]) AS u (promotion_id, code_id, amount))
  SELECT EXISTS (SELECT FROM promotion_limits WHERE promotion_id = ANY ($5::uuid[])) AS are_limited`;

/** Counters are conditional UPDATEs, always in this order; promotions without a limit have none, so nobody waits for them. */
const COUNT_USES = `
  WITH u AS MATERIALIZED (
    SELECT u.promotion_id, u.code_id, u.customer_keys, l.max_uses, l.max_uses_per_customer, c.max_uses AS code_max_uses
    FROM promotion_uses u
    LEFT JOIN promotion_limits l ON l.promotion_id = u.promotion_id
    LEFT JOIN promotion_codes c ON c.id = u.code_id
    WHERE u.order_id = $1 ORDER BY u.promotion_id),
  of_promotion AS (
    UPDATE promotion_limits l SET uses = l.uses + 1 FROM u
    WHERE l.promotion_id = u.promotion_id AND l.uses < l.max_uses RETURNING l.promotion_id),
  of_code AS (
    UPDATE promotion_codes c SET uses = c.uses + 1 FROM u
    WHERE c.id = u.code_id AND c.uses < c.max_uses RETURNING c.id),
  of_customer AS (
    INSERT INTO promotion_customers AS p (key, promotion_id, uses)
    SELECT k.key, u.promotion_id, 1 FROM u CROSS JOIN unnest(u.customer_keys) AS k (key)
    WHERE u.max_uses_per_customer IS NOT NULL ORDER BY k.key, u.promotion_id
    ON CONFLICT (key, promotion_id) DO UPDATE SET uses = p.uses + 1
      WHERE p.uses < (SELECT l.max_uses_per_customer FROM promotion_limits l WHERE l.promotion_id = p.promotion_id)
    RETURNING promotion_id, key)
  SELECT u.promotion_id,
    (u.max_uses IS NOT NULL AND NOT EXISTS (SELECT FROM of_promotion p WHERE p.promotion_id = u.promotion_id))
      OR (u.code_max_uses IS NOT NULL AND NOT EXISTS (SELECT FROM of_code c WHERE c.id = u.code_id)) AS is_used_up
  FROM u
  WHERE (u.max_uses IS NOT NULL AND NOT EXISTS (SELECT FROM of_promotion p WHERE p.promotion_id = u.promotion_id))
     OR (u.code_max_uses IS NOT NULL AND NOT EXISTS (SELECT FROM of_code c WHERE c.id = u.code_id))
     OR (u.max_uses_per_customer IS NOT NULL AND cardinality(u.customer_keys) > (
          SELECT count(*) FROM of_customer o WHERE o.promotion_id = u.promotion_id))`;

/**
 * Uses promotions up for an order that was written in this transaction, behind its stock: everybody locks in this order.
 * @param mayBeLimited whether the shop has limits, as far as is known; then writing and counting make one trip
 * @returns those that are not to be had any more; then the transaction must not go on
 */
export async function takePromotionUses(
  tx: Tx,
  user: PromotionUser,
  uses: readonly NewPromotionUse[],
  mayBeLimited: boolean,
): Promise<{ promotionId: string; reason: 'used_up' | 'used_by_customer' }[]> {
  if (uses.length === 0) return [];
  const count = () => tx.query<{ promotion_id: string; is_used_up: boolean }>(COUNT_USES, [user.orderId]);
  const mustCount = mayBeLimited || uses.some((use) => use.codeId !== null);
  const [written, counted] = await Promise.all([
    tx.query<{ are_limited: boolean }>(INSERT_USES, [
      user.orderId,
      user.currency,
      user.email,
      user.customerId,
      uses.map((use) => use.promotionId),
      uses.map((use) => use.codeId),
      uses.map((use) => use.amount),
    ]),
    mustCount ? count() : null,
  ]);
  const refused = counted ?? (written[0]!.are_limited ? await count() : []);
  return refused.map(({ promotion_id, is_used_up }) => ({
    promotionId: promotion_id,
    reason: is_used_up ? 'used_up' : 'used_by_customer',
  }));
}

/** Gives back what an order used that ended unpaid. Twice is once. */
export async function releasePromotionUses(tx: Tx, orderId: string): Promise<void> {
  await tx.query(
    `WITH gone AS (
       UPDATE promotion_uses SET released_at = now() WHERE order_id = $1 AND released_at IS NULL
       RETURNING promotion_id, code_id, customer_keys, is_late, is_code_late),
     of_promotion AS (
       UPDATE promotion_limits l SET uses = l.uses - 1 FROM gone g
       WHERE l.promotion_id = g.promotion_id AND l.max_uses IS NOT NULL AND NOT g.is_late),
     of_code AS (
       UPDATE promotion_codes c SET uses = c.uses - 1 FROM gone g
       WHERE c.id = g.code_id AND c.max_uses IS NOT NULL AND NOT g.is_code_late)
     UPDATE promotion_customers p SET uses = p.uses - 1 FROM gone g
     WHERE p.promotion_id = g.promotion_id AND p.key = ANY (g.customer_keys) AND p.uses > 0`,
    [orderId],
  );
}

/**
 * The money of an order came after its uses were given back. It keeps its discount, since it is paid: what is left is taken
 * again, and what somebody else has used up meanwhile is written down as late, beyond the limit.
 * @returns `promo_…` of the late ones
 */
export async function retakePromotionUses(tx: Tx, orderId: string): Promise<string[]> {
  const rows = await tx.query<{ promotion_id: string }>(
    `WITH back AS MATERIALIZED (
       SELECT promotion_id, code_id, customer_keys FROM promotion_uses WHERE order_id = $1 AND released_at IS NOT NULL FOR UPDATE),
     of_promotion AS (
       UPDATE promotion_limits l SET uses = l.uses + 1 FROM back b
       WHERE l.promotion_id = b.promotion_id AND l.uses < l.max_uses RETURNING l.promotion_id),
     of_code AS (
       UPDATE promotion_codes c SET uses = c.uses + 1 FROM back b
       WHERE c.id = b.code_id AND c.uses < c.max_uses RETURNING c.id),
     of_customer AS (
       INSERT INTO promotion_customers AS p (key, promotion_id, uses)
       SELECT k.key, b.promotion_id, 1 FROM back b
         JOIN promotion_limits l ON l.promotion_id = b.promotion_id AND l.max_uses_per_customer IS NOT NULL
         CROSS JOIN unnest(b.customer_keys) AS k (key) ORDER BY k.key, b.promotion_id
       ON CONFLICT (key, promotion_id) DO UPDATE SET uses = p.uses + 1)
     UPDATE promotion_uses u SET released_at = NULL,
       is_late = EXISTS (SELECT FROM promotion_limits l WHERE l.promotion_id = u.promotion_id AND l.max_uses IS NOT NULL)
         AND NOT EXISTS (SELECT FROM of_promotion p WHERE p.promotion_id = u.promotion_id),
       is_code_late = EXISTS (SELECT FROM promotion_codes c WHERE c.id = u.code_id AND c.max_uses IS NOT NULL)
         AND NOT EXISTS (SELECT FROM of_code c WHERE c.id = u.code_id)
     FROM back b WHERE u.order_id = $1 AND u.promotion_id = b.promotion_id
     RETURNING CASE WHEN u.is_late OR u.is_code_late THEN u.promotion_id END AS promotion_id`,
    [orderId],
  );
  return rows.flatMap((row) => (row.promotion_id === null ? [] : [encodeId('promotion', row.promotion_id)]));
}
