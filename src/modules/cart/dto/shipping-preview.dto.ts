import { ApiProperty } from '@nestjs/swagger';
import { Country, Currency, Nested, ObjectArray, Opt, Text } from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Money } from '../../pricing/index.js';
import { CartLineRequest } from './cart.request.js';

/** Where goods would go. */
export class ShippingPlaceInput {
  @Country()
  country: string;
  @Text(20, Opt({ example: '97205' }))
  postalCode?: string;
}

/** Goods and a place. */
export class ShippingPreviewRequest {
  @ObjectArray(() => CartLineRequest, 100, { min: 1, example: [{ variantId: WELL_KNOWN.variantId, quantity: 2 }] })
  lines: CartLineRequest[];
  @Nested(() => ShippingPlaceInput)
  to: ShippingPlaceInput;
  @Currency(Opt({ description: "of the cart; the shop's when left out", example: 'USD' }))
  currency?: string;
}

/** What becomes of one method. */
export class ShippingPreviewMethod {
  @ApiProperty({ example: WELL_KNOWN.shippingMethodId })
  id: string;
  @ApiProperty({ example: 'Standard' })
  name: string;
  @ApiProperty({ description: 'whether shoppers can choose it' })
  available: boolean;
  @ApiProperty({ type: () => Money, nullable: true, description: 'before promotions' })
  price: Money | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'why it cannot be chosen',
    enum: [
      'country_excluded',
      'postal_code_excluded',
      'product_excluded',
      'too_light',
      'too_heavy',
      'subtotal_too_low',
      'subtotal_too_high',
      'profile_not_taken',
      'other_currency',
      'no_price',
      null,
    ],
  })
  reason: string | null;
  @ApiProperty({ type: String, nullable: true })
  detail: string | null;
}

/** How goods would be shipped. */
export class ShippingPreviewResponse {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'the zone of the place; null where the shop does not ship',
  })
  zone: string | null;
  @ApiProperty({ description: 'of the goods that are shipped, in grams' })
  weight: number;
  @ApiProperty({ type: () => [ShippingPreviewMethod] })
  methods: ShippingPreviewMethod[];
}
