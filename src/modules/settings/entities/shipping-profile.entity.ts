import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Goods that are shipped in another way than the rest: bulky, refrigerated. Variants name it. */
@Entity('shipping_profiles')
export class ShippingProfile {
  @PrimaryColumn('uuid')
  id: string;
  @Column('text')
  name: string;
  @Column('text', { default: '' })
  description: string;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
