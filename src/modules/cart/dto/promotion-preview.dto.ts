import { ApiProperty } from '@nestjs/swagger';
import { Country, Currency, Email, Id, ObjectArray, Opt, StringArray, Text, Time } from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Money, PROMOTION_CLASSES, type PromotionClass } from '../../pricing/index.js';
import { CartLineRequest } from './cart.request.js';
import { CartPromotionResponse, LineDiscountResponse } from './cart.response.js';

/** A cart that nobody has to have. */
export class PromotionPreviewRequest {
  @ObjectArray(() => CartLineRequest, 100, { min: 1, example: [{ variantId: WELL_KNOWN.variantId, quantity: 3 }] })
  lines: CartLineRequest[];
  @Id('customer', Opt({ description: 'who buys; a guest when left out' }))
  customerId?: string;
  @Email(Opt({ description: 'by which first orders and limits are judged; that of the customer when left out' }))
  email?: string;
  @Country(Opt({ description: 'where it goes; unknown when left out' }))
  country?: string;
  @Text(100, Opt({ description: 'state, for its tax' }))
  state?: string;
  @Id('shippingMethod', Opt({ example: WELL_KNOWN.shippingMethodId }))
  shippingMethodId?: string;
  @Currency(Opt({ description: 'that of the market of the country when left out' }))
  currency?: string;
  @StringArray(10, 64, Opt({ example: [WELL_KNOWN.promotionCode] }))
  promotionCodes?: string[];
  @StringArray(
    20,
    40,
    Opt({ description: 'ids of promotions to try as if they ran by themselves, to see a draft at work' }),
  )
  promotionIds?: string[];
  @Time(Opt({ description: 'when; now when left out' }))
  at?: string;
}

/** One line of the previewed cart. */
export class PreviewedLine {
  @ApiProperty()
  variantId: string;
  @ApiProperty()
  title: string;
  @ApiProperty({ type: 'integer' })
  quantity: number;
  @ApiProperty({ type: Money })
  unitPrice: Money;
  @ApiProperty({ type: [LineDiscountResponse] })
  discounts: LineDiscountResponse[];
  @ApiProperty({ type: Money })
  total: Money;
}

/** What became of one promotion, all of them in the order in which they were looked at. */
export class PreviewedPromotion extends CartPromotionResponse {
  @ApiProperty({ enum: PROMOTION_CLASSES })
  class: PromotionClass;
  @ApiProperty({ type: Money, description: 'of `amount`: off shipping' })
  shippingAmount: Money;
}

/** The cart, priced as a shopper would see it, and what became of every promotion. */
export class PromotionPreviewResponse {
  @ApiProperty({ type: [PreviewedLine] })
  lines: PreviewedLine[];
  @ApiProperty({ type: Money })
  subtotal: Money;
  @ApiProperty({ type: Money })
  discountTotal: Money;
  @ApiProperty({ type: Money })
  shippingTotal: Money;
  @ApiProperty({ type: Money })
  taxTotal: Money;
  @ApiProperty({ type: Money })
  total: Money;
  @ApiProperty({ type: [PreviewedPromotion] })
  promotions: PreviewedPromotion[];
}
