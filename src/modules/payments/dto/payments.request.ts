import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { Flag, Id, Int32, ListQuery, MoneyAmount, ObjectArray, Opt, Text, WebUrl } from '#libs/http';
import { SINGLE_PAYMENT_STATUSES } from '../payment.state.js';

/** How many of a line are refunded. */
export class RefundLineRequest {
  @Id('line')
  lineId: string;
  @Int32(1, 9999, { example: 1 })
  quantity: number;
}

/** Everything that is left when neither `amount` nor `lines` is given. */
export class RefundRequest {
  @MoneyAmount(Opt({ min: 1, example: 500 }))
  amount?: number;
  @ObjectArray(
    () => RefundLineRequest,
    1000,
    Opt({
      min: 1,
      description:
        'what these lines cost the buyer, to a card in the steps that it is charged in; lines that cost nothing go with others',
    }),
  )
  lines?: RefundLineRequest[];
  @Text(500, Opt({ example: 'requested_by_customer' }))
  reason?: string;
  @Flag(Opt({ description: 'put the goods back on the shelf: those of `lines`, or all of them with a full refund' }))
  restock?: boolean;
}

/** How many of a line are captured. */
export class CaptureLineRequest {
  @Id('line')
  lineId: string;
  @Int32(1, 9999, { example: 1 })
  quantity: number;
}

/** Everything that is held when neither `amount` nor `lines` is given. */
export class CaptureRequest {
  @MoneyAmount(Opt({ min: 1, example: 1000, description: 'what to take; the rest of the hold is released' }))
  amount?: number;
  @ObjectArray(
    () => CaptureLineRequest,
    1000,
    Opt({
      min: 1,
      description:
        'what stays of the order: the rest is not shipped and goes back on the shelf. Without `amount`, what these lines and shipping cost is taken, less what gift cards and store credit pay; where those pay for all of it, the hold is let go and what is left of them goes back',
    }),
  )
  lines?: CaptureLineRequest[];
}

/** What staff decide about money that does not fit its order. */
export class ReviewDecisionRequest {
  @Text(500, Opt({ description: 'for the timeline; stays with staff', example: 'the rest was paid in cash' }))
  note?: string;
}

/** Why an order is canceled. */
export class CancelOrderRequest {
  @Text(500, Opt({ example: 'changed my mind' }))
  reason?: string;
}

/** A card that the customer saved before. */
export const SavedCardField = (): PropertyDecorator =>
  Text(
    255,
    Opt({
      description:
        'a card of GET /v1/me/payment-methods (pm_…): charge it on the server at once. For customers who are signed in, instead of `confirmationToken`',
      pattern: /^pm_[A-Za-z0-9_]+$/,
    }),
  );

/** Pays an unpaid order: on the client without a token, on the server with one. */
export class PayOrderRequest {
  @Text(
    255,
    Opt({
      description: 'a Stripe ConfirmationToken (ctoken_…), or a payment method (pm_…): charge on the server',
      pattern: /^(ctoken|pm)_[A-Za-z0-9_]+$/,
    }),
  )
  confirmationToken?: string;
  @SavedCardField()
  savedPaymentMethodId?: string;
  @Flag(
    Opt({
      description:
        'save the card that pays, for the next time; false takes an earlier `true` back, as does a charge on the server without it. For customers who are signed in',
    }),
  )
  savePaymentMethod?: boolean;
  @WebUrl(Opt({ description: 'where the shopper comes back to after a 3D Secure page' }))
  returnUrl?: string;
}

/** Filters of the payments list. */
export class PaymentListQuery extends ListQuery {
  @ApiPropertyOptional({ enum: SINGLE_PAYMENT_STATUSES })
  @IsOptional()
  @IsIn([...SINGLE_PAYMENT_STATUSES])
  status?: string;
  @ApiPropertyOptional({ enum: ['stripe', 'manual'] })
  @IsOptional()
  @IsIn(['stripe', 'manual'])
  provider?: string;
  @Id('order', Opt())
  orderId?: string;
  @ApiPropertyOptional({ enum: ['open', 'accepted', 'rejected'], description: 'of money that did not fit its order' })
  @IsOptional()
  @IsIn(['open', 'accepted', 'rejected'])
  review?: string;
  @ApiPropertyOptional({
    type: String,
    description: 'an order number, or what Stripe calls the intent, a charge or a refund',
    example: '1001',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  q?: string;
}

/** Filters of the list of events. */
export class WebhookReceiptListQuery extends ListQuery {
  @ApiPropertyOptional({ type: String, description: 'what the event is about', example: 'pi_3QK' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  objectRef?: string;
}
