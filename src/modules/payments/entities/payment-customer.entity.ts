import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who a customer is at the payment provider. */
@Entity('payment_customers')
export class PaymentCustomer {
  @PrimaryColumn({ name: 'customer_id', type: 'uuid' })
  customerId: string;
  /** null until the provider's answer is known. */
  @Column({ name: 'provider_ref', type: 'text', nullable: true, unique: true })
  providerRef: string | null;
  /** Which idempotency key the provider is asked with; the ones before it are spent, or of somebody it has lost. */
  @Column({ name: 'key_generation', type: 'int', default: 0 })
  keyGeneration: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
