import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A product that was put into a collection by hand. */
@Entity('collection_products')
export class CollectionProduct {
  @PrimaryColumn({ name: 'collection_id', type: 'uuid' })
  collectionId: string;
  @PrimaryColumn({ name: 'product_id', type: 'uuid' })
  productId: string;
  /** The lowest comes first. */
  @Column('integer')
  position: number;
}
