import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import { Address, LineDiscountResponse, LinePartResponse } from '../../cart/index.js';
import { fullMediaUrl } from '../../catalog/index.js';
import { Money } from '../../pricing/index.js';
import { FULFILLMENT_STATUSES, ORDER_HOLDS, ORDER_STATUSES, PAYMENT_STATUSES } from '../order.state.js';
import type { OrderPart, OrderRow } from '../orders.query.js';

/** A line of an order, as it was sold. */
export class OrderLineResponse {
  @ApiProperty()
  id: string;
  @ApiProperty()
  variantId: string;
  @ApiProperty()
  productId: string;
  @ApiProperty()
  title: string;
  @ApiProperty()
  variantTitle: string;
  @ApiProperty({ type: String, nullable: true })
  sku: string | null;
  @ApiProperty({ type: String, nullable: true })
  thumbnail: string | null;
  @ApiProperty({ type: 'integer' })
  quantity: number;
  @ApiProperty({ type: 'integer', description: 'handed to a carrier' })
  fulfilledQuantity: number;
  @ApiProperty({ type: Money })
  unitPrice: Money;
  @ApiProperty({ type: Money, nullable: true, description: 'what it usually cost, where the unit price was below it' })
  compareAt: Money | null;
  @ApiProperty({ type: Money })
  discountTotal: Money;
  @ApiProperty({ type: [LineDiscountResponse], description: 'what `discountTotal` is made of' })
  discounts: LineDiscountResponse[];
  @ApiProperty({ type: Money })
  taxTotal: Money;
  @ApiProperty({ type: Money })
  total: Money;
  @ApiProperty({
    type: [LinePartResponse],
    required: false,
    description: 'what is in it as it was sold; only of bundles',
  })
  parts?: LinePartResponse[];
}

/** A promotion that applied to an order. */
export class OrderPromotionResponse {
  @ApiProperty()
  promotionId: string;
  @ApiProperty({ description: 'as it was called then' })
  name: string;
  @ApiProperty({ type: String, nullable: true, description: 'null for one that came by itself' })
  code: string | null;
  @ApiProperty({ type: Money, description: 'what it took off, lines and shipping together' })
  amount: Money;
}

/** A payment of an order. */
export class OrderPaymentResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ enum: ['stripe', 'manual'] })
  provider: string;
  @ApiProperty({
    enum: ['requires_payment_method', 'requires_action', 'processing', 'authorized', 'succeeded', 'canceled'],
  })
  status: string;
  @ApiProperty({ type: Money })
  amount: Money;
  @ApiProperty({ type: Money, description: 'what the bank held until it was captured' })
  authorized: Money;
  @ApiProperty({ type: Money })
  captured: Money;
  @ApiProperty({ type: Money })
  refunded: Money;
  @ApiProperty({ type: String, nullable: true, description: 'when the bank lets go of what it holds' })
  captureBefore: string | null;
}

/** What of a line is in a parcel. */
export class FulfillmentLineResponse {
  @ApiProperty()
  lineId: string;
  @ApiProperty({ type: 'integer' })
  quantity: number;
  @ApiProperty({
    type: [LinePartResponse],
    required: false,
    description: 'only of bundles: what is to be packed, `quantity` being that of the whole parcel',
  })
  parts?: LinePartResponse[];
}

/** A parcel of an order. */
export class FulfillmentResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ type: String, nullable: true })
  carrier: string | null;
  @ApiProperty({ type: String, nullable: true })
  trackingNumber: string | null;
  @ApiProperty({ type: [FulfillmentLineResponse] })
  lines: FulfillmentLineResponse[];
  @ApiProperty()
  createdAt: string;
}

/** What a gift card pays of an order. */
export class OrderGiftCardResponse {
  @ApiProperty({ example: 'gift_01j40000000000000000000001' })
  id: string;
  @ApiProperty({ example: 'PQRS', description: 'the last characters of its code' })
  last4: string;
  @ApiProperty({ type: Money, description: 'what it pays; nothing once an unpaid order has ended' })
  amount: Money;
  @ApiProperty({ type: Money, description: 'what went back to it after the order was paid' })
  refunded: Money;
}

/** What store credit pays of an order. */
export class OrderStoreCreditResponse {
  @ApiProperty({ type: Money, description: 'what it pays; nothing once an unpaid order has ended' })
  amount: Money;
  @ApiProperty({ type: Money, description: 'what went back to it after the order was paid' })
  refunded: Money;
}

/** How the order is shipped. */
export class OrderShippingMethod {
  @ApiProperty()
  id: string;
  @ApiProperty()
  name: string;
}

