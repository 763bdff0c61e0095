import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Customers who have prices or promotions of their own. */
@Entity('customer_groups')
export class CustomerGroup {
  @PrimaryColumn('uuid')
  id: string;
  /** Unique whatever its case. */
  @Column('text')
  name: string;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
