import { Injectable } from '@nestjs/common';
import { Db, isCheckViolation, type Queryable, type Tx } from '#libs/database';
import { NotFound, VersionMismatch } from '#libs/errors';
import { encodeId, newUuid } from '#libs/ids';
import type { CustomerIdentity, ShopperIdentity } from '../auth/index.js';
import { type OfferScope, unitPriceSql } from '../catalog/index.js';
import { TooManyGiftCards } from '../credits/index.js';
import { TooManyPromotionCodes } from '../promotions/index.js';
import { type PriceContext, ShopContext, type ShopSnapshot } from '../settings/index.js';
import { byAsks, type CartAsks, EVERYTHING } from './cart-asks.js';
import { hashCartToken, newCartToken } from './cart-token.js';
import {
  CartCompleted,
  NoGiftCard,
  QuantityTooLarge,
  ShippingMethodNotFound,
  TooManyLines,
  VariantNotFound,
} from './cart.errors.js';
import {
  type CartScope,
  type CartSnapshot,
  type CustomerTuple,
  customerTuple,
  findCartBy,
  type LineTuple,
  lineTuple,
  readCart,
  selectChangedCart,
  storeCreditOf,
  type StoreCreditTuple,
  toCustomer,
  toLines,
  toStoreCredit,
} from './cart.snapshot.js';
import type { CartLineRequest, CreateCartRequest, UpdateCartRequest } from './dto/cart.request.js';
import { promotionFacts, type PromotionFacts } from './promotion-facts.js';

const MAX_LINES = 1000;
const MAX_QUANTITY = 9999;
const MAX_CODES = 10;
/** A cart is paid with at most so many. */
export const MAX_GIFT_CARDS = 10;

/** Which cart, by whom, and the version that the shopper saw, if they care. */
export interface CartReference {
  id: string;
  shopper: ShopperIdentity;
  expectedVersion?: number;
}

/** Variants that can be bought in a currency, with their price: what every write joins against. */
const SELLABLE = `
  JOIN variants v ON v.id = w.variant_id AND v.status = 'active'
  JOIN products p ON p.id = v.product_id AND p.status = 'active'`;

/** Wanted lines from arrays: one entry for each line. */
const WANTED_LINES = (ids: string, variantIds: string, quantities: string) =>
  `unnest(${ids}::uuid[], ${variantIds}::uuid[], ${quantities}::int[]) AS w (id, variant_id, quantity)`;

/**
 * Not `status = 'open'`, which would fit the index of open carts: a plan that was made while the table was young would go on
 * reading all of it to find one cart.
 */
const IS_OPEN = `status <> 'completed'`;

/** The first four parameters of a change, `keyOf(cart)`: an open cart of this shopper, as they saw it. */
const IS_THEIRS = `id = $1 AND (token_hash = $2 OR customer_id = $4) AND ${IS_OPEN} AND ($3::int IS NULL OR version = $3)`;

const NEW_CART = `(id, token_hash, currency, email, shipping_address, billing_address, shipping_method_id, customer_id, market_id,
  tax_included, promotion_codes)`;
/** The first eleven parameters that make a cart, and what of them prices depend on. */
const NEW_VALUES = '$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11';
const OF_NEW: CartScope = { currency: '$3', market: '$9', customer: '$8' };
const FACTS_OF_NEW = (asks: CartAsks) =>
  `(SELECT ${promotionFacts(asks)} FROM (SELECT $4::text AS email, $8::uuid AS customer_id, $11::text[] AS promotion_codes) c)`;

/** Of a cart that is there: looked up once for each statement, since an UPDATE of it runs in the same one. */
const cartColumn = (name: string) => `(SELECT ${name} FROM carts WHERE id = $1)`;
const OF_CART: Omit<OfferScope, 'variant'> = {
  currency: 'pr.currency',
  market: cartColumn('market_id'),
  customer: cartColumn('customer_id'),
};

/** The price of so many pieces: the variant's own where the shop has no price lists. */
const priceSql = ({ priceLists }: CartAsks): typeof unitPriceSql => (priceLists ? unitPriceSql : (own) => own);

/** Writes nothing when the shop has just got its first price list: then it is written once more, with everything looked up. */
const stillWithout = ({ priceLists }: CartAsks) =>
  priceLists ? '' : `AND NOT EXISTS (SELECT FROM shop_settings WHERE 'price_lists' = ANY (uses))`;