/** An order. */
export class OrderResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ type: 'string', example: '1001' })
  number: string;
  @ApiProperty({ enum: ORDER_STATUSES })
  status: string;
  @ApiProperty({ enum: PAYMENT_STATUSES })
  paymentStatus: string;
  @ApiProperty({ enum: FULFILLMENT_STATUSES })
  fulfillmentStatus: string;
  @ApiProperty()
  email: string;
  @ApiProperty()
  currency: string;
  @ApiProperty({ type: [OrderLineResponse] })
  lines: OrderLineResponse[];
  @ApiProperty({ type: Money })
  subtotal: Money;
  @ApiProperty({ type: Money })
  discountTotal: Money;
  @ApiProperty({ type: [OrderPromotionResponse] })
  promotions: OrderPromotionResponse[];
  @ApiProperty({ type: Money })
  shippingTotal: Money;
  @ApiProperty({ type: Money })
  taxTotal: Money;
  @ApiProperty()
  taxIncluded: boolean;
  @ApiProperty({
    enum: ['exempt', 'reverse_charge'],
    nullable: true,
    description: 'why no tax was due: the shop exempts the customer, or their business owes it itself (EU)',
  })
  taxExemption: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'of the business that owes the tax itself' })
  vatNumber: string | null;
  @ApiProperty({ type: Money })
  total: Money;
  @ApiProperty({ type: [OrderGiftCardResponse] })
  giftCards: OrderGiftCardResponse[];
  @ApiProperty({ type: OrderStoreCreditResponse, nullable: true, description: 'null where none was used' })
  storeCredit: OrderStoreCreditResponse | null;
  @ApiProperty({ type: Money, description: 'what gift cards and store credit were to pay of the total' })
  creditTotal: Money;
  @ApiProperty({ type: Money, description: 'what a payment is asked for: total - creditTotal' })
  amountDue: Money;
  @ApiProperty({
    type: Money,
    description: 'what was taken by payments; less than `amountDue` when only a part was captured',
  })
  capturedTotal: Money;
  @ApiProperty({ type: Money, description: 'what went back, to payments, gift cards and store credit' })
  refundedTotal: Money;
  @ApiProperty({ type: () => Address, nullable: true })
  shippingAddress: Address | null;
  @ApiProperty({ type: () => Address, nullable: true })
  billingAddress: Address | null;
  @ApiProperty({ type: OrderShippingMethod, nullable: true })
  shippingMethod: OrderShippingMethod | null;
  @ApiProperty({ type: [OrderPaymentResponse] })
  payments: OrderPaymentResponse[];
  @ApiProperty({ type: [FulfillmentResponse] })
  fulfillments: FulfillmentResponse[];
  @ApiProperty({ type: String, nullable: true, description: 'until when an unpaid order keeps its stock' })
  expiresAt: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'when it was confirmed' })
  placedAt: string | null;
  @ApiProperty({ type: String, nullable: true })
  canceledAt: string | null;
  @ApiProperty({ type: String, nullable: true })
  cancelReason: string | null;
  @ApiProperty({
    type: Boolean,
    required: false,
    description: 'for staff: the payment is disputed; nothing is shipped',
  })
  disputed?: boolean;
  @ApiProperty({
    enum: ORDER_HOLDS,
    nullable: true,
    required: false,
    description: 'for staff: why it is held back until somebody releases it',
  })
  hold?: string | null;
  @ApiProperty()
  createdAt: string;
  @ApiProperty()
  updatedAt: string;

  /** @param audience what the bank says of a shopper is not told to the shopper */
  static from(row: OrderRow, publicUrl: string, audience: 'shopper' | 'staff' = 'shopper'): OrderResponse {
    const money = (amount: number): Money => ({ amount, currency: row.currency });
    const credits = (row.credits ?? []).map((c) => (c.state === 'returned' ? { ...c, amount: 0 } : c));
    const storeCredit = credits.find((c) => c.gift_card_id === null);
    const iso = (date: Date | null) => date?.toISOString() ?? null;
    return {
      id: encodeId('order', row.id),
      number: String(row.number),
      status: row.status,
      paymentStatus: row.payment_status,
      fulfillmentStatus: row.fulfillment_status,
      email: row.email,
      currency: row.currency,
      lines: row.lines.map((l) => ({
        id: encodeId('line', l.id),
        variantId: encodeId('variant', l.variant_id),
        productId: encodeId('product', l.product_id),
        title: l.title,
        variantTitle: l.variant_title,
        sku: l.sku,
        thumbnail: l.thumbnail === null ? null : fullMediaUrl(l.thumbnail, publicUrl),
        quantity: l.quantity,
        fulfilledQuantity: l.fulfilled_quantity,
        unitPrice: money(l.unit_price),
        compareAt: l.compare_at === null ? null : money(l.compare_at),
        discountTotal: money(l.discount_total),
        discounts: l.discounts.map(({ promotionId, amount }) => ({
          promotionId: encodeId('promotion', promotionId),
          amount: money(amount),
        })),
        taxTotal: money(l.tax_total),
        total: money(l.total),
        ...(l.parts && { parts: l.parts.map((part) => LinePartResponse.from(part)) }),
      })),
      subtotal: money(row.subtotal),
      discountTotal: money(row.discount_total),
      promotions: row.promotions.map(({ promotionId, name, code, amount }) => ({
        promotionId: encodeId('promotion', promotionId),
        name,
        code,
        amount: money(amount),
      })),
      shippingTotal: money(row.shipping_total),
      taxTotal: money(row.tax_total),
      taxIncluded: row.tax_included,
      taxExemption: row.tax_exemption,
      vatNumber: row.vat_number,
      total: money(row.total),
      giftCards: credits
        .filter((c) => c.gift_card_id !== null)
        .map((c) => ({
          id: encodeId('giftCard', c.gift_card_id!),
          last4: c.last4!,
          amount: money(c.amount),
          refunded: money(c.refunded),
        })),
      storeCredit: storeCredit ? { amount: money(storeCredit.amount), refunded: money(storeCredit.refunded) } : null,
      creditTotal: money(row.credit_total),
      amountDue: money(row.total - row.credit_total),
      capturedTotal: money((row.payments ?? []).reduce((sum, p) => sum + p.captured, 0)),
      refundedTotal: money(
        (row.payments ?? []).reduce((sum, p) => sum + p.refunded + p.credited, 0) +
          credits.reduce((sum, c) => sum + c.refunded, 0),
      ),
      shippingAddress: row.shipping_address,
      billingAddress: row.billing_address,
      shippingMethod: row.shipping_method,
      payments: (row.payments ?? []).map((p) => ({
        id: encodeId('payment', p.id),
        provider: p.provider,
        status: p.status,
        amount: money(p.amount),
        authorized: money(p.authorized),
        captured: money(p.captured),
        refunded: money(p.refunded),
        captureBefore: p.capture_before === null ? null : new Date(p.capture_before).toISOString(),
      })),
      fulfillments: (row.fulfillments ?? []).map((f) => ({
        id: encodeId('fulfillment', f.id),
        carrier: f.carrier,
        trackingNumber: f.tracking_number,
        lines: f.lines.map(({ order_line_id: lineId, quantity }) => ({
          lineId: encodeId('line', lineId),
          quantity,
          ...packed(row.lines.find((line) => line.id === lineId)?.parts, quantity),
        })),
        createdAt: new Date(f.created_at).toISOString(),
      })),
      expiresAt: iso(row.expires_at),
      placedAt: iso(row.placed_at),
      canceledAt: iso(row.canceled_at),
      cancelReason: row.cancel_reason,
      ...(audience === 'staff' ? { disputed: row.disputed, hold: row.hold } : {}),
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
  }
}

