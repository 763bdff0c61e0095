import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One entry of an order's timeline. Append-only. */
@Entity('order_events')
export class OrderEvent {
  @PrimaryColumn({ type: 'bigint', generated: 'identity' })
  id: number;
  @Column({ name: 'order_id', type: 'uuid' })
  orderId: string;
  @Column('text')
  type: string;
  @Column({ name: 'from_status', type: 'text', nullable: true })
  fromStatus: string | null;
  @Column({ name: 'to_status', type: 'text', nullable: true })
  toStatus: string | null;
  @Column('jsonb')
  data: Record<string, unknown>;
  @Column('text')
  actor: string;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
