import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who a customer is at the payment provider. */
@Entity('payment_customers')
export class PaymentCustomer {
  @PrimaryColumn({ name: 'customer_id', type: 'uuid' })
  customerId: string;
  /** null until the provider's answer is known. */
  @Column({ name: 'provider_ref', type: 'text', nullable: true, unique: true })
  providerRef: string | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
