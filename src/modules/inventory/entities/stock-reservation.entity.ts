import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Stock that belongs to an order line: held until it is paid, then committed, or released. */
@Entity('stock_reservations')
export class StockReservation {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'order_id', type: 'uuid' })
  orderId: string;
  @Column({ name: 'order_line_id', type: 'uuid' })
  orderLineId: string;
  @Column({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @Column({ name: 'location_id', type: 'uuid' })
  locationId: string;
  @Column('int')
  quantity: number;
  @Column('text')
  state: 'held' | 'committed' | 'released';
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
