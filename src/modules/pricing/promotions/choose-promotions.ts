import { takingOf } from './actions.js';
import { sumOf, type PromotionCart, type Taking } from './promotion-cart.js';
import { classOf } from './promotion-class.js';
import { PROMOTION_CLASSES, type PromotionReason, type PromotionRule } from './promotion.types.js';

/** What is applied, and why the others are not. */
export interface Choice {
  applied: ReadonlyMap<PromotionRule, Taking>;
  refused: ReadonlyMap<PromotionRule, { reason: PromotionReason; inFavorOf: string | null }>;
}

type Refusals = Map<PromotionRule, { reason: PromotionReason; inFavorOf: string | null }>;

/**
 * Which of the promotions that could apply do. The rule, as docs/pricing.md says it to admins: promotions are looked at in
 * the order of their priority, then of their age. Each goes together with those before it when both want the class of the
 * other (`combinesWith`), else it stays out. What has come together takes off in the order product, order, shipping, each from
 * what the ones before it have left. An exclusive promotion stands alone: of the exclusive ones and of what has come together,
 * the shopper gets what takes the most off; of equal ones what has come together, then the first exclusive one.
 * @param candidates in their order
 */
export function choosePromotions(candidates: readonly PromotionRule[], cart: PromotionCart): Choice {
  const refused: Refusals = new Map();
  const able = candidates.filter((rule) => {
    if (sumOf(takingOf(rule.action, cart)) > 0) return true;
    const reason = classOf(rule.action) === 'shipping' ? 'no_shipping_to_reduce' : 'nothing_to_discount';
    refused.set(rule, { reason, inFavorOf: null });
    return false;
  });
  const together = comingTogether(
    able.filter((rule) => !rule.exclusive),
    refused,
  );
  const options = [together, ...able.filter((rule) => rule.exclusive).map((rule) => [rule])].map((rules) =>
    applied(rules, cart),
  );
  const best = options.reduce((a, b) => (b.total > a.total ? b : a));
  const winner = [...best.takings.keys()][0];
  for (const option of options) {
    if (option === best) continue;
    for (const rule of option.takings.keys())
      refused.set(rule, { reason: 'better_promotion_applied', inFavorOf: winner?.name ?? null });
  }
  const effective = new Map<PromotionRule, Taking>();
  for (const [rule, taking] of best.takings) {
    if (sumOf(taking) > 0) effective.set(rule, taking);
    else refused.set(rule, { reason: 'nothing_to_discount', inFavorOf: null });
  }
  return { applied: effective, refused };
}

function comingTogether(rules: readonly PromotionRule[], refused: Refusals): PromotionRule[] {
  const together: PromotionRule[] = [];
  for (const rule of rules) {
    const rival = together.find((other) => !goTogether(rule, other));
    if (rival) refused.set(rule, { reason: 'not_combinable', inFavorOf: rival.name });
    else together.push(rule);
  }
  return together;
}

const goTogether = (a: PromotionRule, b: PromotionRule): boolean =>
  a.combinesWith.includes(classOf(b.action)) && b.combinesWith.includes(classOf(a.action));

function applied(
  rules: readonly PromotionRule[],
  cart: PromotionCart,
): { total: number; takings: Map<PromotionRule, Taking> } {
  const state = cart.copy();
  const takings = new Map<PromotionRule, Taking>();
  let total = 0;
  for (const kind of PROMOTION_CLASSES) {
    for (const rule of rules) {
      if (classOf(rule.action) !== kind) continue;
      const taking = takingOf(rule.action, state);
      state.take(taking);
      total += sumOf(taking);
      takings.set(rule, taking);
    }
  }
  return { total, takings };
}
