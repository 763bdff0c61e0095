import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Something that a customer would like to have. */
@Entity('wishlist_items')
export class WishlistItemEntity {
  @PrimaryColumn({ name: 'customer_id', type: 'uuid' })
  customerId: string;
  @PrimaryColumn({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
