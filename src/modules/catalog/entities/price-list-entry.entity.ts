import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a variant costs by a price list, from so many pieces on. */
@Entity('price_list_entries')
export class PriceListEntry {
  @PrimaryColumn({ name: 'price_list_id', type: 'uuid' })
  priceListId: string;
  @PrimaryColumn({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @PrimaryColumn({ name: 'min_quantity', type: 'integer', default: 1 })
  minQuantity: number;
  /** Minor units of the currency of the list. */
  @Column('bigint')
  amount: number;
}
