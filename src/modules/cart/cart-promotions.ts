import type { PricedCart, PricingCustomer, PromotionRule } from '../pricing/index.js';
import { explainPromotion, isInReach } from '../pricing/index.js';
import type { NewPromotionUse } from '../promotions/index.js';
import type { ShopSnapshot } from '../settings/index.js';
import type { CartIssue } from './cart.issue.js';
import type { CartSnapshot } from './cart.snapshot.js';
import type { PromotionFacts } from './promotion-facts.js';

/** Every promotion that could apply to a cart: automatic ones, and those whose code it has. */
export function promotionsOf(
  facts: PromotionFacts | null,
  { promotions }: Pick<ShopSnapshot, 'promotions'>,
): readonly PromotionRule[] {
  if (!facts) return promotions.automatic;
  const { usedUp, usedByCustomer } = facts;
  const byCode = (facts.codes ?? []).map(({ promotionId, hindrance, code, name, priority, action }): PromotionRule => ({
    ...(promotions.byCode[promotionId] ?? {
      ...OVER,
      id: promotionId,
      name,
      priority,
      action,
      hindrance: 'inactive' as const,
    }),
    code,
    ...(hindrance ? { hindrance } : {}),
  }));
  const rules = byCode.length === 0 ? promotions.automatic : [...promotions.automatic, ...byCode];
  if (!usedUp && !usedByCustomer) return rules;
  return rules.map((rule) => {
    if (rule.hindrance) return rule;
    if (usedUp?.includes(rule.id)) return { ...rule, hindrance: 'used_up' as const };
    return usedByCustomer?.includes(rule.id) ? { ...rule, hindrance: 'used_by_customer' as const } : rule;
  });
}

const OVER = { exclusive: false, combinesWith: [], startsAt: null, endsAt: null, conditions: {} };

/** Who buys, as far as it is known. */
export function buyerOf({
  customerId,
  email,
  customer,
  promotionFacts,
}: Pick<CartSnapshot, 'customerId' | 'email' | 'customer' | 'promotionFacts'>): PricingCustomer | null {
  if (customerId === null && !email) return null;
  return { id: customerId, groupIds: customer?.groupIds ?? [], hasOrdered: promotionFacts?.hasOrdered ?? null };
}

/** Says which codes of a cart do not apply, and why. */
export function promotionIssues(
  cart: Pick<CartSnapshot, 'promotionCodes' | 'currency'>,
  priced: PricedCart,
): CartIssue[] {
  return priced.promotions.flatMap((outcome): CartIssue[] => {
    if (outcome.code === null || outcome.applied) return [];
    return [
      {
        code: 'promotion_not_applied',
        severity: 'warning',
        pointer: `/promotionCodes/${cart.promotionCodes.indexOf(outcome.code)}`,
        detail: explainPromotion(outcome, cart.currency),
        reason: outcome.reason!,
      },
    ];
  });
}

/** Of a cart that was priced for shoppers, what they see: what applies, what they have a code of, what lies within reach. */
export const shownPromotions = (priced: PricedCart): PricedCart['promotions'] =>
  priced.promotions.filter(({ applied, code, reason }) => applied || code !== null || isInReach(reason));

/** What an order of this cart uses up. */
export function promotionUsesOf(cart: Pick<CartSnapshot, 'promotionFacts'>, priced: PricedCart): NewPromotionUse[] {
  return priced.promotions.flatMap(({ applied, promotionId, code, amount }) =>
    applied
      ? [{ promotionId, amount, codeId: cart.promotionFacts?.codes?.find((one) => one.code === code)?.id ?? null }]
      : [],
  );
}
