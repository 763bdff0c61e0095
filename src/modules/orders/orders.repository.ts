import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import { encodeId, newUuid } from '#libs/ids';
import { announce, announceAlong, type DomainEvent, type WrittenAlong } from '#libs/outbox';
import type { CartAssessment, CartPart, CartSnapshot } from '../cart/index.js';
import type { PricedCart } from '../pricing/index.js';
import { releasePromotionUses, retakePromotionUses } from '../promotions/index.js';
import type { OrderPart, OrderRow } from './orders.query.js';
import { OrderCanceled, OrderPaid, OrderPlaced, OrderReleased } from './order.events.js';
import {
  type FulfillmentStatus,
  mayMove,
  type OrderHold,
  type OrderPaymentStatus,
  type OrderStatus,
} from './order.state.js';

/** An order whose row is locked in this transaction. */
export interface LockedOrder {
  id: string;
  number: number;
  status: OrderStatus;
  payment_status: OrderPaymentStatus;
  fulfillment_status: FulfillmentStatus;
  currency: string;
  total: number;
  /** What gift cards and store credit pay of it, or did until the order ended. */
  credit_total: number;
  customer_id: string | null;
  token_hash: Buffer;
  placed_at: Date | null;
  expires_at: Date | null;
  version: number;
  /** A cardholder disputes its payment, or has won: it is not shipped. */
  disputed: boolean;
  /** Why somebody has to look at it before it is shipped. */
  hold: OrderHold | null;
}

/** What may change about an order; every change leaves an entry in its timeline. */
export interface OrderChange {
  status?: OrderStatus;
  paymentStatus?: OrderPaymentStatus;
  fulfillmentStatus?: FulfillmentStatus;
  expiresAt?: Date | null;
  cancelReason?: string;
  disputed?: boolean;
  hold?: OrderHold | null;
}

export interface TimelineEntry {
  type: string;
  actor: string;
  data?: Record<string, unknown>;
}

/** Stock that a line of an order takes: of itself, or of a part of its bundle. */
export interface LineStock {
  /** of a part: the id that it has on the line */
  orderLineId: string;
  variantId: string;
  quantity: number;
}

/** How an order begins. */
export interface OrderStart {
  status: 'pending_payment' | 'confirmed';
  paymentStatus: OrderPaymentStatus;
  expiresAt: Date | null;
}

/** An order before it is written. It has its ids already, so that what belongs to it is written in the same trip. */
export interface NewOrder {
  id: string;
  cart: CartSnapshot;
  assessment: CartAssessment;
  start: OrderStart;
  /** What it takes from the shelf. */
  stock: LineStock[];
  /** The lines as they go into their table. */
  rows: (OrderRow['lines'][number] & Record<string, unknown>)[];
}

/** What a cart becomes. */
export function newOrder(cart: CartSnapshot, assessment: CartAssessment, start: OrderStart): NewOrder {
  const stock: LineStock[] = [];
  const rows = cart.lines.map((line, i) => {
    const { unitPrice, priceListId, compareAt, discountTotal, discounts, taxTotal, taxPpm, total } =
      assessment.priced.lines[i]!;
    const id = newUuid();
    if (line.stockTracked) stock.push({ orderLineId: id, variantId: line.variantId, quantity: line.quantity });
    const parts = line.parts && soldParts(line.parts);
    for (const part of parts ?? [])
      if (part.stockTracked)
        stock.push({ orderLineId: part.id, variantId: part.variantId, quantity: line.quantity * part.quantity });
    return {
      id,
      position: i,
      variant_id: line.variantId,
      product_id: line.productId,
      title: line.title,
      variant_title: line.variantTitle,
      sku: line.sku,
      thumbnail: line.thumbnail,
      quantity: line.quantity,
      fulfilled_quantity: 0,
      unit_price: unitPrice,
      price_list_id: priceListId,
      compare_at: compareAt,
      discount_total: discountTotal,
      discounts,
      tax_total: taxTotal,
      tax_ppm: taxPpm,
      total,
      requires_shipping: line.requiresShipping,
      stock_tracked: line.stockTracked,
      is_gift_card: line.isGiftCard,
      parts,
    };
  });
  return { id: newUuid(), cart, assessment, start, stock, rows };
}

/** A bundle as it is sold: what becomes of it later does not change the order. */
const soldParts = (parts: readonly CartPart[]): OrderPart[] =>
  parts.map(({ available, ...part }) => ({ ...part, id: newUuid(), stockTracked: available !== null }));

/** SQL: what line `l` takes of stock, or would were it counted, as (id, variant_id, quantity, stock_tracked). */
export const STOCK_OF_LINE = `(
  SELECT l.id, l.variant_id, l.quantity, l.stock_tracked
  UNION ALL
  SELECT p.id, p."variantId", l.quantity * p.quantity, p."stockTracked"
  FROM jsonb_to_recordset(l.parts) AS p (id uuid, "variantId" uuid, quantity int, "stockTracked" boolean))`;

