import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A parcel: what was handed to a carrier together. */
@Entity('fulfillments')
export class Fulfillment {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'order_id', type: 'uuid' })
  orderId: string;
  @Column({ type: 'text', nullable: true })
  carrier: string | null;
  @Column({ name: 'tracking_number', type: 'text', nullable: true })
  trackingNumber: string | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}

/** How many of an order line are in a parcel. */
@Entity('fulfillment_lines')
export class FulfillmentLine {
  @PrimaryColumn({ name: 'fulfillment_id', type: 'uuid' })
  fulfillmentId: string;
  @PrimaryColumn({ name: 'order_line_id', type: 'uuid' })
  orderLineId: string;
  @Column('int')
  quantity: number;
}
