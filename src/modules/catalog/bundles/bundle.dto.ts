import { ApiProperty } from '@nestjs/swagger';
import { Id, Int32, ObjectArray } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { BundlePartRow } from './bundle-sql.js';

/** The most parts of one bundle, and the most of one part. */
export const MAX_PARTS = 50;
const MAX_QUANTITY = 100;

/** A part of a bundle, as it is to be. */
export class BundlePartInput {
  @Id('variant', { description: 'neither a bundle nor a gift card' })
  variantId: string;
  @Int32(1, MAX_QUANTITY, { description: 'in one bundle', example: 2 })
  quantity: number;
}

/** All parts of a bundle, in the order in which they are shown. */
export class BundlePartsRequest {
  @ObjectArray(() => BundlePartInput, MAX_PARTS, { min: 1 })
  parts: BundlePartInput[];
}

/** A part of a bundle. */
export class BundlePartView {
  @ApiProperty({ example: 'var_01j4000000e00800000000000a' })
  variantId: string;
  @ApiProperty({ example: 'prod_01j4000000e00800000000000a' })
  productId: string;
  @ApiProperty({ description: 'of its product' })
  handle: string;
  @ApiProperty()
  title: string;
  @ApiProperty({ description: 'empty where the product has no options' })
  variantTitle: string;
  @ApiProperty({ type: String, nullable: true })
  sku: string | null;
  @ApiProperty({ type: 'integer', description: 'in one bundle' })
  quantity: number;

  static from(part: BundlePartRow): BundlePartView {
    return {
      variantId: encodeId('variant', part.variant_id),
      productId: encodeId('product', part.product_id),
      handle: part.handle,
      title: part.title,
      variantTitle: part.variant_title,
      sku: part.sku,
      quantity: part.quantity,
    };
  }
}
