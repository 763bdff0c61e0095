import { takingOf } from './actions.js';
import { sumOf, type PromotionCart, type Taking } from './promotion-cart.js';
import { PROMOTION_CLASSES, type PromotionReason } from './promotion.types.js';
import type { Terms } from './terms.js';

/** What is applied, and why the others are not. */
export interface Choice {
  applied: ReadonlyMap<Terms, Taking>;
  refused: ReadonlyMap<Terms, { reason: PromotionReason; inFavorOf: string | null }>;
}

type Refusals = Map<Terms, { reason: PromotionReason; inFavorOf: string | null }>;

/**
 * Which of the promotions that could apply do. The rule, as docs/pricing.md says it to admins: promotions are looked at in
 * the order of their priority, then of their age. Each goes together with those before it when both want the class of the
 * other (`combinesWith`), else it stays out. What has come together takes off in the order product, order, shipping, each from
 * what the ones before it have left. An exclusive promotion stands alone: of the exclusive ones and of what has come together,
 * the shopper gets what takes the most off; of equal ones what has come together, then the first exclusive one.
 * @param candidates in their order
 */
export function choosePromotions(candidates: readonly Terms[], cart: PromotionCart): Choice {
  const refused: Refusals = new Map();
  const able = candidates.filter((rule) => {
    if (sumOf(takingOf(rule.action, cart)) > 0) return true;
    const reason = rule.class === 'shipping' ? 'no_shipping_to_reduce' : 'nothing_to_discount';
    refused.set(rule, { reason, inFavorOf: null });
    return false;
  });
  const together = comingTogether(
    able.filter(({ rule }) => !rule.exclusive),
    refused,
  );
  const options = [together, ...able.filter(({ rule }) => rule.exclusive).map((terms) => [terms])].map((rules) =>
    applied(rules, cart),
  );
  const best = options.reduce((a, b) => (b.total > a.total ? b : a));
  const winner = [...best.takings.keys()][0];
  for (const option of options) {
    if (option === best) continue;
    for (const rule of option.takings.keys())
      refused.set(rule, { reason: 'better_promotion_applied', inFavorOf: winner?.rule.name ?? null });
  }
  const effective = new Map<Terms, Taking>();
  for (const [rule, taking] of best.takings) {
    if (sumOf(taking) > 0) effective.set(rule, taking);
    else refused.set(rule, { reason: 'nothing_to_discount', inFavorOf: null });
  }
  return { applied: effective, refused };
}

function comingTogether(rules: readonly Terms[], refused: Refusals): Terms[] {
  const together: Terms[] = [];
  for (const rule of rules) {
    const rival = together.find((other) => !goTogether(rule, other));
    if (rival) refused.set(rule, { reason: 'not_combinable', inFavorOf: rival.rule.name });
    else together.push(rule);
  }
  return together;
}

const goTogether = (a: Terms, b: Terms): boolean => (a.together & b.bit) !== 0 && (b.together & a.bit) !== 0;

function applied(rules: readonly Terms[], cart: PromotionCart): { total: number; takings: Map<Terms, Taking> } {
  const state = cart.copy();
  const takings = new Map<Terms, Taking>();
  let total = 0;
  for (const kind of PROMOTION_CLASSES) {
    for (const rule of rules) {
      if (rule.class !== kind) continue;
      const taking = takingOf(rule.action, state);
      state.take(taking);
      total += sumOf(taking);
      takings.set(rule, taking);
    }
  }
  return { total, takings };
}
