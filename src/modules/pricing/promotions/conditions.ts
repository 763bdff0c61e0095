import type { PromotionCart } from './promotion-cart.js';
import { classOf } from './promotion-class.js';
import type { AmountsByCurrency, PromotionAction, PromotionReason, PromotionRule } from './promotion.types.js';

/** What keeps a promotion from applying. */
export interface Obstacle {
  reason: PromotionReason;
  difference?: number;
}

/** What can be said of a rule before there is a cart. */
interface Terms {
  /** milliseconds */
  from: number;
  until: number;
  /** A cart in a currency that one of these does not have is not meant. */
  amounts: readonly AmountsByCurrency[];
}

/** Rules are kept and shared between carts, so what is made of them is, too. */
const terms = new WeakMap<PromotionRule, Terms>();

function termsOf(rule: PromotionRule): Terms {
  let known = terms.get(rule);
  if (!known) {
    const { startsAt, endsAt, conditions, action } = rule;
    const amounts = [conditions.minSubtotal, conditions.maxSubtotal, ...amountsOf(action)];
    known = {
      from: startsAt === null ? -Infinity : Date.parse(startsAt),
      until: endsAt === null ? Infinity : Date.parse(endsAt),
      amounts: amounts.filter((by) => by !== undefined),
    };
    terms.set(rule, known);
  }
  return known;
}

/** The first thing that keeps a promotion from applying to a cart; what the shopper can do something about comes last. */
export function obstacleTo(rule: PromotionRule, cart: PromotionCart): Obstacle | null {
  return obstacleByItself(rule, cart) ?? obstacleByBuyer(rule, cart) ?? obstacleByGoods(rule, cart);
}

function obstacleByItself(rule: PromotionRule, { input }: PromotionCart): Obstacle | null {
  const { conditions } = rule;
  if (rule.hindrance) return { reason: rule.hindrance };
  const { from, until, amounts } = termsOf(rule);
  const at = input.at.getTime();
  if (at < from) return { reason: 'not_started' };
  if (at >= until) return { reason: 'ended' };
  const isCovered =
    (conditions.currencies?.includes(input.currency) ?? true) &&
    amounts.every((by) => by[input.currency] !== undefined);
  if (!isCovered) return { reason: 'currency_not_covered' };
  const isOfMarket = !conditions.marketIds || conditions.marketIds.includes(input.marketId ?? '');
  return isOfMarket ? null : { reason: 'market_not_covered' };
}

function amountsOf(action: PromotionAction) {
  if (action.type === 'tiered') return action.tiers.flatMap((tier) => [tier.fromSubtotal, tier.amounts]);
  return 'amounts' in action ? [action.amounts] : [];
}

function obstacleByBuyer({ conditions }: PromotionRule, { input }: PromotionCart): Obstacle | null {
  const { customerGroupIds, firstOrder, countries } = conditions;
  const { customer, country } = input;
  if (customerGroupIds && !customer?.groupIds.some((id) => customerGroupIds.includes(id)))
    return { reason: 'not_in_customer_group' };
  if (firstOrder) {
    const hasOrdered = customer?.hasOrdered ?? null;
    if (hasOrdered === null) return { reason: 'email_needed' };
    if (hasOrdered) return { reason: 'not_first_order' };
  }
  if (countries && country === null) return { reason: 'address_needed' };
  if (countries && !countries.includes(country!)) return { reason: 'country_not_covered' };
  return null;
}

function obstacleByGoods({ conditions, action }: PromotionRule, cart: PromotionCart): Obstacle | null {
  const { currency } = cart.input;
  const lines = cart.select(conditions.items);
  if (lines.length === 0) return { reason: 'no_matching_items' };
  if (classOf(action) !== 'shipping' && 'items' in action && cart.select(action.items).length === 0)
    return { reason: 'no_matching_items' };
  let quantity = 0;
  let subtotal = 0;
  for (const at of lines) {
    quantity += cart.quantity(at);
    subtotal += cart.offered[at]!.subtotal;
  }
  const over = (limit: number | undefined, amount: number) => limit !== undefined && amount > limit;
  const minSubtotal = conditions.minSubtotal?.[currency];
  const maxSubtotal = conditions.maxSubtotal?.[currency];
  if (over(maxSubtotal, subtotal)) return { reason: 'subtotal_too_high', difference: subtotal - maxSubtotal! };
  if (over(conditions.maxQuantity, quantity))
    return { reason: 'quantity_too_high', difference: quantity - conditions.maxQuantity! };
  if (minSubtotal !== undefined && subtotal < minSubtotal)
    return { reason: 'subtotal_too_low', difference: minSubtotal - subtotal };
  const { minQuantity } = conditions;
  if (minQuantity !== undefined && quantity < minQuantity)
    return { reason: 'quantity_too_low', difference: minQuantity - quantity };
  return null;
}
