import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import type {
  ShippingBandTerms,
  ShippingCalculation,
  ShippingRateTerms,
  ShippingRestrictionTerms,
} from '../shop-snapshot.js';
import { ShippingZone } from './shipping-zone.entity.js';

/** One way to ship to a zone: what it costs for the goods of each profile, and what it does not take. */
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
  /** What the price depends on for goods of the default profile; `amount` is it where it is flat. */
  @Column('text', { default: 'flat' })
  calculation: ShippingCalculation;
  @Column('jsonb', { default: '[]' })
  bands: ShippingBandTerms[];
  /** Minor units that all shipped goods cost together. */
  @Column({ name: 'free_above', type: 'bigint', nullable: true })
  freeAbove: number | null;
  /** Of the goods of other profiles; those of a profile that is not named do not go by this method. */
  @Column({ name: 'profile_rates', type: 'jsonb', default: '[]' })
  profileRates: ShippingRateTerms[];
  @Column('jsonb', { default: '{}' })
  restrictions: ShippingRestrictionTerms;
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
