import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A product that staff want to be shown beside another one. */
@Entity('product_relations')
export class ProductRelation {
  @PrimaryColumn({ name: 'product_id', type: 'uuid' })
  productId: string;
  @PrimaryColumn({ name: 'related_id', type: 'uuid' })
  relatedId: string;
  /** The lowest comes first. */
  @Column('integer')
  position: number;
}
