import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Countries in which the shop sells in another currency, or shows prices otherwise, than its settings say. */
@Entity('markets')
export class Market {
  @PrimaryColumn('uuid')
  id: string;
  @Column('text')
  name: string;
  /** ISO 3166 alpha-2; a country is in one market. */
  @Column('text', { array: true })
  countries: string[];
  @Column('char', { length: 3 })
  currency: string;
  @Column({ name: 'prices_include_tax', type: 'boolean' })
  pricesIncludeTax: boolean;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
