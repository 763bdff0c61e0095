import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Address } from '../../cart/index.js';
import type { FulfillmentStatus, OrderPaymentStatus, OrderStatus } from '../order.state.js';

/** What was bought, at the prices of that moment. */
@Entity('orders')
export class Order {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ type: 'bigint', unique: true })
  number: number;
  @Column({ name: 'cart_id', type: 'uuid', unique: true })
  cartId: string;
  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;
  /** Whose account it belongs to. */
  @Column({ name: 'customer_id', type: 'uuid', nullable: true })
  customerId: string | null;
  @Column('text')
  email: string;
  @Column({ type: 'char', length: 3 })
  currency: string;
  @Column('text')
  status: OrderStatus;
  @Column({ name: 'payment_status', type: 'text' })
  paymentStatus: OrderPaymentStatus;
  @Column({ name: 'fulfillment_status', type: 'text' })
  fulfillmentStatus: FulfillmentStatus;
  @Column('bigint')
  subtotal: number;
  @Column({ name: 'discount_total', type: 'bigint' })
  discountTotal: number;
  @Column({ name: 'shipping_total', type: 'bigint' })
  shippingTotal: number;
  @Column({ name: 'shipping_tax', type: 'bigint' })
  shippingTax: number;
  @Column({ name: 'tax_total', type: 'bigint' })
  taxTotal: number;
  @Column('bigint')
  total: number;
  /** What gift cards and store credit pay of it. */
  @Column({ name: 'credit_total', type: 'bigint' })
  creditTotal: number;
  @Column({ name: 'tax_included', type: 'boolean' })
  taxIncluded: boolean;
  /** Why no tax is due; null where it is. */
  @Column({ name: 'tax_exemption', type: 'text', nullable: true })
  taxExemption: string | null;
  /** The buyer's, where tax is not due because of it. */
  @Column({ name: 'vat_number', type: 'text', nullable: true })
  vatNumber: string | null;
  @Column({ name: 'shipping_address', type: 'jsonb', nullable: true })
  shippingAddress: Address | null;
  @Column({ name: 'billing_address', type: 'jsonb', nullable: true })
  billingAddress: Address | null;
  @Column({ name: 'shipping_method', type: 'jsonb', nullable: true })
  shippingMethod: { id: string; name: string } | null;
  /** What applied, as it was then. */
  @Column('jsonb')
  promotions: { promotionId: string; name: string; code: string | null; amount: number }[];
  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3, nullable: true })
  expiresAt: Date | null;
  @Column({ name: 'placed_at', type: 'timestamptz', precision: 3, nullable: true })
  placedAt: Date | null;
  @Column({ name: 'canceled_at', type: 'timestamptz', precision: 3, nullable: true })
  canceledAt: Date | null;
  @Column({ name: 'cancel_reason', type: 'text', nullable: true })
  cancelReason: string | null;
  @Column('boolean')
  disputed: boolean;
  @Column({ type: 'text', nullable: true })
  hold: string | null;
  @Column('int')
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
