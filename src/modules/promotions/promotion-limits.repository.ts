import type { Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import type { Promotion } from './entities/index.js';

/**
 * Sets how often a promotion may be used, or takes the limits away, counting what has used it already. While it counts nobody can use any promotion,
 * so no use is missed: `takePromotionUses` sees no older limits than those at the moment when it may write.
 * @throws validation_failed when it was used more often than that
 */
export async function setPromotionLimits(tx: Tx, promotion: Promotion): Promise<void> {
  const { id, maxUses, maxUsesPerCustomer } = promotion;
  // Also when the limits go: an order that has just read them would find no counter, and take the promotion for used up.
  await tx.query(`LOCK TABLE promotion_uses IN SHARE ROW EXCLUSIVE MODE`);
  if (maxUses === null && maxUsesPerCustomer === null) {
    await tx.query(`DELETE FROM promotion_limits WHERE promotion_id = $1`, [id]);
    await tx.query(`DELETE FROM promotion_customers WHERE promotion_id = $1`, [id]);
    return;
  }
  const [counted] = await tx.query<{ uses: number }>(
    `SELECT count(*)::int AS uses FROM promotion_uses WHERE promotion_id = $1 AND released_at IS NULL AND NOT is_late`,
    [id],
  );
  const { uses } = counted!;
  if (maxUses !== null && uses > maxUses) {
    const detail = `it was used ${uses} times already`;
    throw ValidationFailed({ errors: [{ pointer: '/maxUses', code: 'too_small', detail }] });
  }
  await tx.query(
    `INSERT INTO promotion_limits (promotion_id, max_uses, max_uses_per_customer, uses) VALUES ($1, $2, $3, $4)
     ON CONFLICT (promotion_id) DO UPDATE SET max_uses = excluded.max_uses,
       max_uses_per_customer = excluded.max_uses_per_customer, uses = excluded.uses`,
    [id, maxUses, maxUsesPerCustomer, maxUses === null ? 0 : uses],
  );
  await tx.query(`DELETE FROM promotion_customers WHERE promotion_id = $1`, [id]);
  if (maxUsesPerCustomer === null) return;
  await tx.query(
    `INSERT INTO promotion_customers (key, promotion_id, uses)
     SELECT k.key, $1, count(*) FROM promotion_uses u CROSS JOIN unnest(u.customer_keys) AS k (key)
     WHERE u.promotion_id = $1 AND u.released_at IS NULL GROUP BY k.key`,
    [id],
  );
}

/** Says what active promotions need to know of a cart, so that carts look nothing else up. */
export async function setPromotionFacts(tx: Tx): Promise<void> {
  await tx.query(`
    UPDATE shop_settings SET promotion_facts = coalesce((
      SELECT array_agg(DISTINCT f.fact ORDER BY f.fact)
      FROM promotions p CROSS JOIN LATERAL (
        SELECT 'categories' AS fact WHERE p.conditions::text || p.action::text LIKE '%ategoryIds"%'
        UNION ALL SELECT 'orders' WHERE p.conditions ? 'firstOrder'
        UNION ALL SELECT 'limits' WHERE p.max_uses IS NOT NULL
        UNION ALL SELECT 'customers' WHERE p.max_uses_per_customer IS NOT NULL) f
      WHERE p.status = 'active'), '{}')`);
}
