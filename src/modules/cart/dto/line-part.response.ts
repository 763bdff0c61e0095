import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import type { CartPart } from '../cart.snapshot.js';

/** What is in a bundle, in a cart or as it was sold. */
export class LinePartResponse {
  @ApiProperty()
  variantId: string;
  @ApiProperty()
  productId: string;
  @ApiProperty()
  title: string;
  @ApiProperty()
  variantTitle: string;
  @ApiProperty({ type: String, nullable: true })
  sku: string | null;
  @ApiProperty({ type: 'integer', description: 'in one bundle' })
  quantity: number;

  static from(part: Omit<CartPart, 'available'>): LinePartResponse {
    return {
      variantId: encodeId('variant', part.variantId),
      productId: encodeId('product', part.productId),
      title: part.title,
      variantTitle: part.variantTitle,
      sku: part.sku,
      quantity: part.quantity,
    };
  }
}
