import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ShippingZone } from './shipping-zone.entity.js';

/** One way to ship to a zone, at a flat price. */
@Entity('shipping_methods')
export class ShippingMethod {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'zone_id', type: 'uuid' })
  zoneId: string;
  @Column('text')
  name: string;
  /** Minor units of `currency`. */
  @Column('bigint')
  amount: number;
  @Column('char', { length: 3 })
  currency: string;
  /** Shoppers see the lowest first. */
  @Column('integer', { default: 0 })
  position: number;
  @Column('boolean', { default: true })
  active: boolean;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
  @ManyToOne(() => ShippingZone, (zone) => zone.methods)
  @JoinColumn({ name: 'zone_id' })
  zone: Relation<ShippingZone>;
}