const isPaid = (order: LockedOrder): boolean =>
  ['paid', 'partially_refunded', 'refunded'].includes(order.payment_status);

/** Whether something speaks against handing its goods over. */
const isStopped = (order: LockedOrder): boolean => order.disputed || order.hold !== null;

/** What the order is paid with besides a payment, as `OrdersQuery` would read it. */
const creditsOf = (cart: CartSnapshot, credits: PricedCart['credits']): OrderRow['credits'] =>
  credits.map(({ kind, id, amount }) => ({
    gift_card_id: kind === 'gift_card' ? id : null,
    last4: cart.giftCards.find((card) => card.id === id)?.last4 ?? null,
    amount,
    refunded: 0,
    state: 'spent',
  }));

/**
 * A row of somebody else that is written in the statement of the order, and reads `o`, the order: that costs neither a trip
 * nor a plan of its own.
 */
export type WrittenWithOrder = WrittenAlong;

const ORDER_PARAMETERS = 24;
const INSERT_ORDER = (along: string) =>
  `WITH o AS (
     INSERT INTO orders (id, cart_id, token_hash, email, currency, status, payment_status, subtotal, discount_total, shipping_total,
       shipping_tax, tax_total, total, tax_included, shipping_address, billing_address, shipping_method, expires_at, placed_at, customer_id,
       tax_exemption, vat_number, promotions, credit_total)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
       CASE WHEN $6 = 'confirmed' THEN now() END, $20, $21, $22, $23, $24)
     RETURNING id, number, email, placed_at, created_at, updated_at),
   l AS (
     INSERT INTO order_lines (id, order_id, position, variant_id, product_id, title, variant_title, sku, thumbnail, quantity,
       unit_price, discount_total, tax_total, tax_ppm, total, requires_shipping, stock_tracked, price_list_id, compare_at, discounts, is_gift_card, parts)
     SELECT x.id, o.id, x.position, x.variant_id, x.product_id, x.title, x.variant_title, x.sku, x.thumbnail, x.quantity,
       x.unit_price, x.discount_total, x.tax_total, x.tax_ppm, x.total, x.requires_shipping, x.stock_tracked,
       x.price_list_id, x.compare_at, x.discounts, x.is_gift_card, x.parts
     FROM o, jsonb_to_recordset($19) AS x(id uuid, position int, variant_id uuid, product_id uuid, title text, variant_title text,
       sku text, thumbnail text, quantity int, unit_price bigint, discount_total bigint, tax_total bigint, tax_ppm int, total bigint,
       requires_shipping boolean, stock_tracked boolean, price_list_id uuid, compare_at bigint, discounts jsonb, is_gift_card boolean, parts jsonb)),
   e AS (
     INSERT INTO order_events (order_id, type, from_status, to_status, actor) SELECT o.id, 'order.created', NULL, $6, 'customer' FROM o),
   c AS (UPDATE carts SET status = 'completed', version = version + 1, updated_at = now() WHERE id = $2)${along}
   SELECT number, email, placed_at, created_at, updated_at FROM o`;

const texts = new Map<string, string>();

/** The statement is written once, and so prepared once, for each party of those who write along. */
function insertOrder(party: readonly WrittenWithOrder[]): string {
  const names = party.map(({ name }) => name).join();
  let text = texts.get(names);
  if (text === undefined) {
    let before = ORDER_PARAMETERS;
    const along = party.map(({ insert, values }, i) => {
      const first = before;
      before += values.length;
      return `,\n   along_${i} AS (${insert((n) => `$${first + n}`)})`;
    });
    texts.set(names, (text = INSERT_ORDER(along.join(''))));
  }
  return text;
}

const LOCK = `SELECT id, number, status, payment_status, fulfillment_status, currency, total, credit_total, customer_id, token_hash, placed_at,
  expires_at, version, disputed, hold FROM orders WHERE id = $1 FOR NO KEY UPDATE`;

/** Writes orders. The facts that others hear of are announced here, so no way to confirm or cancel an order can forget them. */
@Injectable()
export class OrdersRepository {
  /**
   * Locks an order until the transaction ends. Rows that only refer to the order (a foreign key reads it FOR KEY SHARE) do not
   * wait for that: whoever writes them would lock order and payment in the order of the constraints, not in ours.
   */
  async lockOrder(tx: Tx, id: string): Promise<LockedOrder> {
    const [order] = await tx.query<LockedOrder>(LOCK, [id]);
    if (!order) throw NotFound({ detail: 'There is no such order.' });
    return order;
  }

