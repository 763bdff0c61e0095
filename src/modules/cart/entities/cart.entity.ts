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
  @Column('int')
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
