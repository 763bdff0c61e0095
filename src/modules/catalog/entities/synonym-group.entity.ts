import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Words that stand for each other in searches, or that lead to others. */
@Entity('synonym_groups')
export class SynonymGroup {
  @PrimaryColumn('uuid')
  id: string;
  @Column('text', { array: true })
  terms: string[];
  /** Empty: the terms stand for each other. */
  @Column('text', { array: true, default: '{}' })
  targets: string[];
  @Column({ type: 'integer', default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