  /**
   * Turns a locked cart into an order with its lines, its first timeline entry and, where it begins confirmed, its
   * announcement; the cart is completed. UNIQUE (cart_id) keeps one cart from becoming two orders whatever happens.
   * @returns the order as `OrdersQuery` would read it, without its payments
   */
  async insert(
    tx: Tx,
    { id, cart, assessment, start, rows }: NewOrder,
    along: readonly WrittenWithOrder[] = [],
  ): Promise<OrderRow> {
    const { priced, shippingMethod, taxIncluded, taxExemption } = assessment;
    const vatNumber = taxExemption === 'reverse_charge' ? cart.customer!.vatNumber : null;
    const method = shippingMethod
      ? { id: encodeId('shippingMethod', shippingMethod.id), name: shippingMethod.name }
      : null;
    const promotions = priced.promotions.flatMap(({ applied, promotionId, name, code, amount }) =>
      applied ? [{ promotionId, name, code, amount }] : [],
    );
    const billingAddress = cart.billingAddress ?? cart.shippingAddress;
    const party = start.status === 'confirmed' ? [...along, this.placedAlong(tx, id)] : along;
    const [row] = await tx.query<Pick<OrderRow, 'number' | 'email' | 'placed_at' | 'created_at' | 'updated_at'>>(
      insertOrder(party),
      [
        id,
        cart.id,
        cart.tokenHash,
        cart.email,
        cart.currency,
        start.status,
        start.paymentStatus,
        priced.subtotal,
        priced.discountTotal,
        priced.shippingTotal,
        priced.shippingTax,
        priced.taxTotal,
        priced.total,
        taxIncluded,
        cart.shippingAddress,
        billingAddress,
        method && JSON.stringify(method),
        start.expiresAt,
        JSON.stringify(rows),
        cart.customerId,
        taxExemption,
        vatNumber,
        JSON.stringify(promotions),
        priced.total - priced.amountDue,
        ...party.flatMap(({ values }) => values),
      ],
    );
    const { number, email, placed_at, created_at, updated_at } = row!;
    if (start.paymentStatus === 'paid')
      this.announcePaid(tx, { id, number, total: priced.total, currency: cart.currency });
    return {
      id,
      number,
      email,
      placed_at,
      created_at,
      updated_at,
      token_hash: cart.tokenHash,
      customer_id: cart.customerId,
      status: start.status,
      payment_status: start.paymentStatus,
      fulfillment_status: 'unfulfilled',
      currency: cart.currency,
      subtotal: priced.subtotal,
      discount_total: priced.discountTotal,
      shipping_total: priced.shippingTotal,
      tax_total: priced.taxTotal,
      tax_included: taxIncluded,
      tax_exemption: taxExemption,
      vat_number: vatNumber,
      total: priced.total,
      credit_total: priced.total - priced.amountDue,
      shipping_address: cart.shippingAddress,
      billing_address: billingAddress,
      shipping_method: method,
      promotions,
      expires_at: start.expiresAt,
      canceled_at: null,
      cancel_reason: null,
      disputed: false,
      hold: null,
      version: 1,
      lines: rows,
      payments: null,
      credits: creditsOf(cart, priced.credits),
      fulfillments: null,
    };
  }

