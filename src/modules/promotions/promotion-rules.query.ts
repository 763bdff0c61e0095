import type { Queryable } from '#libs/database';
import type { PromotionRule } from '../pricing/index.js';

/** Promotions as pricing takes them, whether they run or not, as if carts got them by themselves. */
export async function promotionRules(db: Queryable, ids: readonly string[]): Promise<PromotionRule[]> {
  const rows = await db.query<
    Omit<PromotionRule, 'code' | 'startsAt' | 'endsAt'> & { startsAt: Date | null; endsAt: Date | null }
  >(
    `SELECT id, name, priority, exclusive, combines_with AS "combinesWith", starts_at AS "startsAt", ends_at AS "endsAt",
       conditions, action
     FROM promotions WHERE id = ANY ($1)`,
    [ids],
  );
  return rows.map((row) => ({
    ...row,
    code: null,
    startsAt: row.startsAt?.toISOString() ?? null,
    endsAt: row.endsAt?.toISOString() ?? null,
  }));
}
