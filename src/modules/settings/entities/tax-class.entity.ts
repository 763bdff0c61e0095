import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Goods with a tax rate of their own: books, food. What has no class is taxed at the standard rate. */
@Entity('tax_classes')
export class TaxClass {
  @PrimaryColumn('uuid')
  id: string;
  /** Unique whatever its case. */
  @Column('text')
  name: string;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
