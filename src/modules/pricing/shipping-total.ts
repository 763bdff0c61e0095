import { priceCart } from './price-cart.js';
import type { PricingInput, ShippingRule } from './pricing.types.js';
import { obstacleTo } from './promotions/conditions.js';
import { PromotionCart } from './promotions/promotion-cart.js';
import { shelfOf } from './promotions/promotion-shelf.js';
import { offeredLines } from './unit-price.js';
import { netShipping, withoutTax } from './without-tax.js';

/**
 * What shipping by each of some methods would cost a cart, after everything that is taken off.
 * @param methods with what they cost for these goods, minor units
 */
export function shippingTotals(
  methods: readonly { rule: ShippingRule; price: number }[],
  input: PricingInput,
): number[] {
  // For most carts nothing is off shipping, and then they need not be priced once for each method.
  const isReduced = mayBeReduced(input);
  return methods.map(({ rule, price }) =>
    isReduced ? priceCart({ ...input, shipping: rule }).shippingTotal : netShipping(input, price),
  );
}

/** Whether there is a promotion off shipping that nothing keeps away but, perhaps, what else applies. */
function mayBeReduced(asked: PricingInput): boolean {
  const { shipping } = shelfOf(asked.promotions);
  if (shipping.length === 0) return false;
  const input = asked.taxExempt ? withoutTax(asked) : asked;
  const cart = PromotionCart.of(input, offeredLines(input.lines), 0);
  return shipping.some((terms) => obstacleTo(terms, cart) === null);
}
