import type { Discount, PricedLine, PricingInput, PromotionOutcome } from './pricing.types.js';

/** What the promotions of a cart take off it. */
export interface PromotionsResult {
  /** by line, in the order of the input */
  lines: readonly (readonly Discount[])[];
  shipping: readonly Discount[];
  outcomes: readonly PromotionOutcome[];
}

/** A line as promotions find it. */
export type UndiscountedLine = Pick<PricedLine, 'unitPrice' | 'subtotal'>;

/**
 * Decides which promotions apply, in their order, and spreads what they take off over the lines and shipping.
 * @param shippingAmount minor units before discounts; what depends on the goods is already in it
 */
export function applyPromotions(
  _input: PricingInput,
  lines: readonly UndiscountedLine[],
  _shippingAmount: number,
): PromotionsResult {
  return { lines: lines.map(() => []), shipping: [], outcomes: [] };
}