/** What Postgres adds to a cart that it writes. */
interface NewCartRow {
  created_at: Date;
  shop_version: number;
  customer: CustomerTuple | null;
  lines: LineTuple[] | null;
  store_credit: StoreCreditTuple | null;
  promotion_facts: PromotionFacts | null;
}

/** Most carts begin empty. */
const INSERT_EMPTY_CART = byAsks(
  (asks) => `
  INSERT INTO carts ${NEW_CART} VALUES (${NEW_VALUES})
  RETURNING created_at, (SELECT version FROM shop_settings) AS shop_version, ${customerTuple('$8', asks)} AS customer, NULL AS lines,
    ${storeCreditOf('$8', '$3', asks)} AS store_credit, ${FACTS_OF_NEW(asks)} AS promotion_facts`,
);

/**
 * Writes nothing when any of the lines cannot be bought. The LIMIT cuts off nothing: without it Postgres expects more lines of a
 * plan that it keeps than of one that it makes for this cart, and so plans each cart anew, which takes longer than writing it.
 */
const INSERT_CART = byAsks(
  (asks) => `
  WITH want AS MATERIALIZED (
    SELECT w.*, u.amount, ${lineTuple('w', 'u.amount', OF_NEW, asks)} AS line
    FROM (SELECT * FROM ${WANTED_LINES('$12', '$13', '$14')} LIMIT $15) w ${SELLABLE}
    JOIN prices pr ON pr.variant_id = v.id AND pr.currency = $3
    CROSS JOIN LATERAL (SELECT ${priceSql(asks)('pr.amount', 'w.quantity', { ...OF_NEW, variant: 'v.id' })} AS amount) u),
  cart AS (
    INSERT INTO carts ${NEW_CART}
    SELECT ${NEW_VALUES} WHERE (SELECT count(*) FROM want) = $15 ${stillWithout(asks)} RETURNING id, created_at),
  lines AS (
    INSERT INTO cart_lines (id, cart_id, variant_id, quantity, seen_amount)
    SELECT want.id, cart.id, want.variant_id, want.quantity, want.amount FROM want, cart)
  SELECT created_at, (SELECT version FROM shop_settings) AS shop_version, ${customerTuple('$8', asks)} AS customer,
    (SELECT json_agg(line ORDER BY id) FROM want) AS lines,
    ${storeCreditOf('$8', '$3', asks)} AS store_credit, ${FACTS_OF_NEW(asks)} AS promotion_facts
  FROM cart`,
);

/** Changes those of the fields that are given; answers the cart as it is then. */
const UPDATE_FIELDS = selectChangedCart(`
  UPDATE carts SET version = version + 1, updated_at = now(),
    email = CASE WHEN $5 THEN $6 ELSE email END,
    shipping_address = CASE WHEN $7 THEN $8::jsonb ELSE shipping_address END,
    billing_address = CASE WHEN $9 THEN $10::jsonb ELSE billing_address END,
    shipping_method_id = CASE WHEN $11 THEN $12::uuid ELSE shipping_method_id END,
    promotion_codes = CASE WHEN $13 THEN $14::text[] ELSE promotion_codes END,
    use_store_credit = coalesce($15, use_store_credit)
  WHERE ${IS_THEIRS}`);

/** Adds a code, once. */
const ADD_CODE = selectChangedCart(`
  UPDATE carts SET version = version + 1, updated_at = now(),
    promotion_codes = CASE WHEN $5 = ANY (promotion_codes) THEN promotion_codes ELSE array_append(promotion_codes, $5) END
  WHERE ${IS_THEIRS} AND (cardinality(promotion_codes) < ${MAX_CODES} OR $5 = ANY (promotion_codes))`);

const REMOVE_CODE = selectChangedCart(`
  UPDATE carts SET version = version + 1, updated_at = now(), promotion_codes = array_remove(promotion_codes, $5)
  WHERE ${IS_THEIRS} AND $5 = ANY (promotion_codes)`);

/** Opens the cart for a change: moves its version, which also makes parallel changes wait for each other. */
const OPEN_CART = `
  UPDATE carts SET version = version + 1, updated_at = now() WHERE ${IS_THEIRS}`;

