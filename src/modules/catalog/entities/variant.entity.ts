import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One sellable combination of the options of a product. */
@Entity('variants')
export class Variant {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'product_id', type: 'uuid' })
  productId: string;
  @Column('integer', { default: 0 })
  position: number;
  @Column('text', { default: '' })
  title: string;
  @Column('text', { nullable: true })
  sku: string | null;
  @Column('text', { nullable: true })
  barcode: string | null;
  @Column({ name: 'option_values', type: 'text', array: true, default: '{}' })
  optionValues: string[];
  /** The option values in lower case, joined by U+001F. */
  @Column({ name: 'option_key', type: 'text' })
  optionKey: string;
  @Column({ name: 'weight_grams', type: 'integer', default: 0 })
  weightGrams: number;
  @Column({ name: 'requires_shipping', type: 'boolean', default: true })
  requiresShipping: boolean;
  /** What it is shipped like; null for the default profile. */
  @Column({ name: 'shipping_profile_id', type: 'uuid', nullable: true })
  shippingProfileId: string | null;
  @Column('boolean', { default: true })
  taxable: boolean;
  /** null: the standard class. */
  @Column({ name: 'tax_class_id', type: 'uuid', nullable: true })
  taxClassId: string | null;
  /** false = always sellable. */
  @Column({ name: 'track_inventory', type: 'boolean', default: true })
  trackInventory: boolean;
  @Column({ name: 'allow_backorder', type: 'boolean', default: false })
  allowBackorder: boolean;
  /** Made of others: its own stock rules do not count. */
  @Column({ name: 'is_bundle', type: 'boolean', default: false })
  isBundle: boolean;
  @Column({ name: 'image_id', type: 'uuid', nullable: true })
  imageId: string | null;
  @Column('text', { default: 'active' })
  status: 'active' | 'archived';
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
