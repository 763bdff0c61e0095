import type { PricedCart, PricingCredit } from './pricing.types.js';

/** Uses up credits in their order until the total is paid. */
export function useCredits(total: number, credits: readonly PricingCredit[]): PricedCart['credits'] {
  let left = total;
  return credits.flatMap(({ kind, id, balance }) => {
    const amount = Math.min(left, Math.max(balance, 0));
    left -= amount;
    return amount === 0 ? [] : [{ kind, id, amount }];
  });
}
