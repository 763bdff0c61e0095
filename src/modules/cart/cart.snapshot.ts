import type { Queryable, Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import type { ShopperIdentity } from '../auth/index.js';
import { THUMBNAIL_SQL } from '../catalog/index.js';
import { GIFT_CARD_PAYS } from '../credits/index.js';
import type { PricingTax } from '../pricing/index.js';
import type { Address } from './dto/address.dto.js';
import { isOf } from './cart-token.js';
import { byAsks, type CartAsks, EVERYTHING, wereEnough } from './cart-asks.js';
import { promotionFacts, type PromotionFacts } from './promotion-facts.js';

/** A line with what the catalog and the stock say of it at this moment. */
export interface CartLineSnapshot {
  id: string;
  variantId: string;
  quantity: number;
  /** The unit price when the line was last put in or changed; null where that was another buyer's. */
  seenAmount: number | null;
  productId: string;
  handle: string;
  title: string;
  variantTitle: string;
  sku: string | null;
  thumbnail: string | null;
  /** minor units; null when it is not for sale any more */
  unitPrice: number | null;
  taxable: boolean;
  requiresShipping: boolean;
  /** of a bundle: never, its parts are */
  stockTracked: boolean;
  /** null when stock is not tracked */
  available: number | null;
  /** What a bundle is made of; null for what is none. */
  parts: readonly CartPart[] | null;
  /** grams of one piece */
  weight: number;
  /** uuid of what it is shipped like; null for the default profile */
  shippingProfileId: string | null;
  isGiftCard: boolean;
  /** Of a gift card: who gets it, if not the buyer. */
  recipientEmail: string | null;
  /** uuid; null for the standard class */
  taxClassId: string | null;
  /** What price lists offer to this customer in this market at this moment. */
  offers: readonly ListOffer[];
  /** minor units; what the variant is compared with, whether it is more or less */
  compareAt: number | null;
  /** The lowest public price of the 30 days before a reduction; null where nothing is reduced. */
  lowestPrice: number | null;
  /** uuids of its categories and all that are above them; empty where no promotion asks for them */
  categoryIds: string[];
}

/** A part of a bundle, as the catalog and the stock have it at this moment. */
export interface CartPart {
  variantId: string;
  productId: string;
  title: string;
  variantTitle: string;
  sku: string | null;
  /** in one bundle */
  quantity: number;
  /** null when its stock is not tracked */
  available: number | null;
}

/** A price of a price list, from so many pieces on. */
export interface ListOffer {
  amount: number;
  minQuantity: number;
  /** uuid */
  priceListId: string;
  name: string;
}

/** What of the customer matters for prices. */
export interface CartCustomer {
  /** uuids */
  groupIds: readonly string[];
  vatNumber: string | null;
  taxExempt: boolean;
}

/** A gift card that the cart is to be paid with. */
export interface CartGiftCardSnapshot {
  id: string;
  last4: string;
  balance: number;
  /** Whether it can pay: neither withdrawn nor expired. */
  isUsable: boolean;
}

/** A cart as the database has it, with everything that pricing and advice need: one statement. */
export interface CartSnapshot {
  id: string;
  tokenHash: Buffer;
  /** uuid of the customer whose cart it is */
  customerId: string | null;
  /** null for a guest */
  customer: CartCustomer | null;
  /** uuid of the market in which it was begun; null where the settings of the shop hold */
  marketId: string | null;
  currency: string;
  /** Whether its prices contain the tax; null: as the settings of the shop say. */
  taxIncluded: boolean | null;
  status: 'open' | 'completed';
  email: string | null;
  shippingAddress: Address | null;
  billingAddress: Address | null;
  shippingMethodId: string | null;
  promotionCodes: string[];
  /** What an outside tax service said, and of which version of the cart. */
  taxQuote: { version: number; tax: PricingTax } | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  shopVersion: number;
  /** When the database read it: what begins and ends by the clock is judged by this. */
  readAt: Date;
  orderId: string | null;
  lines: CartLineSnapshot[];
  /** What promotions need to know; null when there is nothing that they could ask. */
  promotionFacts: PromotionFacts | null;
  /** In the order in which they are used up. */
  giftCards: readonly CartGiftCardSnapshot[];
  /** What the customer has with the shop in this currency; null for guests and those who have none. */
  storeCredit: { id: string; balance: number } | null;
  useStoreCredit: boolean;
}

/** What `lineTuple` builds. */
export type LineTuple = [
  string, string, number, number, string, string, string, string, string | null, string | null,
  number | null, boolean, boolean, boolean, number | null, number, string | null,
  string | null, [amount: number, minQuantity: number, listId: string, name: string][] | null, number | null, number | null,
  string[] | null, boolean, PartTuple[] | null, string | null,
]; // prettier-ignore

/** What the SQL function `parts_of_bundle` builds. */
type PartTuple = [
  variantId: string, productId: string, title: string, variantTitle: string, sku: string | null, quantity: number,
  available: number | null,
]; // prettier-ignore

export type StoreCreditTuple = [id: string, balance: number];

interface CartRow {
  id: string;
  token_hash: Buffer;
  customer_id: string | null;
  customer: CustomerTuple | null;
  market_id: string | null;
  currency: string;
  tax_included: boolean | null;
  status: 'open' | 'completed';
  email: string | null;
  shipping_address: Address | null;
  billing_address: Address | null;
  shipping_method_id: string | null;
  promotion_codes: string[];
  tax_quote: CartSnapshot['taxQuote'];
  version: number;
  created_at: Date;
  updated_at: Date;
  shop_version: number;
  read_at: Date;
  lines: LineTuple[] | null;
  gift_cards: [string, string, number, boolean][] | null;
  store_credit: StoreCreditTuple | null;
  use_store_credit: boolean;
  /** The lines are older than the cart. */
  is_stale: boolean;
  promotion_facts: PromotionFacts | null;
}

/** What `customerTuple` builds. */
export type CustomerTuple = [groupIds: string[] | null, vatNumber: string | null, taxExempt: boolean];

/** A customer for `toCustomer`, as a JSON array; null for a guest. */
export const customerTuple = (id: string, { customer }: CartAsks = EVERYTHING) =>
  customer ? `CASE WHEN ${id} IS NOT NULL THEN cart_customer(${id}) END` : 'NULL::json';

/** For whom a cart is priced, as SQL expressions. */
export interface CartScope {
  currency: string;
  market: string;
  customer: string;
}

/** For what a cart is read: to be shown, to be ordered, or to ask what its shipping costs. */
export type CartPurpose = 'show' | 'order' | 'ship';

/**
 * A line for `toLines`, as a JSON array, over variants v, products p and prices pr.
 * @param line alias of what has `id`, `variant_id` and `quantity`
 * @param recipient of what may have one, as an SQL expression
 */
export function lineTuple(
  line: string,
  seenAmount: string,
  scope: CartScope,
  asks: CartAsks = EVERYTHING,
  purpose: CartPurpose = 'show',
  recipient = 'NULL',
): string {
  const isListed = 'EXISTS (SELECT FROM price_list_entries e WHERE e.variant_id = v.id)';
  const isReduced = `pr.compare_at > pr.amount${asks.priceLists ? ` OR ${isListed}` : ''}`;
  return `json_build_array(
    ${line}.id, ${line}.variant_id, ${line}.quantity, ${seenAmount}, v.product_id, p.handle, p.title, v.title, v.sku,
    ${purpose === 'ship' ? 'NULL' : THUMBNAIL},
    CASE WHEN v.status = 'active' AND p.status = 'active' THEN pr.amount END,
    v.taxable, v.requires_shipping AND NOT p.is_gift_card, v.track_inventory,
    ${purpose === 'ship' ? 'NULL' : AVAILABLE}, v.weight_grams, v.shipping_profile_id,
    v.tax_class_id,
    ${asks.priceLists ? `CASE WHEN ${isListed} THEN cart_offers(v.id, pr.currency, ${scope.market}, ${scope.customer}) END` : 'NULL'},
    pr.compare_at,
    ${purpose === 'show' ? `CASE WHEN ${isReduced} THEN shown_lowest_price(v.id, pr.currency) END` : 'NULL'},
    ${asks.promotions.includes('categories') ? '(SELECT pl.category_ids FROM product_listings pl WHERE pl.product_id = p.id LIMIT 1)' : 'NULL'},
    p.is_gift_card,
    ${purpose === 'ship' ? 'NULL' : 'CASE WHEN v.is_bundle THEN parts_of_bundle(v.id) END'}, ${recipient})`;
}

const THUMBNAIL = `coalesce(
      (SELECT ${THUMBNAIL_SQL} FROM product_images i WHERE i.id = v.image_id),
      (SELECT ${THUMBNAIL_SQL} FROM product_images i WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1))`;

const AVAILABLE = `CASE WHEN v.track_inventory THEN
      coalesce((SELECT greatest(sum(s.on_hand + s.backorder_limit - s.reserved), 0) FROM stock_levels s WHERE s.variant_id = v.id), 0)
    END`;

const OF_CART: CartScope = { currency: 'c.currency', market: 'c.market_id', customer: 'c.customer_id' };

/** The store credit of a customer in a currency, as a JSON array; NULL for none. */
export const storeCreditOf = (customerId: string, currency: string, asks: CartAsks) =>
  asks.storeCredit
    ? `(SELECT json_build_array(a.id, a.balance) FROM store_credit_accounts a WHERE a.customer_id = ${customerId} AND a.currency = ${currency})`
    : 'NULL::json';

const GIFT_CARDS = `(
      SELECT json_agg(json_build_array(g.id, g.last4, g.balance, ${GIFT_CARD_PAYS})
        ORDER BY cg.created_at, g.id)
      FROM cart_gift_cards cg JOIN gift_cards g ON g.id = cg.gift_card_id WHERE cg.cart_id = c.id)`;

/**
 * Everything about the cart that is called `c` in `from`. A statement that waits for a lock gets the row as it is after the
 * wait, but lines as they were before it: `isStale` tells, and then the cart is to be read once more.
 */
export const selectCart = (from: string, isStale: string, asks: CartAsks, purpose: CartPurpose) => `
  SELECT c.id, c.token_hash, c.customer_id, ${customerTuple('c.customer_id', asks)} AS customer, c.market_id, c.tax_included, c.currency,
    c.status, c.email, c.shipping_address, c.billing_address, c.shipping_method_id,
    c.promotion_codes, c.tax_quote, c.version, c.created_at, c.updated_at,
    (SELECT version FROM shop_settings) AS shop_version, now() AS read_at,
    (SELECT json_agg(${lineTuple('l', 'l.seen_amount', OF_CART, asks, purpose, 'l.recipient_email')} ORDER BY l.created_at, l.id)
     FROM cart_lines l
     JOIN variants v ON v.id = l.variant_id
     JOIN products p ON p.id = v.product_id
     LEFT JOIN prices pr ON pr.variant_id = v.id AND pr.currency = c.currency
     WHERE l.cart_id = c.id) AS lines,
    ${asks.giftCards ? GIFT_CARDS : 'NULL::json'} AS gift_cards,
    ${storeCreditOf('c.customer_id', 'c.currency', asks)} AS store_credit, c.use_store_credit,
    ${isStale} AS is_stale, ${promotionFacts(asks)} AS promotion_facts
  FROM ${from}`;

const SELECT_CART: Record<CartPurpose, CartStatement> = {
  show: byAsks((asks) => selectCart('carts c WHERE c.id = $1', 'FALSE', asks, 'show')),
  order: byAsks((asks) => selectCart('carts c WHERE c.id = $1', 'FALSE', asks, 'order')),
  ship: byAsks((asks) => selectCart('carts c WHERE c.id = $1', 'FALSE', asks, 'ship')),
};

/** A statement that answers a cart, its first parameter being the id of the cart. */
export type CartStatement = (asks: CartAsks) => string;

/** Every change of lines moves the version, so an equal version means that nothing came in between. */
const VERSION_BEFORE_WAIT = '(SELECT version FROM carts WHERE id = $1)';

const LOCK_CART = byAsks((asks) =>
  selectCart('carts c WHERE c.id = $1 FOR UPDATE OF c', `c.version <> ${VERSION_BEFORE_WAIT}`, asks, 'order'),
);

/** The cart that an `UPDATE carts … WHERE id = $1`, which moves the version but no lines, leaves behind. */
export const selectChangedCart = (update: string): CartStatement =>
  byAsks(
    (asks) =>
      `WITH c AS (${update} RETURNING *) ${selectCart('c', `c.version - 1 <> ${VERSION_BEFORE_WAIT}`, asks, 'show')}`,
  );

function toSnapshot(row: CartRow): CartSnapshot {
  return {
    id: row.id,
    tokenHash: row.token_hash,
    customerId: row.customer_id,
    customer: toCustomer(row.customer),
    marketId: row.market_id,
    taxIncluded: row.tax_included,
    currency: row.currency,
    status: row.status,
    email: row.email,
    shippingAddress: row.shipping_address,
    billingAddress: row.billing_address,
    shippingMethodId: row.shipping_method_id,
    promotionCodes: row.promotion_codes,
    taxQuote: row.tax_quote,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    shopVersion: row.shop_version,
    readAt: row.read_at,
    orderId: null,
    lines: toLines(row.lines),
    promotionFacts: row.promotion_facts,
    giftCards: (row.gift_cards ?? []).map(([id, last4, balance, isUsable]) => ({ id, last4, balance, isUsable })),
    storeCredit: toStoreCredit(row.store_credit),
    useStoreCredit: row.use_store_credit,
  };
}

/** The lines of a cart as `lineTuple` gave them. */
export const toLines = (tuples: LineTuple[] | null): CartLineSnapshot[] =>
  (tuples ?? []).map((l) => ({
    id: l[0], variantId: l[1], quantity: l[2], seenAmount: l[3], productId: l[4], handle: l[5], title: l[6], variantTitle: l[7],
    sku: l[8], thumbnail: l[9], unitPrice: l[10], taxable: l[11], requiresShipping: l[12], stockTracked: l[13] && l[23] === null,
    available: l[23] ? bundlesOf(l[23]) : l[14], parts: l[23] && toParts(l[23]),
    weight: l[15], shippingProfileId: l[16], taxClassId: l[17],
    offers: (l[18] ?? []).map(([amount, minQuantity, priceListId, name]) => ({ amount, minQuantity, priceListId, name })),
    compareAt: l[19], lowestPrice: l[20],
    categoryIds: l[21] ?? [], isGiftCard: l[22], recipientEmail: l[24],
  })); // prettier-ignore

const toParts = (tuples: PartTuple[]): CartPart[] =>
  tuples.map(([variantId, productId, title, variantTitle, sku, quantity, available]) => ({
    variantId, productId, title, variantTitle, sku, quantity, available,
  })); // prettier-ignore

/** How many bundles can be made of these parts, were there nothing else in the cart. */
function bundlesOf(parts: PartTuple[]): number | null {
  const counted = parts.flatMap(([, , , , , quantity, available]) =>
    available === null ? [] : [Math.floor(available / quantity)],
  );
  return counted.length === 0 ? null : Math.min(...counted);
}

/** The customer of a cart as `customerTuple` gave them. */
export const toCustomer = (tuple: CustomerTuple | null): CartCustomer | null =>
  tuple && { groupIds: tuple[0] ?? [], vatNumber: tuple[1], taxExempt: tuple[2] };

/** Where the cart goes, as far as it is known: goods that are not shipped go to whom the bill does. */
export function destinationOf(cart: CartSnapshot): Address | null {
  return cart.shippingAddress ?? (cart.lines.some((line) => line.requiresShipping) ? null : cart.billingAddress);
}

/** The tax that a service said of this version of the cart; null when none did. */
export const quotedTaxOf = ({ taxQuote, version }: CartSnapshot): PricingTax | null =>
  taxQuote?.version === version ? taxQuote.tax : null;

/** What `storeCreditOf` gave. */
export const toStoreCredit = (tuple: StoreCreditTuple | null): CartSnapshot['storeCredit'] =>
  tuple && { id: tuple[0], balance: tuple[1] };

/**
 * Reads a cart for whoever may; null for an unknown cart and for one of somebody else alike.
 * @param asks what of the shop is known; everything is looked up where that is not known, or not true any more
 */
export function findCart(
  db: Queryable,
  id: string,
  shopper: ShopperIdentity,
  asks: CartAsks = EVERYTHING,
  purpose: CartPurpose = 'show',
): Promise<CartSnapshot | null> {
  return findCartBy(db, SELECT_CART[purpose], [id], shopper, asks);
}

/** Runs a statement that answers a cart, and returns what became of it; null when it changed nothing. */
export async function findCartBy(
  db: Queryable,
  statement: CartStatement,
  values: [id: string, ...unknown[]],
  shopper: ShopperIdentity,
  asks: CartAsks,
): Promise<CartSnapshot | null> {
  const [row] = await db.query<CartRow>(statement(asks), values);
  if (!row) return null;
  const cart = toSnapshot(row);
  if (row.is_stale || !wereEnough(asks, cart)) return findCart(db, values[0], shopper);
  if (!isOf(shopper, cart)) return null;
  if (cart.status === 'completed') cart.orderId = await orderOf(db, cart.id);
  // Who has the token of a cart may see it and order it, but money of its owner is only for who is signed in as them.
  if (cart.customerId === null || shopper.customer?.id !== cart.customerId) cart.storeCredit = null;
  return cart;
}

/** What became of a completed cart. Few ask for one, so the others are spared a part of their statement. */
async function orderOf(db: Queryable, cartId: string): Promise<string | null> {
  const [order] = await db.query<{ id: string }>(`SELECT id FROM orders WHERE cart_id = $1`, [cartId]);
  return order?.id ?? null;
}

/**
 * Reads a cart for whoever may.
 * @throws `not_found` for an unknown cart and for one of somebody else alike
 */
export async function readCart(
  db: Queryable,
  id: string,
  shopper: ShopperIdentity,
  asks: CartAsks = EVERYTHING,
  purpose: CartPurpose = 'show',
): Promise<CartSnapshot> {
  return found(await findCart(db, id, shopper, asks, purpose));
}

/** Reads a cart and keeps it as it is until the transaction ends. @throws `not_found` */
export async function lockCart(
  tx: Tx,
  id: string,
  shopper: ShopperIdentity,
  asks: CartAsks = EVERYTHING,
): Promise<CartSnapshot> {
  return found(await findCartBy(tx, LOCK_CART, [id], shopper, asks));
}

function found(cart: CartSnapshot | null): CartSnapshot {
  if (cart) return cart;
  throw NotFound({ detail: 'There is no such cart, or neither X-Cart-Token nor your account fits it.' });
}
