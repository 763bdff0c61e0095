import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a bundle is made of. */
@Entity('bundle_parts')
export class BundlePart {
  /** The bundle. */
  @PrimaryColumn({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @PrimaryColumn({ name: 'part_variant_id', type: 'uuid' })
  partVariantId: string;
  /** In one bundle. */
  @Column('integer')
  quantity: number;
  @Column('integer')
  position: number;
}
