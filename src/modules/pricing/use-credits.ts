import { chargeMinimum, chargeStep } from './charge-limits.js';
import type { PricedCart, PricingCredit } from './pricing.types.js';

/**
 * Uses up credits in their order. A rest that a card payment would be too small for, or could not be charged to the last
 * digit, is not left: so much stays on the credit instead.
 * @param total of the cart
 * @param payable what of it credits may pay; gift cards are not bought with gift cards
 */
export function useCredits(
  total: number,
  payable: number,
  credits: readonly PricingCredit[],
  currency: string,
): PricedCart['credits'] {
  const available = credits.reduce((sum, { balance }) => sum + Math.max(balance, 0), 0);
  let left = Math.min(payable, available);
  const rest = total - left;
  if (rest > 0) {
    const step = chargeStep(currency);
    left -= Math.max(Math.ceil(rest / step) * step, chargeMinimum(currency)) - rest;
  }
  return credits.flatMap(({ kind, id, balance }) => {
    const amount = Math.max(Math.min(left, balance), 0);
    left -= amount;
    return amount === 0 ? [] : [{ kind, id, amount }];
  });
}
