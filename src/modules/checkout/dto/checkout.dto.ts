import { ApiProperty } from '@nestjs/swagger';
import { Flag, MoneyAmount, OneOf, Opt, Text, WebUrl } from '#libs/http';
import { OrderResponse } from '../../orders/index.js';
import { SavedCardField, ShopperPaymentResponse } from '../../payments/index.js';

/** How the shopper pays, and what they agree to pay. */
export class CheckoutRequest {
  @OneOf(['stripe', 'manual'], { example: 'manual', description: 'manual: invoice or cash, where the shop offers it' })
  paymentMethod: 'stripe' | 'manual';
  @MoneyAmount(
    Opt({
      description: 'the total that the shopper saw, in minor units: 409 `cart_changed` when it is another by now',
    }),
  )
  expectedTotal?: number;
  @MoneyAmount(
    Opt({
      description:
        'what gift cards and store credit left to pay when the shopper saw it: 409 `credit_changed` when it is another by now',
    }),
  )
  expectedAmountDue?: number;
  @Text(
    255,
    Opt({
      description: 'a Stripe ConfirmationToken (ctoken_…), or a payment method (pm_…): charge on the server at once',
      pattern: /^(ctoken|pm)_[A-Za-z0-9_]+$/,
    }),
  )
  confirmationToken?: string;
  @SavedCardField()
  savedPaymentMethodId?: string;
  @Flag(Opt({ description: 'save the card that pays, for the next time. For customers who are signed in' }))
  savePaymentMethod?: boolean;
  @WebUrl(Opt({ description: 'where the shopper comes back to from a payment page' }))
  returnUrl?: string;
}

/** The order and its payment. */
export class CheckoutResponse {
  @ApiProperty({ type: OrderResponse })
  order: OrderResponse;
  @ApiProperty({
    type: ShopperPaymentResponse,
    nullable: true,
    description: 'null for an order that is free, or paid with gift cards and store credit',
  })
  payment: ShopperPaymentResponse | null;
}
