import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { fullMediaUrl } from '../../catalog/index.js';
import { Money } from '../../pricing/index.js';
import type { WishlistRow } from '../wishlist.service.js';

/** Something that the customer would like to have, as the shop sells it now. */
export class WishlistItemResponse {
  @ApiProperty({ example: WELL_KNOWN.variantId })
  variantId: string;
  @ApiProperty({ example: WELL_KNOWN.productId })
  productId: string;
  @ApiProperty({ example: WELL_KNOWN.productHandle })
  handle: string;
  @ApiProperty()
  title: string;
  @ApiProperty()
  variantTitle: string;
  @ApiProperty({ type: String, nullable: true })
  thumbnail: string | null;
  @ApiProperty({
    type: () => Money,
    nullable: true,
    description: 'null when it is not for sale (any more, or in this currency)',
  })
  price: Money | null;
  @ApiProperty({ description: 'whether it can be bought now' })
  available: boolean;
  @ApiProperty({ type: String, format: 'date-time' })
  addedAt: string;

  static from(row: WishlistRow, publicUrl: string): WishlistItemResponse {
    return {
      variantId: encodeId('variant', row.variantId),
      productId: encodeId('product', row.productId),
      handle: row.handle,
      title: row.title,
      variantTitle: row.variantTitle,
      thumbnail: row.thumbnail && fullMediaUrl(row.thumbnail, publicUrl),
      price: row.amount === null ? null : { amount: row.amount, currency: row.currency },
      available: row.available,
      addedAt: row.createdAt.toISOString(),
    };
  }
}
