import { priceCart } from './price-cart.js';
import type { PricedCart, PricingInput, ShippingRule } from './pricing.types.js';
import type { PromotionReason } from './promotions/promotion.types.js';
import { netShipping } from './without-tax.js';

/** What a promotion that nothing else keeps away may come to, depending on what shipping costs. */
const OPEN: ReadonlySet<PromotionReason | null> = new Set<PromotionReason | null>([
  null,
  'no_shipping_to_reduce',
  'nothing_to_discount',
  'not_combinable',
  'better_promotion_applied',
]);

/**
 * What shipping by a method would cost a cart, after everything that is taken off.
 * @param priced the same cart, by whatever method
 * @param price of the method for these goods
 */
export function shippingTotalBy(rule: ShippingRule, price: number, input: PricingInput, priced: PricedCart): number {
  // What else keeps a promotion away does not look at shipping, so the cart need not be priced once more for each method.
  const isReducible = priced.promotions.some((one) => one.class === 'shipping' && OPEN.has(one.reason));
  return isReducible ? priceCart({ ...input, shipping: rule }).shippingTotal : netShipping(input, price);
}