const ADD_LINE = byAsks(
  (asks) => `
  WITH want AS MATERIALIZED (
    SELECT w.variant_id, pr.amount, pr.currency FROM (SELECT $5::uuid AS variant_id) w ${SELLABLE}
    JOIN prices pr ON pr.variant_id = v.id AND pr.currency = ${cartColumn('currency')}),
  cart AS (
    ${OPEN_CART} AND EXISTS (SELECT FROM want) ${stillWithout(asks)}
      AND ((SELECT count(*) FROM cart_lines WHERE cart_id = $1) < ${MAX_LINES}
        OR EXISTS (SELECT FROM cart_lines WHERE cart_id = $1 AND variant_id = $5))
    RETURNING id)
  INSERT INTO cart_lines AS l (id, cart_id, variant_id, quantity, seen_amount)
  SELECT $6, cart.id, want.variant_id, $7, ${priceSql(asks)('want.amount', '$7', { ...OF_CART, currency: 'want.currency', variant: '$5' })}
  FROM want, cart
  ON CONFLICT ON CONSTRAINT cart_lines_variant DO UPDATE SET quantity = l.quantity + excluded.quantity,
    seen_amount = ${priceSql(asks)('(SELECT amount FROM want)', 'l.quantity + excluded.quantity', { ...OF_CART, currency: '(SELECT currency FROM want)', variant: '$5' })}
  RETURNING id`,
);

const SET_QUANTITY = byAsks(
  (asks) => `
  WITH cart AS (${OPEN_CART} AND EXISTS (SELECT FROM cart_lines WHERE cart_id = $1 AND id = $5) ${stillWithout(asks)} RETURNING id, currency)
  UPDATE cart_lines l SET quantity = $6, seen_amount = coalesce(
    (SELECT ${priceSql(asks)('pr.amount', '$6', { ...OF_CART, variant: 'l.variant_id' })} FROM prices pr WHERE pr.variant_id = l.variant_id AND pr.currency = cart.currency), l.seen_amount)
  FROM cart WHERE l.cart_id = cart.id AND l.id = $5 RETURNING 1`,
);

/**
 * Changes carts, through the connection that it is given, so that what follows travels along. Each change is one statement that moves the version of the cart and writes its lines, so parallel
 * changes of one cart queue up on its row, none is lost, and no transaction stays open between round trips.
 */
@Injectable()
export class CartWriter {
  constructor(
    private readonly db: Db,
    private readonly shop: ShopContext,
  ) {}

  /**
   * Makes a cart and returns it, as it was written, with the only copy of its token.
   */
  async create(
    request: CreateCartRequest,
    context: PriceContext,
    asks: CartAsks,
    customer?: CustomerIdentity,
  ): Promise<{ cart: CartSnapshot; token: string }> {
    await this.checkReferences(request);
    const lines = mergeLines(request.lines ?? []);
    const id = newUuid();
    const token = newCartToken();
    const tokenHash = hashCartToken(token);
    const customerId = customer?.id ?? null;
    const { currency, marketId, taxIncluded } = context;
    const email = request.email?.trim() ?? customer?.email ?? null;
    const values = [
      id,
      tokenHash,
      currency,
      email,
      json(request.shippingAddress),
      json(request.billingAddress),
      request.shippingMethodId ?? null,
      customerId,
      marketId,
      taxIncluded,
      request.promotionCodes ?? [],
    ];
    const [row] =
      lines.length === 0
        ? await this.db.query<NewCartRow>(INSERT_EMPTY_CART(asks), values)
        : await write(asks, (all) =>
            this.db.query<NewCartRow>(INSERT_CART(all), [...values, ...columnsOf(lines), lines.length]),
          );
    if (!row) throw await this.unknownVariants(this.db, request.lines ?? [], currency);
    const cart: CartSnapshot = {
      id,
      tokenHash,
      customerId,
      customer: toCustomer(row.customer),
      marketId,
      taxIncluded,
      currency,
      status: 'open',
      email,
      shippingAddress: request.shippingAddress ?? null,
      billingAddress: request.billingAddress ?? null,
      shippingMethodId: request.shippingMethodId ?? null,
      promotionCodes: request.promotionCodes ?? [],
      taxQuote: null,
      version: 1,
      createdAt: row.created_at,
      updatedAt: row.created_at,
      shopVersion: row.shop_version,
      readAt: row.created_at,
      orderId: null,
      lines: toLines(row.lines),
      promotionFacts: row.promotion_facts,
      giftCards: [],
      storeCredit: toStoreCredit(row.store_credit),
      useStoreCredit: false,
    };
    return { cart, token };
  }

