import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Money on its way back. */
@Entity('refunds')
export class Refund {
  @PrimaryColumn('uuid')
  id: string;
  /** null for what goes to a gift card or to store credit */
  @Column({ name: 'payment_id', type: 'uuid', nullable: true })
  paymentId: string | null;
  @Column('text')
  destination: 'payment' | 'gift_card' | 'store_credit';
  /** The first part of a refund that goes to several places. */
  @Column({ name: 'part_of', type: 'uuid', nullable: true })
  partOf: string | null;
  /** By which payment had come what is given as store credit. */
  @Column({ name: 'credited_payment_id', type: 'uuid', nullable: true })
  creditedPaymentId: string | null;
  @Column({ name: 'credited_amount', type: 'bigint' })
  creditedAmount: number;
  @Column({ name: 'order_id', type: 'uuid' })
  orderId: string;
  @Column({ name: 'provider_ref', type: 'text', nullable: true, unique: true })
  providerRef: string | null;
  @Column('text')
  status: 'pending' | 'succeeded' | 'failed';
  @Column('bigint')
  amount: number;
  @Column({ type: 'char', length: 3 })
  currency: string;
  @Column('text')
  reason: string;
  @Column('jsonb')
  lines: { lineId: string; quantity: number }[];
  @Column('boolean')
  restock: boolean;
  @Column({ type: 'text', nullable: true })
  failure: string | null;
  @Column({ name: 'request_key', type: 'text', nullable: true, unique: true })
  requestKey: string | null;
  @Column('text')
  actor: string;
  /** Which idempotency key the provider is asked with; the ones before it are spent. */
  @Column({ name: 'key_generation', type: 'int', default: 0 })
  keyGeneration: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
