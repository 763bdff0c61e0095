import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Cancellation } from '../payment.policy.js';
import type { PaymentStatus } from '../payment.state.js';

/** Money asked for an order; at most one that is not canceled. */
@Entity('payments')
export class Payment {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'order_id', type: 'uuid' })
  orderId: string;
  @Column('text')
  provider: 'stripe' | 'manual';
  @Column({ name: 'provider_ref', type: 'text', nullable: true, unique: true })
  providerRef: string | null;
  @Column('text')
  status: PaymentStatus;
  @Column({ type: 'char', length: 3 })
  currency: string;
  @Column('bigint')
  amount: number;
  @Column('bigint')
  captured: number;
  @Column('bigint')
  refunded: number;
  /** What of it was given back as store credit. */
  @Column('bigint')
  credited: number;
  @Column({ name: 'capture_method', type: 'text' })
  captureMethod: 'automatic' | 'manual';
  @Column('bigint')
  authorized: number;
  @Column({ name: 'capture_before', type: 'timestamptz', precision: 3, nullable: true })
  captureBefore: Date | null;
  @Column({ type: 'text', nullable: true })
  review: 'open' | 'accepted' | 'rejected' | null;
  @Column({ name: 'error_code', type: 'text', nullable: true })
  errorCode: string | null;
  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage: string | null;
  /** Who asked the provider to cancel it, and why, until the provider has answered. */
  @Column({ type: 'jsonb', nullable: true })
  cancellation: Cancellation | null;
  @Column('int')
  version: number;
  /** Which idempotency key the provider is asked with; the ones before it are spent. */
  @Column({ name: 'key_generation', type: 'int', default: 0 })
  keyGeneration: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
