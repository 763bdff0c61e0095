import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How much of a variant lies at a location, and how much of that is promised. A cache of the movements ledger. */
@Entity('stock_levels')
export class StockLevel {
  @PrimaryColumn({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @PrimaryColumn({ name: 'location_id', type: 'uuid' })
  locationId: string;
  @Column({ name: 'on_hand', type: 'int', default: 0 })
  onHand: number;
  @Column({ type: 'int', default: 0 })
  reserved: number;
  /** How far on-hand may go below zero. */
  @Column({ name: 'backorder_limit', type: 'int', default: 0 })
  backorderLimit: number;
  /** The most that one bundle takes of it; 0 where it is in none. */
  @Column({ name: 'bundle_quantity', type: 'int', default: 0 })
  bundleQuantity: number;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