/** The parts of so many bundles. */
const packed = (parts: readonly OrderPart[] | null | undefined, bundles: number) =>
  parts ? { parts: parts.map((part) => LinePartResponse.from({ ...part, quantity: part.quantity * bundles })) } : {};

/** A row of the staff's order list. */
export class OrderSummaryResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ example: '1001' })
  number: string;
  @ApiProperty({ enum: ORDER_STATUSES })
  status: string;
  @ApiProperty({ enum: PAYMENT_STATUSES })
  paymentStatus: string;
  @ApiProperty({ enum: FULFILLMENT_STATUSES })
  fulfillmentStatus: string;
  @ApiProperty()
  email: string;
  @ApiProperty({ type: Boolean, description: 'the payment is disputed; nothing is shipped' })
  disputed: boolean;
  @ApiProperty({ enum: ORDER_HOLDS, nullable: true, description: 'why it is held back' })
  hold: string | null;
  @ApiProperty({ type: 'integer' })
  itemCount: number;
  @ApiProperty({ type: Money })
  total: Money;
  @ApiProperty({ type: String, nullable: true })
  placedAt: string | null;
  @ApiProperty()
  createdAt: string;
}

/** An entry of an order's timeline. */
export class OrderEventResponse {
  @ApiProperty({ example: 'order.created' })
  type: string;
  @ApiProperty({ type: String, nullable: true })
  fromStatus: string | null;
  @ApiProperty({ type: String, nullable: true })
  toStatus: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true })
  data: Record<string, unknown>;
  @ApiProperty({ description: 'customer, system, stripe or a member of staff' })
  actor: string;
  @ApiProperty()
  createdAt: string;
}
