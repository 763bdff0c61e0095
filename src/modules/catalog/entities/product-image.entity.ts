import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A smaller version of an uploaded picture. */
export interface Rendition {
  /** pixels */
  width: number;
  /** of the WebP */
  url: string;
  /** Left out where AVIF is not smaller, and of pictures that are older than it. */
  avifUrl?: string;
}

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
  /** Pixels; null until an uploaded picture was looked at, and for pictures elsewhere. */
  @Column({ type: 'integer', nullable: true })
  width: number | null;
  @Column({ type: 'integer', nullable: true })
  height: number | null;
  /** Smaller versions of an uploaded picture, the smallest first. */
  @Column({ type: 'jsonb', default: [] })
  renditions: Rendition[];
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
