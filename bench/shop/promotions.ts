import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import type { PromotionAction, PromotionClass, PromotionConditions } from '../../src/modules/pricing/index.js';
import { setPromotionFacts } from '../../src/modules/promotions/index.js';

/** One of a mixed lot: most of them look at every cart, some apply to many. */
function promotion(
  i: number,
  categoryIds: readonly string[],
): { conditions: PromotionConditions; action: PromotionAction } {
  const category = [categoryIds[i % categoryIds.length]!];
  switch (i % 5) {
    case 0:
      return {
        conditions: {},
        action: { type: 'percent_off_lines', ratePpm: 20_000, items: { categoryIds: category } },
      };
    case 1:
      return {
        conditions: { items: { categoryIds: category }, minQuantity: 3 },
        action: { type: 'amount_off_order', amounts: { USD: 100 + i } },
      };
    case 2:
      return {
        conditions: {},
        action: {
          type: 'buy_x_get_y',
          buyQuantity: 2,
          getQuantity: 1,
          ratePpm: 1_000_000,
          items: { categoryIds: category, excludeSaleItems: true },
        },
      };
    case 3:
      return {
        conditions: { countries: ['US'] },
        action: { type: 'tiered', tiers: [{ fromQuantity: 5 + i, ratePpm: 50_000 }] },
      };
    default:
      return { conditions: { minSubtotal: { USD: 20_000 + i * 100 } }, action: { type: 'free_shipping' } };
  }
}

/**
 * Lets so many promotions run, by themselves, without limits; one of them is for first orders only.
 * @param combinesWith what each of them goes together with
 */
export async function fillPromotions(tx: Tx, count: number, combinesWith: readonly PromotionClass[]): Promise<void> {
  if (count === 0) return;
  const categories = await tx.query<{ id: string }>(`SELECT id FROM categories ORDER BY handle`);
  for (let i = 0; i < count; i += 1) {
    const { conditions, action } = promotion(
      i,
      categories.map(({ id }) => id),
    );
    await tx.query(
      `INSERT INTO promotions (id, name, status, method, priority, combines_with, conditions, action)
       VALUES ($1, $2, 'active', 'automatic', $3, $4, $5, $6)`,
      [
        newUuid(),
        `Promotion ${i}`,
        i,
        combinesWith,
        JSON.stringify(i === 0 ? { ...conditions, firstOrder: true } : conditions),
        JSON.stringify(action),
      ],
    );
  }
  await setPromotionFacts(tx);
  await tx.query(`UPDATE shop_settings SET version = version + 1`);
}
