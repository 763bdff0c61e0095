import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Address } from '../dto/address.dto.js';

/** What a shopper is about to buy. */
@Entity('carts')
export class Cart {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;
  /** Whose account it belongs to. */
  @Column({ name: 'customer_id', type: 'uuid', nullable: true })
  customerId: string | null;
  @Column({ type: 'char', length: 3 })
  currency: string;
  /** Where it was begun; null where no market is made for the country. */
  @Column({ name: 'market_id', type: 'uuid', nullable: true })
  marketId: string | null;
  /** Whether its prices contain the tax; null: as the settings say. */
  @Column({ name: 'tax_included', type: 'boolean', nullable: true })
  taxIncluded: boolean | null;
  /** What an outside tax service said. */
  @Column({ name: 'tax_quote', type: 'jsonb', nullable: true })
  taxQuote: object | null;
  @Column('text')
  status: 'open' | 'completed';
  @Column({ type: 'text', nullable: true })
  email: string | null;
  @Column({ name: 'shipping_address', type: 'jsonb', nullable: true })
  shippingAddress: Address | null;
  @Column({ name: 'billing_address', type: 'jsonb', nullable: true })
  billingAddress: Address | null;
  @Column({ name: 'shipping_method_id', type: 'uuid', nullable: true })
  shippingMethodId: string | null;
  @Column({ name: 'promotion_codes', type: 'text', array: true })
  promotionCodes: string[];
  @Column({ name: 'use_store_credit', type: 'boolean' })
  useStoreCredit: boolean;
  @Column('int')
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
