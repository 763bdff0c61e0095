import { Column, Entity, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { ShippingMethod } from './shipping-method.entity.js';

/** Countries that the shop ships to in the same ways. */
@Entity('shipping_zones')
export class ShippingZone {
  @PrimaryColumn('uuid')
  id: string;
  @Column('text')
  name: string;
  /** ISO 3166 alpha-2; `*` stands for every country that no other zone names. */
  @Column('text', { array: true })
  countries: string[];
  /** Changes with the zone and with each of its methods, since they are shown together. */
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
  @OneToMany(() => ShippingMethod, (method) => method.zone)
  methods: Relation<ShippingMethod>[];
}
