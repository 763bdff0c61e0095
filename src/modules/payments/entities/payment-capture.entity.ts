import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Money that is taken from a hold; at most one that did not fail for each payment. */
@Entity('payment_captures')
export class PaymentCapture {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'payment_id', type: 'uuid' })
  paymentId: string;
  @Column({ name: 'order_id', type: 'uuid' })
  orderId: string;
  @Column('text')
  status: 'pending' | 'succeeded' | 'failed';
  @Column('bigint')
  amount: number;
  @Column({ type: 'char', length: 3 })
  currency: string;
  @Column('jsonb')
  dropped: { lineId: string; quantity: number }[];
  @Column({ name: 'credit_back', type: 'bigint', default: 0 })
  creditBack: number;
  @Column({ type: 'text', nullable: true })
  failure: string | null;
  @Column({ name: 'request_key', type: 'text', nullable: true })
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
