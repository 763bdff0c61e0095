import { hasGoodsFor } from './conditions.js';
import type { PromotionRule } from './promotion.types.js';
import type { PromotionCart } from './promotion-cart.js';
import { type Terms, termsOf } from './terms.js';

/** The promotions that carts may get, put in order once for all carts that share them. */
export interface PromotionShelf {
  /** In the order in which they are looked at. */
  readonly all: readonly Terms[];
  /** Those off shipping. */
  readonly shipping: readonly Terms[];
  /** How many carts have been compared with them. */
  uses: number;
  index: GoodsIndex | null;
}

/** Which promotions are about which goods. */
interface GoodsIndex {
  /** For each of all, 1 where a cart is compared with it whatever is in there. */
  always: Uint8Array;
  /** The places of the others, by one of the goods that they need: uuids of variants, products and categories. */
  byGoods: ReadonlyMap<string, readonly number[]>;
}

/** An index takes long for many goods: the promotions of a shop get one, those of one cart with a code of its own do not. */
const USES_BEFORE_INDEX = 100;

const known = new WeakMap<readonly PromotionRule[], PromotionShelf>();

export function shelfOf(promotions: readonly PromotionRule[]): PromotionShelf {
  let shelf = known.get(promotions);
  if (!shelf) {
    const all = promotions.toSorted(inOrder).map(termsOf);
    shelf = { all, shipping: all.filter((terms) => terms.class === 'shipping'), uses: 0, index: null };
    known.set(promotions, shelf);
  }
  return shelf;
}

function indexOf(all: readonly Terms[]): GoodsIndex {
  const always = new Uint8Array(all.length);
  const byGoods = new Map<string, number[]>();
  for (const [at, { code, goods }] of all.entries()) {
    if (code !== null || goods.length === 0) {
      always[at] = 1;
      continue;
    }
    for (const name of goods[0]!) {
      const places = byGoods.get(name);
      if (places) places.push(at);
      else byGoods.set(name, [at]);
    }
  }
  return { always, byGoods };
}

/** By priority; of equal ones the older one, of codes of one promotion one that is to be had, then by the alphabet. */
function inOrder(a: PromotionRule, b: PromotionRule): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  const [hinderedA, hinderedB] = [a.hindrance ? 1 : 0, b.hindrance ? 1 : 0];
  if (hinderedA !== hinderedB) return hinderedA - hinderedB;
  return (a.code ?? '') < (b.code ?? '') ? -1 : 1;
}

/** Those that a cart is compared with where nobody is to be told of the rest: without automatic ones about other goods. */
export function onesFor(shelf: PromotionShelf, cart: PromotionCart): readonly Terms[] {
  if (!shelf.index && (shelf.uses += 1) > USES_BEFORE_INDEX) shelf.index = indexOf(shelf.all);
  if (!shelf.index) return shelf.all.filter((terms) => terms.code !== null || hasGoodsFor(terms, cart));
  const { always, byGoods } = shelf.index;
  const isMeant = always.slice();
  for (const name of cart.names) for (const at of byGoods.get(name) ?? []) isMeant[at] = 1;
  const ones: Terms[] = [];
  for (let at = 0; at < isMeant.length; at += 1) {
    if (isMeant[at] === 1 && (shelf.all[at]!.code !== null || hasGoodsFor(shelf.all[at]!, cart)))
      ones.push(shelf.all[at]!);
  }
  return ones;
}
