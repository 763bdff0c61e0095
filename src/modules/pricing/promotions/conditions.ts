import { reachedTier } from './actions.js';
import type { PromotionCart } from './promotion-cart.js';
import type { PromotionReason } from './promotion.types.js';
import type { Terms } from './terms.js';

/** What keeps a promotion from applying. */
export interface Obstacle {
  reason: PromotionReason;
  difference?: number;
}

/** Whether more of the goods is all that is missing. */
export const isInReach = (reason: PromotionReason | null): boolean =>
  reason === 'subtotal_too_low' || reason === 'quantity_too_low';

/** Whether anything in the cart could be meant: where nobody has to be told why not, the rest need not be looked at. */
export function hasGoodsFor({ goods }: Terms, cart: PromotionCart): boolean {
  for (const names of goods) if (!cart.holds(names)) return false;
  return true;
}

/** Whether the cart has reached no step of a promotion by steps, so that nothing comes of it. */
export function isBelowTiers({ tiers, discounted }: Terms, cart: PromotionCart): boolean {
  return tiers !== null && reachedTier(tiers, cart, cart.selection(discounted)) === undefined;
}

/** The first thing that keeps a promotion from applying to a cart; what the shopper can do something about comes last. */
export function obstacleTo(terms: Terms, cart: PromotionCart): Obstacle | null {
  return obstacleByItself(terms, cart) ?? obstacleByBuyer(terms, cart) ?? obstacleByGoods(terms, cart);
}

function obstacleByItself(terms: Terms, { time, input }: PromotionCart): Obstacle | null {
  if (terms.hindrance) return { reason: terms.hindrance };
  if (time < terms.from) return { reason: 'not_started' };
  if (time >= terms.until) return { reason: 'ended' };
  const { currencies, amounts, marketIds } = terms;
  if (currencies && !currencies.includes(input.currency)) return { reason: 'currency_not_covered' };
  for (const by of amounts) if (by[input.currency] === undefined) return { reason: 'currency_not_covered' };
  return !marketIds || marketIds.includes(input.marketId ?? '') ? null : { reason: 'market_not_covered' };
}

function obstacleByBuyer(terms: Terms, { input }: PromotionCart): Obstacle | null {
  const { customerGroupIds, isForFirstOrders, countries } = terms;
  const { customer, country } = input;
  if (customerGroupIds && !customer?.groupIds.some((id) => customerGroupIds.includes(id)))
    return { reason: 'not_in_customer_group' };
  if (isForFirstOrders) {
    const hasOrdered = customer?.hasOrdered ?? null;
    if (hasOrdered === null) return { reason: 'email_needed' };
    if (hasOrdered) return { reason: 'not_first_order' };
  }
  if (countries && country === null) return { reason: 'address_needed' };
  if (countries && !countries.includes(country!)) return { reason: 'country_not_covered' };
  return null;
}

function obstacleByGoods(terms: Terms, cart: PromotionCart): Obstacle | null {
  const { lines, quantity, subtotal } = cart.selection(terms.items);
  if (lines.length === 0) return { reason: 'no_matching_items' };
  if (terms.discounted && cart.select(terms.discounted).length === 0) return { reason: 'no_matching_items' };
  const { currency } = cart.input;
  const { minQuantity, maxQuantity } = terms;
  const minSubtotal = terms.minSubtotal?.[currency] ?? 0;
  const maxSubtotal = terms.maxSubtotal?.[currency] ?? Infinity;
  if (subtotal > maxSubtotal) return { reason: 'subtotal_too_high', difference: subtotal - maxSubtotal };
  if (quantity > maxQuantity) return { reason: 'quantity_too_high', difference: quantity - maxQuantity };
  if (subtotal < minSubtotal) return { reason: 'subtotal_too_low', difference: minSubtotal - subtotal };
  if (quantity < minQuantity) return { reason: 'quantity_too_low', difference: minQuantity - quantity };
  return null;
}
