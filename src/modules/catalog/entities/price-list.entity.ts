import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Other prices than the variants' own: for a time, a market or a group of customers. */
@Entity('price_lists')
export class PriceList {
  @PrimaryColumn('uuid')
  id: string;
  /** Shoppers see it beside the reduced price. */
  @Column('text')
  name: string;
  @Column('char', { length: 3 })
  currency: string;
  /** null: in every market. */
  @Column({ name: 'market_id', type: 'uuid', nullable: true })
  marketId: string | null;
  /** null: for everybody. */
  @Column({ name: 'customer_group_id', type: 'uuid', nullable: true })
  customerGroupId: string | null;
  @Column('boolean', { default: true })
  active: boolean;
  @Column({ name: 'starts_at', type: 'timestamptz', precision: 3, nullable: true })
  startsAt: Date | null;
  @Column({ name: 'ends_at', type: 'timestamptz', precision: 3, nullable: true })
  endsAt: Date | null;
  /** Whether the read model was built while it was in force. */
  @Column('boolean', { default: false })
  listed: boolean;
  /** Gone for everybody; the row goes when no listing shows its prices any more. */
  @Column({ name: 'deleted_at', type: 'timestamptz', precision: 3, nullable: true })
  deletedAt: Date | null;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
