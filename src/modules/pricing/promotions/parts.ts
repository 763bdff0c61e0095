import { allocate, shareOf } from '#libs/money';
import type { PromotionCart } from './promotion-cart.js';

const PPM = 1_000_000;

/** A part of an amount in parts per million, rounded half up to a minor unit. */
export const partOf = (amount: number, ratePpm: number): number => shareOf(amount, ratePpm, PPM);

/** What the lines still cost together. */
export const costOfLines = (cart: PromotionCart, lines: readonly number[]): number =>
  lines.reduce((all, at) => all + cart.left(at), 0);

/** Spreads an amount over lines by what they still cost, exactly, never more than that. */
export function spread(
  cart: PromotionCart,
  lines: readonly number[],
  amount: number,
): { at: number; amount: number }[] {
  const total = Math.min(amount, costOfLines(cart, lines));
  if (total === 0) return [];
  const parts = allocate(
    total,
    lines.map((at) => cart.left(at)),
  );
  return lines.map((at, i) => ({ at, amount: parts[i]! }));
}
