import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What something says in another language; null: as the wider language says it, or the catalog itself. */
abstract class Translation {
  @PrimaryColumn({ name: 'target_id', type: 'uuid' })
  targetId: string;
  /** `de` or `de-AT`. */
  @PrimaryColumn('text')
  locale: string;
  @Column({ type: 'text', nullable: true })
  title: string | null;
  /** Sanitized HTML, or for categories plain text. */
  @Column({ type: 'text', nullable: true })
  description: string | null;
  @Column({ name: 'seo_title', type: 'text', nullable: true })
  seoTitle: string | null;
  @Column({ name: 'seo_description', type: 'text', nullable: true })
  seoDescription: string | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}

@Entity('product_translations')
export class ProductTranslation extends Translation {}

@Entity('category_translations')
export class CategoryTranslation extends Translation {}

@Entity('collection_translations')
export class CollectionTranslation extends Translation {}

/** What the options of all products are called in another language. */
@Entity('option_translations')
export class OptionTranslation {
  @PrimaryColumn('text')
  locale: string;
  @Column('jsonb')
  options: { name: string; label: string; values: { value: string; label: string }[] }[];
  @Column({ type: 'integer', default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
