import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Somebody who wants to hear, once, when a variant can be bought again. */
@Entity('stock_alerts')
export class StockAlertEntity {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @Column({ type: 'text' })
  email: string;
  @Column({ name: 'customer_id', type: 'uuid', nullable: true })
  customerId: string | null;
  /** null while they wait; some weeks later the row goes. */
  @Column({ name: 'notified_at', type: 'timestamptz', precision: 3, nullable: true })
  notifiedAt: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