  /** Puts a variant into the cart; what is there already adds up, for whom its line is for. */
  async addLine(db: Queryable, cart: CartReference, line: CartLineRequest, asks: CartAsks): Promise<void> {
    const done = await this.guardQuantity(() =>
      write(asks, (all) => db.query(ADD_LINE(all), [...keyOf(cart), line.variantId, newUuid(), line.quantity])),
    );
    if (done.length > 0) return;
    const snapshot = await this.explain(db, cart);
    if (snapshot.lines.length >= MAX_LINES) throw TooManyLines();
    throw await this.unknownVariants(db, [line], snapshot.currency, '');
  }

  /** Sets the quantity of a line; 0 takes it out. */
  async setQuantity(
    db: Queryable,
    cart: CartReference,
    lineId: string,
    quantity: number,
    asks: CartAsks,
  ): Promise<void> {
    if (quantity === 0) return this.removeLine(db, cart, lineId);
    const done = await write(asks, (all) => db.query(SET_QUANTITY(all), [...keyOf(cart), lineId, quantity]));
    if (done.length === 0) await this.explainMissingLine(db, cart);
  }

  /**
   * Says who gets the gift cards of a line; null for the buyer. The cart stays locked until the transaction ends.
   * @throws `not_found`, `cart_completed`, `version_mismatch`, `no_gift_card`
   */
  async setRecipient(tx: Tx, cart: CartReference, lineId: string, email: string | null): Promise<void> {
    const [line] = await tx.query<{ is_set: boolean }>(
      `WITH cart AS MATERIALIZED (SELECT id FROM carts WHERE ${IS_THEIRS} FOR UPDATE),
       line AS (SELECT l.cart_id, l.id, p.is_gift_card FROM cart JOIN cart_lines l ON l.cart_id = cart.id AND l.id = $5
                JOIN variants v ON v.id = l.variant_id JOIN products p ON p.id = v.product_id),
       done AS (UPDATE cart_lines l SET recipient_email = $6 FROM line
                WHERE l.cart_id = line.cart_id AND l.id = line.id AND line.is_gift_card RETURNING 1)
       SELECT EXISTS (SELECT FROM done) AS is_set FROM line`,
      [...keyOf(cart), lineId, email],
    );
    if (!line) await this.explainMissingLine(tx, cart);
    else if (!line.is_set)
      throw NoGiftCard({
        errors: [{ pointer: '/recipientEmail', code: 'no_gift_card', detail: 'this line is no gift card' }],
      });
  }

  /** Takes a line out. */
  async removeLine(db: Queryable, cart: CartReference, lineId: string): Promise<void> {
    const done = await db.query(
      `WITH cart AS (${OPEN_CART} AND EXISTS (SELECT FROM cart_lines WHERE cart_id = $1 AND id = $5) RETURNING id)
       DELETE FROM cart_lines l USING cart WHERE l.cart_id = cart.id AND l.id = $5 RETURNING 1`,
      [...keyOf(cart), lineId],
    );
    if (done.length === 0) await this.explainMissingLine(db, cart);
  }

  /** Changes any subset of the fields but the lines; returns the cart as it is then. */
  async updateFields(
    db: Queryable,
    cart: CartReference,
    request: UpdateCartRequest,
    asks: CartAsks,
  ): Promise<CartSnapshot> {
    return (await this.writeFields(db, cart, request, asks)) ?? this.explain(db, cart);
  }

