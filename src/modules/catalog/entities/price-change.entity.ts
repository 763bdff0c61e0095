import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A public price of a variant since it began. The last one is the present one. */
@Entity('price_history')
export class PriceChange {
  @PrimaryColumn({ type: 'bigint', generated: 'identity' })
  id: number;
  @Column({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @Column('char', { length: 3 })
  currency: string;
  /** Minor units. */
  @Column('bigint')
  amount: number;
  /** What it is reduced from; null where nothing is reduced. */
  @Column({ name: 'compare_at', type: 'bigint', nullable: true })
  compareAt: number | null;
  /** The lowest price of the 30 days before the reduction. */
  @Column({ type: 'bigint', nullable: true })
  lowest: number | null;
  @Column({ name: 'started_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  startedAt: Date;
}
