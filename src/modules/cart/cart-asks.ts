import type { ShopperIdentity } from '../auth/index.js';
import type { ShopSnapshot } from '../settings/index.js';

/**
 * What a statement about a cart looks up beside the cart itself. What a shop does not use is not looked for: a part of a
 * statement costs Postgres its preparation also where it finds nothing.
 */
export interface CartAsks {
  /** The version of the settings that say so; null where everything is looked up. */
  readonly shopVersion: number | null;
  readonly priceLists: boolean;
  readonly giftCards: boolean;
  readonly storeCredit: boolean;
  /** What is known of the customer whose cart it is: not looked for where a guest asks, who hardly has one of a customer. */
  readonly customer: boolean;
  /** What promotions ask for: `codes`, `limits`, `customers`, `orders`, `categories`. */
  readonly promotions: readonly string[];
}

/** For whoever does not know the settings, or whose settings turned out to be old. */
export const EVERYTHING: CartAsks = {
  shopVersion: null,
  priceLists: true,
  giftCards: true,
  storeCredit: true,
  customer: true,
  promotions: ['codes', 'limits', 'customers', 'orders', 'categories'],
};

const known = new WeakMap<ShopSnapshot, { nobody: CartAsks; guest: CartAsks; customer: CartAsks }>();

/** What promotions ask about who buys. */
const OF_BUYER = ['customers', 'orders'];

/**
 * What the carts of a shop need to have looked up for a shopper; where the shop is not known, everything.
 * @param email of the cart: null where it has none, so that nothing is to be found of a guest; undefined where it may have one
 */
export function cartAsksOf(
  shop: ShopSnapshot | undefined,
  shopper: Pick<ShopperIdentity, 'customer'>,
  email?: string | null,
): CartAsks {
  if (!shop) return EVERYTHING;
  let asks = known.get(shop);
  if (!asks) {
    const { version, uses, promotions } = shop;
    const codes = Object.keys(promotions.byCode).length > 0;
    const customer: CartAsks = {
      shopVersion: version,
      priceLists: uses.includes('price_lists'),
      giftCards: uses.includes('gift_cards'),
      storeCredit: uses.includes('store_credit'),
      customer: true,
      promotions: [...(codes ? ['codes'] : []), ...promotions.asks],
    };
    const guest = { ...customer, customer: false, storeCredit: false };
    const ofAnybody = guest.promotions.filter((ask) => !OF_BUYER.includes(ask));
    asks = { customer, guest, nobody: { ...guest, promotions: ofAnybody } };
    known.set(shop, asks);
  }
  if (shopper.customer) return asks.customer;
  return email === null ? asks.nobody : asks.guest;
}

/**
 * Whether these were the right ones for a cart that was read: the settings are still those, and its codes and its customer were
 * looked up.
 */
export const wereEnough = (
  asks: CartAsks,
  read: { shopVersion: number; promotionCodes: readonly string[]; customerId: string | null },
): boolean =>
  asks.shopVersion === null ||
  (asks.shopVersion === read.shopVersion &&
    (read.promotionCodes.length === 0 || asks.promotions.includes('codes')) &&
    (read.customerId === null || asks.customer));

/** A statement that is written once for every set of asks, and so prepared once. */
export function byAsks(write: (asks: CartAsks) => string): (asks: CartAsks) => string {
  const written = new Map<string, string>();
  return (asks) => {
    const { priceLists, giftCards, storeCredit, customer, promotions } = asks;
    const key = `${priceLists} ${giftCards} ${storeCredit} ${customer} ${promotions.join()}`;
    let text = written.get(key);
    if (text === undefined) written.set(key, (text = write(asks)));
    return text;
  };
}
