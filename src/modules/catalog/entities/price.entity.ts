import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a variant costs in one currency. */
@Entity('prices')
export class Price {
  @PrimaryColumn({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @PrimaryColumn('char', { length: 3 })
  currency: string;
  /** Minor units. */
  @Column('bigint')
  amount: number;
  /** The earlier price, for show; minor units. */
  @Column({ name: 'compare_at', type: 'bigint', nullable: true })
  compareAt: number | null;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
