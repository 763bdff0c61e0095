import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AttributeValues } from '../attributes/attribute-values.js';

/** What a shop offers; it is sold as one of its variants. */
@Entity('products')
export class Product {
  @PrimaryColumn('uuid')
  id: string;
  /** The readable part of its address, unique. */
  @Column('text')
  handle: string;
  @Column('text')
  title: string;
  /** Sanitized. */
  @Column({ name: 'description_html', type: 'text', default: '' })
  descriptionHtml: string;
  @Column('text', { default: '' })
  vendor: string;
  @Column({ name: 'product_type', type: 'text', default: '' })
  productType: string;
  @Column('text', { array: true, default: '{}' })
  tags: string[];
  /** Storefronts see active ones only. */
  @Column('text', { default: 'draft' })
  status: 'draft' | 'active' | 'archived';
  /** When the draft becomes active by itself. */
  @Column({ name: 'publish_at', type: 'timestamptz', precision: 3, nullable: true })
  publishAt: Date | null;
  /** When it becomes a draft again by itself. */
  @Column({ name: 'unpublish_at', type: 'timestamptz', precision: 3, nullable: true })
  unpublishAt: Date | null;
  /** Money in another form: each piece that is sold becomes a gift card. */
  @Column({ name: 'is_gift_card', type: 'boolean', default: false })
  isGiftCard: boolean;
  /** In the order of the option values of the variants. */
  @Column({ name: 'option_names', type: 'text', array: true, default: '{}' })
  optionNames: string[];
  @Column({ name: 'seo_title', type: 'text', nullable: true })
  seoTitle: string | null;
  @Column({ name: 'seo_description', type: 'text', nullable: true })
  seoDescription: string | null;
  /** Values by the key of the attribute. */
  @Column('jsonb', { default: {} })
  attributes: AttributeValues;
  /** Changes with the product and with each of its variants, prices and images, since they are shown together. */
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