  /**
   * Changes a locked order and writes its timeline. Confirming it places it, and paying it in full announces that, once.
   * @throws Error for a move that order.state.ts does not know: a programming error
   */
  async change(tx: Tx, order: LockedOrder, change: OrderChange, entry: TimelineEntry): Promise<LockedOrder> {
    const moves = change.status !== undefined && change.status !== order.status;
    if (moves && !mayMove(order.status, change.status!))
      throw new Error(`order ${order.id} cannot move from ${order.status} to ${change.status}`);
    const [row] = await tx.query<LockedOrder>(
      `WITH e AS (
         INSERT INTO order_events (order_id, type, from_status, to_status, data, actor) VALUES ($1, $2, $3, $4, $5, $6))
       UPDATE orders SET status = coalesce($7, status), payment_status = coalesce($8, payment_status),
         fulfillment_status = coalesce($9, fulfillment_status),
         expires_at = CASE WHEN $10 THEN $11::timestamptz ELSE expires_at END,
         placed_at = CASE WHEN $7 = 'confirmed' THEN coalesce(placed_at, now()) ELSE placed_at END,
         canceled_at = CASE WHEN $7 = 'canceled' THEN now() WHEN $7 = 'confirmed' THEN NULL ELSE canceled_at END,
         cancel_reason = CASE WHEN $7 = 'canceled' THEN $12 WHEN $7 = 'confirmed' THEN NULL ELSE cancel_reason END,
         disputed = coalesce($13, disputed), hold = CASE WHEN $14 THEN $15 ELSE hold END,
         version = version + 1, updated_at = now()
       WHERE id = $1
       RETURNING id, number, status, payment_status, fulfillment_status, currency, total, credit_total, customer_id, token_hash,
         placed_at, expires_at, version, disputed, hold`,
      [
        order.id,
        entry.type,
        moves ? order.status : null,
        moves ? change.status : null,
        JSON.stringify(entry.data ?? {}),
        entry.actor,
        change.status ?? null,
        change.paymentStatus ?? null,
        change.fulfillmentStatus ?? null,
        change.expiresAt !== undefined,
        change.expiresAt ?? null,
        change.cancelReason ?? null,
        change.disputed ?? null,
        change.hold !== undefined,
        change.hold ?? null,
      ],
    );
    if (moves) await this.moveUses(tx, order, change.status!);
    if (moves && change.status === 'confirmed') this.announcePlaced(tx, order.id, order.number);
    // A refund that failed brings `paid` back, perhaps weeks later, when the outbox has forgotten the first announcement.
    const wasPaid = isPaid(order);
    if (change.paymentStatus === 'paid' && !wasPaid) this.announcePaid(tx, order);
    if (isStopped(order) && !isStopped(row!) && isPaid(row!) && row!.status !== 'canceled')
      announce(tx, {
        definition: OrderReleased,
        key: `${OrderReleased.topic}:${order.id}:${row!.version}`,
        aggregateType: 'order',
        aggregateId: order.id,
        payload: { orderId: encodeId('order', order.id), number: order.number },
      });
    if (moves && change.status === 'canceled') {
      announce(tx, {
        definition: OrderCanceled,
        key: `${OrderCanceled.topic}:${order.id}:${row!.version}`,
        aggregateType: 'order',
        aggregateId: order.id,
        payload: {
          orderId: encodeId('order', order.id),
          number: order.number,
          reason: change.cancelReason ?? 'staff',
          wasPlaced: order.placed_at !== null,
        },
      });
    }
    return row!;
  }

  /** An order that ends unpaid gives back what it used of promotions; one that comes back takes it again. */
  private async moveUses(tx: Tx, order: LockedOrder, to: OrderStatus): Promise<void> {
    if (to === 'canceled' && !isPaid(order)) await releasePromotionUses(tx, order.id);
    if (to !== 'confirmed' || order.status === 'pending_payment') return;
    const late = await retakePromotionUses(tx, order.id);
    if (late.length > 0)
      await this.note(tx, order.id, { type: 'promotion.used_late', actor: 'system', data: { promotionIds: late } });
  }

  /** Adds an entry to the timeline without changing the order. */
  async note(tx: Tx, orderId: string, entry: TimelineEntry): Promise<void> {
    await tx.query(`INSERT INTO order_events (order_id, type, data, actor) VALUES ($1, $2, $3, $4)`, [
      orderId,
      entry.type,
      JSON.stringify(entry.data ?? {}),
      entry.actor,
    ]);
  }

  /** Whether everything that is left of the order has been shipped. */
  async isShipped(tx: Tx, orderId: string): Promise<boolean> {
    const [shipped] = await tx.query<{ done: boolean | null }>(
      `SELECT bool_and(fulfilled_quantity + restocked_quantity >= quantity) AND sum(fulfilled_quantity) > 0 AS done
       FROM order_lines WHERE order_id = $1`,
      [orderId],
    );
    return shipped?.done ?? false;
  }

  /** What an order takes from the shelf. */
  async stockOf(tx: Tx, orderId: string): Promise<LineStock[]> {
    const rows = await tx.query<{ id: string; variant_id: string; quantity: number }>(
      `SELECT t.id, t.variant_id, t.quantity FROM order_lines l CROSS JOIN LATERAL ${STOCK_OF_LINE} t
       WHERE l.order_id = $1 AND t.stock_tracked ORDER BY t.variant_id`,
      [orderId],
    );
    return rows.map((r) => ({ orderLineId: r.id, variantId: r.variant_id, quantity: r.quantity }));
  }

  private announcePlaced(tx: Tx, id: string, number: number): void {
    const event = this.placed(id);
    announce(tx, { ...event, payload: { ...event.payload, number } });
  }

  /** For an order that begins confirmed; its number is known to its statement only. */
  private placedAlong(tx: Tx, id: string): WrittenWithOrder {
    return announceAlong(tx, this.placed(id), `jsonb_build_object('number', o.number)`, 'o');
  }

  private placed(id: string): DomainEvent {
    return {
      definition: OrderPlaced,
      aggregateType: 'order',
      aggregateId: id,
      payload: { orderId: encodeId('order', id) },
    };
  }

  private announcePaid(tx: Tx, order: { id: string; number: number; total: number; currency: string }): void {
    announce(tx, {
      definition: OrderPaid,
      aggregateType: 'order',
      aggregateId: order.id,
      payload: {
        orderId: encodeId('order', order.id),
        number: order.number,
        total: order.total,
        currency: order.currency,
      },
    });
  }
}
