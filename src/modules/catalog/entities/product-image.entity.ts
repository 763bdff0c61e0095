import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A picture of a product: an address elsewhere, or one of our own below /media/. */
@Entity('product_images')
export class ProductImage {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'product_id', type: 'uuid' })
  productId: string;
  /** The lowest is the thumbnail. */
  @Column('integer', { default: 0 })
  position: number;
  @Column('text')
  url: string;
  @Column('text', { default: '' })
  alt: string;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
