import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ReviewStatus } from '../review.state.js';

/** What a customer says of a product. One for each customer and product. */
@Entity('reviews')
export class ReviewEntity {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'product_id', type: 'uuid' })
  productId: string;
  @Column({ name: 'customer_id', type: 'uuid' })
  customerId: string;
  /** The paid order in which they bought it; null when they did not. */
  @Column({ name: 'order_id', type: 'uuid', nullable: true })
  orderId: string | null;
  /** The name that is shown. */
  @Column({ type: 'text' })
  author: string;
  /** 1 to 5 stars. */
  @Column({ type: 'smallint' })
  rating: number;
  @Column({ type: 'text', default: '' })
  title: string;
  @Column({ type: 'text', default: '' })
  body: string;
  @Column({ type: 'text', default: 'pending' })
  status: ReviewStatus;
  /** The shop's answer, shown under it. */
  @Column({ type: 'text', nullable: true })
  reply: string | null;
  @Column({ name: 'replied_at', type: 'timestamptz', precision: 3, nullable: true })
  repliedAt: Date | null;
  @Column({ type: 'integer', default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
