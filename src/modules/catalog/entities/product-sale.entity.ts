import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Pieces of a product that were sold on one day. */
@Entity('product_sales')
export class ProductSale {
  @PrimaryColumn({ name: 'product_id', type: 'uuid' })
  productId: string;
  /** In UTC. */
  @PrimaryColumn({ type: 'date' })
  day: string;
  @Column('bigint')
  quantity: number;
}
