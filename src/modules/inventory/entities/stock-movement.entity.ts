import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One change of on-hand stock. Append-only. */
@Entity('stock_movements')
export class StockMovement {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @Column({ name: 'location_id', type: 'uuid' })
  locationId: string;
  @Column('text')
  kind: 'receipt' | 'sale' | 'return' | 'adjustment';
  @Column('int')
  delta: number;
  @Column({ name: 'order_line_id', type: 'uuid', nullable: true })
  orderLineId: string | null;
  @Column('text')
  reason: string;
  @Column('text')
  actor: string;
  @Column({ name: 'dedupe_key', type: 'text', unique: true })
  dedupeKey: string;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