  /** Changes any subset of the fields and replaces all lines. */
  async replaceLines(cart: CartReference, request: UpdateCartRequest): Promise<void> {
    const lines = mergeLines(request.lines ?? []);
    await this.db.transaction(async (tx) => {
      if (!(await this.writeFields(tx, cart, request, EVERYTHING))) {
        await this.explain(tx, cart);
        return;
      }
      await tx.query(`DELETE FROM cart_lines WHERE cart_id = $1 AND variant_id <> ALL($2)`, [
        cart.id,
        lines.map((l) => l.variantId),
      ]);
      const written = await tx.query(
        `INSERT INTO cart_lines AS l (id, cart_id, variant_id, quantity, seen_amount)
         SELECT w.id, $1, w.variant_id, w.quantity, ${unitPriceSql('pr.amount', 'w.quantity', { ...OF_CART, variant: 'w.variant_id' })}
         FROM ${WANTED_LINES('$2', '$3', '$4')} ${SELLABLE}
         JOIN prices pr ON pr.variant_id = v.id AND pr.currency = (SELECT currency FROM carts WHERE id = $1)
         ON CONFLICT ON CONSTRAINT cart_lines_variant DO UPDATE SET quantity = excluded.quantity, seen_amount = excluded.seen_amount
         RETURNING 1`,
        [cart.id, ...columnsOf(lines)],
      );
      if (written.length < lines.length) {
        const [row] = await tx.query<{ currency: string }>(`SELECT currency FROM carts WHERE id = $1`, [cart.id]);
        throw await this.unknownVariants(tx, request.lines ?? [], row!.currency);
      }
    });
  }

  /** Puts a code into the cart; twice is once. @throws too_many_promotion_codes */
  async addCode(cart: CartReference, code: string): Promise<CartSnapshot> {
    const changed = await findCartBy(this.db, ADD_CODE, [...keyOf(cart), code], cart.shopper, EVERYTHING);
    if (changed) return changed;
    await this.explain(this.db, cart);
    throw TooManyPromotionCodes();
  }

  /** Takes a code out of the cart. @throws not_found */
  async removeCode(cart: CartReference, code: string): Promise<CartSnapshot> {
    const changed = await findCartBy(this.db, REMOVE_CODE, [...keyOf(cart), code], cart.shopper, EVERYTHING);
    if (changed) return changed;
    await this.explain(this.db, cart);
    throw NotFound({ detail: 'This code is not in the cart.' });
  }

  /** Pays with a gift card, too. One that the cart has already stays where it is. @throws `too_many_gift_cards` */
  async addGiftCard(db: Queryable, cart: CartReference, giftCardId: string): Promise<void> {
    const done = await db.query(
      `WITH cart AS (
         ${OPEN_CART} AND ((SELECT count(*) FROM cart_gift_cards WHERE cart_id = $1) < ${MAX_GIFT_CARDS}
           OR EXISTS (SELECT FROM cart_gift_cards WHERE cart_id = $1 AND gift_card_id = $5))
         RETURNING id)
       INSERT INTO cart_gift_cards (cart_id, gift_card_id) SELECT cart.id, $5 FROM cart
       ON CONFLICT (cart_id, gift_card_id) DO UPDATE SET gift_card_id = excluded.gift_card_id RETURNING 1`,
      [...keyOf(cart), giftCardId],
    );
    if (done.length > 0) return;
    await this.explain(db, cart);
    throw TooManyGiftCards();
  }

  /** Does not pay with this gift card. */
  async removeGiftCard(db: Queryable, cart: CartReference, giftCardId: string): Promise<void> {
    const done = await db.query(
      `WITH cart AS (${OPEN_CART} AND EXISTS (SELECT FROM cart_gift_cards WHERE cart_id = $1 AND gift_card_id = $5) RETURNING id)
       DELETE FROM cart_gift_cards g USING cart WHERE g.cart_id = cart.id AND g.gift_card_id = $5 RETURNING 1`,
      [...keyOf(cart), giftCardId],
    );
    if (done.length > 0) return;
    await this.explain(db, cart);
    throw NotFound({ detail: 'There is no such gift card in the cart.' });
  }

  /** Throws the cart away, with its lines. */
  async delete(cart: CartReference): Promise<void> {
    const done = await this.db.query(`DELETE FROM carts WHERE ${IS_THEIRS} RETURNING 1`, keyOf(cart));
    if (done.length === 0) await this.explain(this.db, cart);
  }

  private writeFields(
    db: Queryable,
    cart: CartReference,
    request: UpdateCartRequest,
    asks: CartAsks,
  ): Promise<CartSnapshot | null> {
    const given = (field: keyof UpdateCartRequest) => request[field] !== undefined;
    const values = [
      given('email'),
      request.email?.trim() ?? null,
      given('shippingAddress'),
      json(request.shippingAddress),
      given('billingAddress'),
      json(request.billingAddress),
      given('shippingMethodId'),
      request.shippingMethodId ?? null,
      given('promotionCodes'),
      request.promotionCodes ?? null,
      request.useStoreCredit ?? null,
    ];
    return findCartBy(db, UPDATE_FIELDS, [...keyOf(cart), ...values], cart.shopper, asks);
  }

