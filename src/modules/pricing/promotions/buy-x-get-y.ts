import { shareOf } from '#libs/money';
import { partOf } from './parts.js';
import type { LineTaking, PromotionCart } from './promotion-cart.js';
import type { PromotionAction } from './promotion.types.js';

type BuyXGetY = Extract<PromotionAction, { type: 'buy_x_get_y' }>;

const ALL = 1_000_000;

/** Pieces of one line. */
interface Pieces {
  at: number;
  quantity: number;
  /** Whether they could be bought and got alike. */
  isShared: boolean;
}

/** How many pieces are got, and of how many of those that could be bought, too. */
interface Deal {
  got: number;
  shared: number;
}

/**
 * What buying some and getting others takes off. Each piece counts once, as bought or as got, and not at all where another
 * promotion has made it free; what is got are the cheapest of those that can be. Lines stay as they are, with so many of their pieces reduced.
 */
export function buyXGetY(action: BuyXGetY, cart: PromotionCart): LineTaking[] {
  if (!action.buyItems && tooFew(action, cart)) return [];
  const gettable = new Set(cart.select(action.items));
  const buyable = action.buyItems ? new Set(cart.select(action.buyItems)) : gettable;
  const count = (lines: Iterable<number>, isMeant: (at: number) => boolean) =>
    [...lines].reduce((all, at) => all + (isMeant(at) ? cart.paidPieces(at) : 0), 0);
  const deal = bestDeal(action, {
    buyOnly: count(buyable, (at) => !gettable.has(at)),
    getOnly: count(gettable, (at) => !buyable.has(at)),
    shared: count(gettable, (at) => buyable.has(at)),
  });
  if (deal.got === 0) return [];
  const pieces = [...gettable]
    .map((at) => ({ at, quantity: cart.paidPieces(at), isShared: buyable.has(at) }))
    .filter(({ quantity }) => quantity > 0);
  return cheapest(pieces, deal, cart).map(({ at, quantity }) => {
    const cost = shareOf(cart.left(at), quantity, cart.paidPieces(at));
    return { at, amount: partOf(cost, action.ratePpm), ...(action.ratePpm === ALL && { freed: quantity }) };
  });
}

/** Most carts: the same pieces could be bought and got, and there are not enough of them for once. */
function tooFew({ items, buyQuantity, getQuantity }: BuyXGetY, cart: PromotionCart): boolean {
  let pieces = 0;
  for (const at of cart.select(items)) pieces += cart.paidPieces(at);
  return pieces < buyQuantity + getQuantity;
}

/** As often as it fits; pieces that only fit one side are used up first. */
function bestDeal(action: BuyXGetY, pieces: { buyOnly: number; getOnly: number; shared: number }): Deal {
  const { buyQuantity, getQuantity } = action;
  const sharedAsBought = (times: number) => Math.max(0, times * buyQuantity - pieces.buyOnly);
  const fits = (times: number) =>
    sharedAsBought(times) + Math.max(0, times * getQuantity - pieces.getOnly) <= pieces.shared;
  const all = pieces.buyOnly + pieces.getOnly + pieces.shared;
  let [fitting, tooMany] = [0, Math.floor(all / (buyQuantity + getQuantity)) + 1];
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    if (fits(middle)) fitting = middle;
    else tooMany = middle;
  }
  const times = Math.min(fitting, action.maxTimes ?? fitting);
  return { got: times * getQuantity, shared: pieces.shared - sharedAsBought(times) };
}

/** The cheapest pieces, of equal ones those of the first line. */
function cheapest(pieces: readonly Pieces[], deal: Deal, cart: PromotionCart): Pieces[] {
  const byCost = [...pieces].sort((a, b) => {
    const [left, right] = [BigInt(cart.left(a.at)) * BigInt(b.quantity), BigInt(cart.left(b.at)) * BigInt(a.quantity)];
    return left === right ? a.at - b.at : left < right ? -1 : 1;
  });
  let { got, shared } = deal;
  return byCost.flatMap((one) => {
    const quantity = Math.min(one.quantity, got, one.isShared ? shared : Infinity);
    got -= quantity;
    if (one.isShared) shared -= quantity;
    return quantity === 0 ? [] : [{ ...one, quantity }];
  });
}
