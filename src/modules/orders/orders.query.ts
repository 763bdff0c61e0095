import { Inject, Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn, type Queryable } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { encodeId } from '#libs/ids';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { ShopperIdentity } from '../auth/index.js';
import { type Address, type CartPart, isOf } from '../cart/index.js';
import type { TaxExemption } from '../pricing/index.js';
import { OrderResponse, type OrderEventResponse, type OrderSummaryResponse } from './dto/order.response.js';
import type { OrderListQuery } from './dto/orders.request.js';
import { FindOrder } from './find-order.service.js';

/** A part of a bundle, as it was when that was sold. */
export interface OrderPart extends Omit<CartPart, 'available'> {
  /** uuid; what its stock is reserved for */
  id: string;
  stockTracked: boolean;
}

/** Everything about an order, in one statement. */
export interface OrderRow {
  id: string;
  number: number;
  token_hash: Buffer;
  customer_id: string | null;
  status: string;
  payment_status: string;
  fulfillment_status: string;
  email: string;
  currency: string;
  subtotal: number;
  discount_total: number;
  shipping_total: number;
  tax_total: number;
  tax_included: boolean;
  tax_exemption: TaxExemption | null;
  vat_number: string | null;
  total: number;
  credit_total: number;
  shipping_address: Address | null;
  billing_address: Address | null;
  shipping_method: { id: string; name: string } | null;
  promotions: { promotionId: string; name: string; code: string | null; amount: number }[];
  expires_at: Date | null;
  placed_at: Date | null;
  canceled_at: Date | null;
  cancel_reason: string | null;
  disputed: boolean;
  hold: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
  lines: {
    id: string;
    variant_id: string;
    product_id: string;
    title: string;
    variant_title: string;
    sku: string | null;
    thumbnail: string | null;
    quantity: number;
    fulfilled_quantity: number;
    unit_price: number;
    compare_at: number | null;
    discount_total: number;
    discounts: readonly { promotionId: string; amount: number }[];
    tax_total: number;
    total: number;
    /** of a bundle */
    parts: readonly OrderPart[] | null;
  }[];
  payments:
    | {
        id: string;
        provider: string;
        status: string;
        amount: number;
        authorized: number;
        captured: number;
        refunded: number;
        credited: number;
        capture_before: string | null;
      }[]
    | null;
  credits:
    | {
        gift_card_id: string | null;
        last4: string | null;
        amount: number;
        refunded: number;
        state: string;
      }[]
    | null;
  fulfillments:
    | {
        id: string;
        carrier: string | null;
        tracking_number: string | null;
        created_at: string;
        lines: { order_line_id: string; quantity: number }[];
      }[]
    | null;
}

const SELECT_ORDER = `
  SELECT o.id, o.number, o.token_hash, o.customer_id, o.status, o.payment_status, o.fulfillment_status, o.email, o.currency, o.subtotal, o.discount_total,
    o.shipping_total, o.tax_total, o.tax_included, o.tax_exemption, o.vat_number, o.total, o.credit_total, o.shipping_address, o.billing_address, o.shipping_method, o.promotions, o.expires_at,
    o.placed_at, o.canceled_at, o.cancel_reason, o.disputed, o.hold, o.version, o.created_at, o.updated_at,
    (SELECT json_agg(json_build_object('id', l.id, 'variant_id', l.variant_id, 'product_id', l.product_id, 'title', l.title,
        'variant_title', l.variant_title, 'sku', l.sku, 'thumbnail', l.thumbnail, 'quantity', l.quantity,
        'fulfilled_quantity', l.fulfilled_quantity, 'unit_price', l.unit_price, 'compare_at', l.compare_at, 'discount_total', l.discount_total, 'discounts', l.discounts,
        'tax_total', l.tax_total, 'total', l.total, 'parts', l.parts) ORDER BY l.position)
     FROM order_lines l WHERE l.order_id = o.id) AS lines,
    (SELECT json_agg(json_build_object('id', p.id, 'provider', p.provider, 'status', p.status, 'amount', p.amount,
        'authorized', p.authorized, 'captured', p.captured, 'refunded', p.refunded, 'credited', p.credited,
        'capture_before', CASE WHEN p.status = 'authorized' THEN p.capture_before END)
        ORDER BY p.created_at, p.id)
     FROM payments p WHERE p.order_id = o.id) AS payments,
    CASE WHEN o.credit_total > 0 THEN
      (SELECT json_agg(json_build_object('gift_card_id', c.gift_card_id, 'last4', g.last4, 'amount', c.amount, 'refunded', c.refunded,
          'state', c.state) ORDER BY c.position)
       FROM order_credits c LEFT JOIN gift_cards g ON g.id = c.gift_card_id WHERE c.order_id = o.id) END AS credits,
    (SELECT json_agg(json_build_object('id', f.id, 'carrier', f.carrier, 'tracking_number', f.tracking_number, 'created_at', f.created_at,
        'lines', (SELECT json_agg(json_build_object('order_line_id', fl.order_line_id, 'quantity', fl.quantity))
                  FROM fulfillment_lines fl WHERE fl.fulfillment_id = f.id)) ORDER BY f.created_at, f.id)
     FROM fulfillments f WHERE f.order_id = o.id) AS fulfillments
  FROM orders o`;

