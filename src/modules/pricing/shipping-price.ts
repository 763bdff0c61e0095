import type { PricingInput, ShippingRule } from './pricing.types.js';

/**
 * What a shipping method costs for these goods, in minor units; null when it does not take them.
 * @param goodsTotal what the lines that are shipped cost before discounts
 */
export function shippingPriceOf(rule: ShippingRule, _lines: PricingInput['lines'], _goodsTotal: number): number | null {
  return rule.amount;
}
