import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A node of the tree in which products are found. */
@Entity('categories')
export class Category {
  @PrimaryColumn('uuid')
  id: string;
  /** null = a root. */
  @Column({ name: 'parent_id', type: 'uuid', nullable: true })
  parentId: string | null;
  @Column('text')
  handle: string;
  @Column('text')
  title: string;
  @Column('text', { default: '' })
  description: string;
  @Column({ name: 'seo_title', type: 'text', nullable: true })
  seoTitle: string | null;
  @Column({ name: 'seo_description', type: 'text', nullable: true })
  seoDescription: string | null;
  /** Siblings are shown the lowest first. */
  @Column('integer', { default: 0 })
  position: number;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
