import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The one row that says what sort of shop this is. Its version counts every change of settings, taxes and shipping. */
@Entity('shop_settings')
export class ShopSettings {
  /** Always 1. */
  @PrimaryColumn('smallint')
  id: number;
  @Column('text')
  name: string;
  @Column('char', { length: 3 })
  currency: string;
  @Column({ name: 'sender_email', type: 'text' })
  senderEmail: string;
  @Column({ name: 'notify_email', type: 'text' })
  notifyEmail: string;
  /** ISO 3166 alpha-2: where it is taxed; null until somebody says so. */
  @Column('char', { length: 2, nullable: true })
  country: string | null;
  @Column({ name: 'prices_include_tax', type: 'boolean' })
  pricesIncludeTax: boolean;
  @Column({ name: 'manual_payments', type: 'boolean' })
  manualPayments: boolean;
  /** Whether new orders may be paid with Stripe; what is under way there is not touched. */
  @Column({ name: 'stripe_payments', type: 'boolean', default: true })
  stripePayments: boolean;
  @Column({ name: 'payment_capture', type: 'text' })
  paymentCapture: 'automatic' | 'manual';
  @Column({ name: 'low_stock_threshold', type: 'integer' })
  lowStockThreshold: number;
  /** Whether staff enter with a second factor only. */
  @Column({ name: 'two_factor_required', type: 'boolean', default: false })
  twoFactorRequired: boolean;
  /** What active promotions need to know of a cart. */
  @Column({ name: 'promotion_facts', type: 'text', array: true })
  promotionFacts: string[];
  /** What it has begun to use: `price_lists`, `gift_cards`, `store_credit`. */
  @Column({ name: 'uses', type: 'text', array: true })
  uses: string[];
  @Column('integer')
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
