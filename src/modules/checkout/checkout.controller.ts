import { Body, Controller, Header, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, NotFound, Overloaded, ValidationFailed } from '#libs/errors';
import { IdempotencyRef, type IdempotencyReference, IdParam, Idempotent, Throws } from '#libs/http';
import { CurrentShopper, Shopper, type ShopperIdentity } from '../auth/index.js';
import { CreditChanged } from '../credits/index.js';
import { OutOfStock } from '../inventory/index.js';
import {
  AmountNotChargeable,
  AmountTooLarge,
  AmountTooSmall,
  PaymentAttemptsExhausted,
  PaymentMethodUnavailable,
  PaymentRefused,
  PaymentUnavailable,
  SavedCardUnknown,
} from '../payments/index.js';
import { PromotionUsedUp } from '../promotions/index.js';
import { CartChanged, CartIncomplete } from './checkout.errors.js';
import { Checkout } from './checkout.service.js';
import { CheckoutRequest, CheckoutResponse } from './dto/checkout.dto.js';

@ApiTags('Checkout')
@Controller('v1/carts')
export class CheckoutController {
  constructor(private readonly checkout: Checkout) {}

  @Post(':id/checkout')
  @Shopper()
  @Idempotent('required', 'with the work')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'checkout',
    summary: 'Order what is in the cart',
    description:
      'One cart becomes one order, whatever is repeated. With `stripe`, the answer holds the client secret for Stripe.js (or the result, with a ' +
      'confirmation token): a decline is 201 with `payment.error`, and the order can be paid again. With `manual` the order is confirmed at once. What gift cards and store credit of the cart pay ' +
      'is taken from them with the order, and the payment is over `amountDue`; where they pay all of it, the order is paid without one. ' +
      'Who is signed in and shows the token of a guest’s cart orders it for the account: mails, gift cards and links go to the address of the account, whatever the guest had named. It is priced for the customer (price lists of their groups, promotions, exemption from tax), as the cart shows it to who sends both; store credit pays only for carts that were brought to the account.',
  })
  @ApiCreatedResponse({ type: CheckoutResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    OutOfStock,
    CartChanged,
    CreditChanged,
    CartIncomplete,
    PromotionUsedUp,
    PaymentAttemptsExhausted,
    PaymentMethodUnavailable,
    SavedCardUnknown,
    AmountTooSmall,
    AmountTooLarge,
    AmountNotChargeable,
    PaymentRefused,
    PaymentUnavailable,
    Overloaded,
  )
  place(
    @IdParam('cart') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @Body() body: CheckoutRequest,
    @IdempotencyRef() reference: IdempotencyReference,
  ): Promise<CheckoutResponse> {
    return this.checkout.execute(id, shopper, body, reference);
  }
}
