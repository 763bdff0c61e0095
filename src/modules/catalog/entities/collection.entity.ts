import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CollectionRule } from '../collections/collection-rules.js';

/** Products that are shown together: chosen by hand, or by a rule. */
@Entity('collections')
export class Collection {
  @PrimaryColumn('uuid')
  id: string;
  @Column('text')
  handle: string;
  @Column('text')
  title: string;
  /** Sanitized HTML. */
  @Column({ name: 'description_html', type: 'text', default: '' })
  descriptionHtml: string;
  @Column({ type: 'text', default: 'active' })
  status: 'draft' | 'active';
  /** null: its products are chosen by hand. */
  @Column({ type: 'jsonb', nullable: true })
  rule: CollectionRule | null;
  /** Shows only what can be bought now. */
  @Column({ name: 'only_available', type: 'boolean', default: false })
  onlyAvailable: boolean;
  /** `position`, or a sort of the product list such as `-price`. */
  @Column({ type: 'text', default: '-createdAt' })
  sort: string;
  @Column({ name: 'seo_title', type: 'text', nullable: true })
  seoTitle: string | null;
  @Column({ name: 'seo_description', type: 'text', nullable: true })
  seoDescription: string | null;
  @Column({ type: 'integer', default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