  /** Refuses shipping methods that do not exist. */
  async checkReferences(request: UpdateCartRequest | CreateCartRequest): Promise<void> {
    const { shippingMethodId } = request;
    if (!shippingMethodId) return;
    const isIn = ({ zones }: ShopSnapshot) =>
      zones.some((zone) => zone.methods.some((method) => method.id === shippingMethodId));
    if (!isIn(await this.shop.get()) && !isIn(await this.shop.newest())) {
      throw ShippingMethodNotFound({
        errors: [{ pointer: '/shippingMethodId', code: 'not_found', detail: 'there is no such shipping method' }],
      });
    }
  }

  private async guardQuantity<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isCheckViolation(error, 'cart_lines_quantity')) {
        throw QuantityTooLarge({
          errors: [{ pointer: '/quantity', code: 'too_large', detail: 'the line would hold more than 9999' }],
          cause: error,
        });
      }
      throw error;
    }
  }

  /** Nothing was changed: says why, or returns the cart when none of the common reasons fits. */
  private async explain(db: Queryable, cart: CartReference) {
    const snapshot = await readCart(db, cart.id, cart.shopper);
    if (snapshot.status === 'completed') {
      throw CartCompleted({ data: snapshot.orderId === null ? {} : { orderId: encodeId('order', snapshot.orderId) } });
    }
    if (cart.expectedVersion !== undefined && cart.expectedVersion !== snapshot.version) {
      throw VersionMismatch({ data: { currentVersion: snapshot.version } });
    }
    return snapshot;
  }

  private async explainMissingLine(db: Queryable, cart: CartReference): Promise<never> {
    await this.explain(db, cart);
    throw NotFound({ detail: 'There is no such line in the cart.' });
  }

  private async unknownVariants(
    db: Queryable,
    lines: readonly CartLineRequest[],
    currency: string,
    pointer = '/lines',
  ) {
    const known = await db.query<{ id: string }>(
      `SELECT v.id FROM (SELECT unnest($1::uuid[]) AS variant_id) w ${SELLABLE} JOIN prices pr ON pr.variant_id = v.id AND pr.currency = $2`,
      [lines.map((l) => l.variantId), currency],
    );
    const sellable = new Set(known.map((row) => row.id));
    return VariantNotFound({
      errors: lines.flatMap((line, i) =>
        sellable.has(line.variantId)
          ? []
          : [
              {
                pointer: pointer === '' ? '/variantId' : `${pointer}/${i}/variantId`,
                code: 'variant_not_for_sale',
                detail: `${encodeId('variant', line.variantId)} is not for sale in ${currency}`,
              },
            ],
      ),
    });
  }
}

/** Runs a statement that writes; where it wrote nothing since the shop has price lists now, once more with them. */
async function write<R>(asks: CartAsks, run: (asks: CartAsks) => Promise<R[]>): Promise<R[]> {
  const written = await run(asks);
  return written.length > 0 || asks.priceLists ? written : run(EVERYTHING);
}

const json = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value));
const NO_TOKEN = Buffer.alloc(0);
const keyOf = ({ id, shopper, expectedVersion }: CartReference): [id: string, ...unknown[]] => [
  id,
  shopper.cartToken === undefined ? NO_TOKEN : hashCartToken(shopper.cartToken),
  expectedVersion ?? null,
  shopper.customer?.id ?? null,
];

/** The parameters of WANTED_LINES. */
const columnsOf = (lines: readonly CartLineRequest[]) => [
  lines.map(() => newUuid()),
  lines.map((line) => line.variantId),
  lines.map((line) => line.quantity),
];

/** The same variant twice in one request adds up. */
function mergeLines(lines: readonly CartLineRequest[]): CartLineRequest[] {
  const merged = new Map<string, CartLineRequest>();
  for (const [i, line] of lines.entries()) {
    const quantity = (merged.get(line.variantId)?.quantity ?? 0) + line.quantity;
    if (quantity > MAX_QUANTITY) {
      throw QuantityTooLarge({
        errors: [
          { pointer: `/lines/${i}/quantity`, code: 'too_large', detail: 'together more than 9999 of this variant' },
        ],
      });
    }
    merged.set(line.variantId, { variantId: line.variantId, quantity });
  }
  return [...merged.values()];
}
