import { Email, Flag, Id, Int32, Nested, ObjectArray, Opt, StringArray, Text } from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Address } from './address.dto.js';

/** One variant and how many of it. */
export class CartLineRequest {
  @Id('variant', { example: WELL_KNOWN.variantId })
  variantId: string;
  @Int32(1, 9999, { example: 2 })
  quantity: number;
}

/** A new cart; everything may come later. */
export class CreateCartRequest {
  @ObjectArray(() => CartLineRequest, 1000, Opt())
  lines?: CartLineRequest[];
  @Email(Opt({ example: 'ada@example.com' }))
  email?: string;
  @Nested(() => Address, Opt())
  shippingAddress?: Address;
  @Nested(() => Address, Opt({ description: 'the shipping address when left out' }))
  billingAddress?: Address;
  @Id('shippingMethod', Opt())
  shippingMethodId?: string;
  @StringArray(10, 64, Opt())
  promotionCodes?: string[];
}

/** Any subset of the fields of a cart; `lines` replaces all lines, null clears a field. */
export class UpdateCartRequest {
  @ObjectArray(() => CartLineRequest, 1000, Opt())
  lines?: CartLineRequest[];
  @Email(Opt({ nullable: true, example: 'ada@example.com' }))
  email?: string | null;
  @Nested(() => Address, Opt({ nullable: true }))
  shippingAddress?: Address | null;
  @Nested(() => Address, Opt({ nullable: true }))
  billingAddress?: Address | null;
  @Id('shippingMethod', Opt({ nullable: true, example: WELL_KNOWN.shippingMethodId }))
  shippingMethodId?: string | null;
  @StringArray(10, 64, Opt())
  promotionCodes?: string[];
  @Flag(Opt({ description: 'pay with the store credit of the customer, as far as it reaches' }))
  useStoreCredit?: boolean;
}

/** The code of a gift card. */
export class ApplyGiftCardRequest {
  @Text(64, { example: WELL_KNOWN.giftCardCode, description: 'spaces, hyphens and capitals do not matter' })
  code: string;
}

/** A new quantity; 0 takes the line out. */
export class UpdateCartLineRequest {
  @Int32(0, 9999, { example: 3 })
  quantity: number;
  @Email(
    Opt({
      nullable: true,
      description: 'of a line of gift cards: who gets their codes by mail, instead of the buyer; null for the buyer',
    }),
  )
  recipientEmail?: string | null;
}

/** A promotion code to apply. */
export class ApplyPromotionRequest {
  @Text(64, { example: WELL_KNOWN.promotionCode })
  code: string;
}
