import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { OrderPart } from '../orders.query.js';

/** One variant of an order, as it was sold. */
@Entity('order_lines')
export class OrderLine {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'order_id', type: 'uuid' })
  orderId: string;
  @Column('int')
  position: number;
  @Column({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @Column({ name: 'product_id', type: 'uuid' })
  productId: string;
  @Column('text')
  title: string;
  @Column({ name: 'variant_title', type: 'text' })
  variantTitle: string;
  @Column({ type: 'text', nullable: true })
  sku: string | null;
  @Column({ type: 'text', nullable: true })
  thumbnail: string | null;
  @Column('int')
  quantity: number;
  @Column({ name: 'unit_price', type: 'bigint' })
  unitPrice: number;
  /** uuid of the price list it is from; null for the variant's own price */
  @Column({ name: 'price_list_id', type: 'uuid', nullable: true })
  priceListId: string | null;
  @Column({ name: 'compare_at', type: 'bigint', nullable: true })
  compareAt: number | null;
  @Column({ name: 'discount_total', type: 'bigint' })
  discountTotal: number;
  /** Parts of `discountTotal`. */
  @Column('jsonb')
  discounts: { promotionId: string; amount: number }[];
  @Column({ name: 'tax_total', type: 'bigint' })
  taxTotal: number;
  @Column({ name: 'tax_ppm', type: 'int' })
  taxPpm: number;
  @Column('bigint')
  total: number;
  @Column({ name: 'requires_shipping', type: 'boolean' })
  requiresShipping: boolean;
  @Column({ name: 'stock_tracked', type: 'boolean' })
  stockTracked: boolean;
  @Column({ name: 'is_gift_card', type: 'boolean' })
  isGiftCard: boolean;
  @Column({ name: 'recipient_email', type: 'text', nullable: true })
  recipientEmail: string | null;
  /** Of a bundle, what it was made of. */
  @Column({ type: 'jsonb', nullable: true })
  parts: OrderPart[] | null;
  @Column({ name: 'fulfilled_quantity', type: 'int' })
  fulfilledQuantity: number;
  @Column({ name: 'restocked_quantity', type: 'int' })
  restockedQuantity: number;
}
