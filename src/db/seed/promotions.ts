import type { Tx } from '#libs/database';
import type { PromotionRule } from '../../modules/pricing/index.js';
import { setPromotionFacts } from '../../modules/promotions/index.js';
import { scaled } from './demo-draft.js';
import { seedUuid } from './seed-ids.js';
import { WELL_KNOWN } from './well-known.js';

type DemoPromotion = Pick<PromotionRule, 'name' | 'priority' | 'combinesWith' | 'conditions' | 'action'> & {
  key: string;
  description: string;
  code?: string;
  maxUsesPerCustomer?: number;
};

/** What the demo shop gives off: by a code, by itself on some goods, and on shipping from an amount on. */
const demoPromotions = (currency: string): readonly DemoPromotion[] => [
  {
    key: 'welcome',
    name: '10 % to say hello',
    description: 'By the code WELCOME10, once for each customer.',
    code: WELL_KNOWN.promotionCode,
    priority: 100,
    combinesWith: ['product', 'shipping'],
    conditions: {},
    action: { type: 'percent_off_order', ratePpm: 100_000 },
    maxUsesPerCustomer: 1,
  },
  {
    key: 'notebooks',
    name: 'Three notebooks for two',
    description: 'The cheapest of three notebooks is free.',
    priority: 50,
    combinesWith: ['order', 'shipping'],
    conditions: {},
    action: {
      type: 'buy_x_get_y',
      buyQuantity: 2,
      getQuantity: 1,
      ratePpm: 1_000_000,
      items: { categoryIds: [seedUuid('category', 'notebooks')] },
    },
  },
  {
    key: 'free-shipping',
    name: 'Free standard shipping',
    description: 'In the United States, from 150.00 on.',
    priority: 200,
    combinesWith: ['product', 'order'],
    conditions: { minSubtotal: { [currency]: scaled(15_000, currency) } },
    action: { type: 'free_shipping', shippingMethodIds: [seedUuid('method', 'us/standard')] },
  },
];

/** Gives the demo shop its promotions. */
export async function seedPromotions(tx: Tx, currency: string): Promise<void> {
  for (const { key, code, ...promotion } of demoPromotions(currency)) {
    const id = seedUuid('promotion', key);
    await tx.query(
      `INSERT INTO promotions (id, name, description, status, method, priority, combines_with, conditions, action, max_uses_per_customer)
       VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9)`,
      [
        id,
        promotion.name,
        promotion.description,
        code === undefined ? 'automatic' : 'code',
        promotion.priority,
        promotion.combinesWith,
        JSON.stringify(promotion.conditions),
        JSON.stringify(promotion.action),
        promotion.maxUsesPerCustomer ?? null,
      ],
    );
    if (promotion.maxUsesPerCustomer !== undefined)
      await tx.query(`INSERT INTO promotion_limits (promotion_id, max_uses_per_customer) VALUES ($1, $2)`, [
        id,
        promotion.maxUsesPerCustomer,
      ]);
    if (code !== undefined)
      await tx.query(`INSERT INTO promotion_codes (id, promotion_id, code) VALUES ($1, $2, $3)`, [
        seedUuid('promotion-code', key),
        id,
        code,
      ]);
  }
  await setPromotionFacts(tx);
}