/** How many orders are read in one go where all are wanted. */
const ORDERS_AT_ONCE = 100;
const NEWEST: KeysetColumn[] = [
  { sql: 'o.created_at', type: 'timestamptz', descending: true },
  { sql: 'o.id', type: 'uuid', descending: true },
];

/** What banks say of a shopper, and what the shop makes of it. */
const NOT_FOR_SHOPPERS = [
  'promotion.used_late',
  'order.fraud_warning',
  'order.hold_released',
  'dispute.evidence_kept',
  'dispute.evidence_submitted',
  'dispute.accepted',
];

const NO_ORDER = { detail: 'There is no such order, or neither X-Cart-Token nor your account fits it.' };

/** Reads orders: for their shopper, and for staff. */
@Injectable()
export class OrdersQuery {
  constructor(
    private readonly db: Db,
    private readonly links: FindOrder,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** The order for its customer, or whoever has the token of the cart that it was or of a link to it. Others find nothing. */
  async forShopper(id: string, shopper: ShopperIdentity, db: Queryable = this.db): Promise<OrderResponse> {
    const row = await this.find(id, db);
    if (!row || !(await this.isTheirs(row, shopper, db))) throw NotFound(NO_ORDER);
    return OrderResponse.from(row, this.config.publicUrl);
  }

  /** The order for the shopper who has just placed it, as `OrdersRepository.insert` wrote it. */
  placed(order: OrderRow, payments: OrderRow['payments']): OrderResponse {
    return OrderResponse.from({ ...order, payments }, this.config.publicUrl);
  }

  /** The order for staff, with its version. */
  async forStaff(id: string): Promise<{ body: OrderResponse; version: number }> {
    const row = await this.find(id);
    if (!row) throw NotFound({ detail: 'There is no such order.' });
    return { body: OrderResponse.from(row, this.config.publicUrl, 'staff'), version: row.version };
  }

  /** @throws not_found when the order is not theirs */
  async assertShopper(id: string, shopper: ShopperIdentity): Promise<void> {
    const [row] = await this.db.query<Owned>(`SELECT id, token_hash, customer_id FROM orders WHERE id = $1`, [id]);
    if (!row || !(await this.isTheirs(row, shopper))) throw NotFound(NO_ORDER);
  }

  /** The timeline of an order, oldest first. Shoppers do not learn which member of staff did something. */
  async timeline(id: string, audience: 'shopper' | 'staff'): Promise<{ data: OrderEventResponse[] }> {
    const rows = await this.db.query<{
      type: string;
      from_status: string | null;
      to_status: string | null;
      data: Record<string, unknown>;
      actor: string;
      created_at: Date;
    }>(
      `SELECT type, from_status, to_status, data, actor, created_at FROM order_events WHERE order_id = $1 AND NOT type = ANY($2) ORDER BY id`,
      [id, audience === 'shopper' ? NOT_FOR_SHOPPERS : []],
    );
    if (rows.length === 0) throw NotFound({ detail: 'There is no such order.' });
    return {
      data: rows.map((row) => ({
        type: row.type,
        fromStatus: row.from_status,
        toStatus: row.to_status,
        data: audience === 'shopper' ? withoutNote(row.data) : row.data,
        actor: audience === 'shopper' && row.actor.startsWith('staff:') ? 'staff' : row.actor,
        createdAt: row.created_at.toISOString(),
      })),
    };
  }

  /** A customer's orders, newest first, as staff see them: the caller leaves out what is not for the customer. */
  listOf(customerId: string, query: ListQuery): Promise<{ data: OrderSummaryResponse[]; page: Page }> {
    return this.list(query, customerId);
  }

  /** Everything about every order of a customer, oldest first: for those who want to see what is known of them. */
  async allOf(customerId: string): Promise<OrderResponse[]> {
    const orders: OrderResponse[] = [];
    let after: OrderRow | undefined;
    for (;;) {
      const rows = await this.db.query<OrderRow>(
        `${SELECT_ORDER} WHERE o.customer_id = $1 AND ($2::uuid IS NULL OR (o.created_at, o.id) > (
           SELECT created_at, id FROM orders WHERE id = $2))
         ORDER BY o.created_at, o.id LIMIT ${ORDERS_AT_ONCE}`,
        [customerId, after?.id ?? null],
      );
      orders.push(...rows.map((row) => OrderResponse.from(row, this.config.publicUrl)));
      if (rows.length < ORDERS_AT_ONCE) return orders;
      after = rows.at(-1);
    }
  }

  /** The staff's list, newest first. */
  async list(query: OrderListQuery, customerId?: string): Promise<{ data: OrderSummaryResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const values: unknown[] = [];
    const conditions: string[] = [];
    const add = (condition: (parameter: string) => string, value: unknown) => {
      values.push(value);
      conditions.push(condition(`$${values.length}`));
    };
    if (customerId) add((p) => `o.customer_id = ${p}`, customerId);
    if (query.status) add((p) => `o.status = ${p}`, query.status);
    if (query.paymentStatus) add((p) => `o.payment_status = ${p}`, query.paymentStatus);
    if (query.fulfillmentStatus) add((p) => `o.fulfillment_status = ${p}`, query.fulfillmentStatus);
    if (query['createdAt[gte]']) add((p) => `o.created_at >= ${p}`, new Date(query['createdAt[gte]']));
    if (query['createdAt[lte]']) add((p) => `o.created_at <= ${p}`, new Date(query['createdAt[lte]']));
    const q = query.q?.trim();
    if (q) {
      if (/^#?\d{1,15}$/.test(q)) add((p) => `o.number = ${p}`, Number(q.replace('#', '')));
      else add((p) => `lower(o.email) LIKE ${p}`, `%${q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`);
    }
    const where = conditions.length > 0 ? conditions.join(' AND ') : 'TRUE';
    const keyset = keysetPage('orders', NEWEST, query.cursor, values.length + 1);
    const rows = await this.db.query<SummaryRow>(
      `SELECT o.id, o.number, o.status, o.payment_status, o.fulfillment_status, o.email, o.currency, o.total, o.disputed, o.hold, o.placed_at, o.created_at,
         (SELECT sum(l.quantity)::int FROM order_lines l WHERE l.order_id = o.id) AS item_count
       FROM orders o WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM orders o WHERE ${where}`, values))[0]!.n
      : undefined;
    const page = pageOf(
      'orders',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (r) => [r.created_at.toISOString(), r.id],
      total,
    );
    return {
      data: page.rows.map((r) => ({
        id: encodeId('order', r.id),
        number: String(r.number),
        status: r.status,
        paymentStatus: r.payment_status,
        fulfillmentStatus: r.fulfillment_status,
        email: r.email,
        disputed: r.disputed,
        hold: r.hold,
        itemCount: r.item_count,
        total: { amount: r.total, currency: r.currency },
        placedAt: r.placed_at?.toISOString() ?? null,
        createdAt: r.created_at.toISOString(),
      })),
      page: page.page,
    };
  }

  private async isTheirs(row: Owned, shopper: ShopperIdentity, db: Queryable = this.db): Promise<boolean> {
    if (isOf(shopper, { tokenHash: row.token_hash, customerId: row.customer_id })) return true;
    return shopper.cartToken !== undefined && (await this.links.opens(shopper.cartToken, row.id, db));
  }

  private async find(id: string, db: Queryable = this.db): Promise<OrderRow | undefined> {
    const [row] = await db.query<OrderRow>(`${SELECT_ORDER} WHERE o.id = $1`, [id]);
    return row;
  }
}

/** Whose an order is. */
type Owned = Pick<OrderRow, 'id' | 'token_hash' | 'customer_id'>;

/** What staff write to each other stays with them. */
function withoutNote(data: Record<string, unknown>): Record<string, unknown> {
  const { note: _note, ...rest } = data;
  return rest;
}

interface SummaryRow {
  id: string;
  number: number;
  status: string;
  payment_status: string;
  fulfillment_status: string;
  email: string;
  currency: string;
  total: number;
  disputed: boolean;
  hold: string | null;
  placed_at: Date | null;
  created_at: Date;
  item_count: number;
}
