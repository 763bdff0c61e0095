import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is added to (or contained in) prices of goods that go to a place. */
@Entity('tax_rates')
export class TaxRate {
  @PrimaryColumn('uuid')
  id: string;
  @Column('text')
  name: string;
  @Column('char', { length: 2 })
  country: string;
  /** null: the whole country, unless a state has its own. */
  @Column('text', { nullable: true })
  state: string | null;
  /** null: the standard rate. */
  @Column({ name: 'tax_class_id', type: 'uuid', nullable: true })
  taxClassId: string | null;
  /** Parts per million: 82,500 is 8.25 %. */
  @Column({ name: 'rate_ppm', type: 'integer' })
  ratePpm: number;
  /** Whether shipping is taxed too. */
  @Column('boolean')
  shipping: boolean;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
