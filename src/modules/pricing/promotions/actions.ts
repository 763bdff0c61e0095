import { buyXGetY } from './buy-x-get-y.js';
import { costOfLines, partOf, spread } from './parts.js';
import type { LineTaking, PromotionCart, Selection, Taking } from './promotion-cart.js';
import type { LineSelector, PromotionAction, PromotionTier } from './promotion.types.js';

const NOTHING: Taking = { lines: [], shipping: 0 };

/** What a promotion takes off a cart as it is now: never more than what is left of a line or of shipping. */
export function takingOf(action: PromotionAction, cart: PromotionCart): Taking {
  switch (action.type) {
    case 'free_shipping':
    case 'reduced_shipping':
      return { lines: [], shipping: offShipping(action, cart) };
    case 'buy_x_get_y':
      return linesOf(buyXGetY(action, cart));
    case 'percent_off_order': {
      const lines = cart.select(action.items);
      return linesOf(spread(cart, lines, partOf(costOfLines(cart, lines), action.ratePpm)));
    }
    case 'amount_off_order':
      return linesOf(spread(cart, cart.select(action.items), action.amounts[cart.input.currency] ?? 0));
    case 'tiered':
      return tiered(action.tiers, cart, cart.selection(action.items));
    case 'percent_off_lines':
      return each(cart, action, (left) => partOf(left, action.ratePpm));
    case 'amount_off_each': {
      const amount = action.amounts[cart.input.currency] ?? 0;
      return each(cart, action, (_left, quantity) => amount * quantity);
    }
    case 'fixed_price': {
      const price = action.amounts[cart.input.currency];
      return price === undefined ? NOTHING : each(cart, action, (left, quantity) => left - price * quantity);
    }
  }
}

const linesOf = (lines: Taking['lines']): Taking => ({ lines: lines.filter((part) => part.amount > 0), shipping: 0 });

function each(
  cart: PromotionCart,
  action: { items?: LineSelector },
  off: (left: number, quantity: number) => number,
): Taking {
  const lines: LineTaking[] = [];
  for (const at of cart.select(action.items)) {
    const left = cart.left(at);
    const amount = Math.min(off(left, cart.paidPieces(at)), left);
    if (amount > 0) lines.push({ at, amount });
  }
  return { lines, shipping: 0 };
}

function offShipping(
  action: Extract<PromotionAction, { type: 'free_shipping' | 'reduced_shipping' }>,
  { input, shipping }: PromotionCart,
): number {
  const { shippingMethodIds } = action;
  if (!input.shipping || (shippingMethodIds && !shippingMethodIds.includes(input.shipping.id))) return 0;
  if (action.type === 'free_shipping') return shipping;
  const off = action.ratePpm === undefined ? (action.amounts?.[input.currency] ?? 0) : partOf(shipping, action.ratePpm);
  return Math.min(off, shipping);
}

/** The highest step that the lines have reached counts, by what they cost before discounts; none below the first. */
export function reachedTier(
  tiers: readonly PromotionTier[],
  { input }: PromotionCart,
  { quantity, subtotal }: Selection,
): PromotionTier | undefined {
  return tiers.findLast(
    ({ fromQuantity, fromSubtotal }) =>
      quantity >= (fromQuantity ?? 0) && subtotal >= (fromSubtotal?.[input.currency] ?? 0),
  );
}

function tiered(tiers: readonly PromotionTier[], cart: PromotionCart, selection: Selection): Taking {
  const { currency } = cart.input;
  const { lines } = selection;
  const tier = reachedTier(tiers, cart, selection);
  if (!tier) return NOTHING;
  const off =
    tier.ratePpm === undefined ? (tier.amounts?.[currency] ?? 0) : partOf(costOfLines(cart, lines), tier.ratePpm);
  return linesOf(spread(cart, lines, off));
}
