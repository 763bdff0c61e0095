import { Injectable } from '@nestjs/common';
import type { IdempotencyReference } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { ShopperIdentity } from '../auth/index.js';
import { CartService } from '../cart/index.js';
import { OrdersQuery } from '../orders/index.js';
import {
  attemptIdOf,
  type CardWish,
  ChooseCard,
  ReturnUrls,
  ShopperPaymentResponse,
  StartPayment,
  StripeGateway,
} from '../payments/index.js';
import type { CheckoutRequest, CheckoutResponse } from './dto/checkout.dto.js';
import { type PlacedOrder, PlaceOrder } from './place-order.service.js';

/** Places the order, then, outside of any transaction, asks Stripe for the payment; answers both. */
@Injectable()
export class Checkout {
  constructor(
    private readonly placeOrder: PlaceOrder,
    private readonly carts: CartService,
    private readonly startPayment: StartPayment,
    private readonly orders: OrdersQuery,
    private readonly gateway: StripeGateway,
    private readonly returnUrls: ReturnUrls,
    private readonly cards: ChooseCard,
  ) {}

  /** @param reference names this try to charge, the same when the request is repeated */
  async execute(
    cartId: string,
    shopper: ShopperIdentity,
    request: CheckoutRequest,
    reference: IdempotencyReference,
  ): Promise<CheckoutResponse> {
    this.returnUrls.assert(request.returnUrl);
    const wish = {
      confirmationToken: request.confirmationToken,
      savedPaymentMethodId: request.savedPaymentMethodId,
      savePaymentMethod: request.savePaymentMethod,
      customerId: shopper.customer?.id,
    };
    this.cards.assertSound(wish, request.paymentMethod);
    if (wish.savedPaymentMethodId === undefined) return this.place(cartId, shopper, request, wish, reference);
    // The card is looked at before there is an order, and all of it shares the time that a shopper waits for Stripe.
    return this.gateway.withDeadline(async () => {
      await this.cards.assertTheirsIfKnown(wish);
      return this.place(cartId, shopper, request, wish, reference);
    });
  }

  private async place(
    cartId: string,
    shopper: ShopperIdentity,
    request: CheckoutRequest,
    wish: CardWish,
    reference: IdempotencyReference,
  ): Promise<CheckoutResponse> {
    await this.carts.quoteTax({ id: cartId, shopper });
    const placed = await this.placeOrder.execute({
      cartId,
      shopper,
      paymentMethod: request.paymentMethod,
      expectedTotal: request.expectedTotal,
      expectedAmountDue: request.expectedAmountDue,
      // On invoice, the transaction is all there is, as a rule: its answer is kept with it.
      ahead: request.paymentMethod === 'manual' ? reference.claimWithin : reference.claim,
      alongWith: (tx, made) => {
        const answer = answerAtOnce(made);
        if (answer) reference.keepWith(tx, answer);
      },
    });
    const answer = answerAtOnce(placed);
    if (answer) return answer;
    // The cart had been ordered before, to be paid at Stripe.
    if (request.paymentMethod === 'manual') await reference.claimAlone();
    const started = await this.startPayment.execute(placed.payment!, Number(placed.order.number), {
      ...wish,
      returnUrl: request.returnUrl,
      attemptId: attemptIdOf(reference),
    });
    return {
      order: await this.orders.forShopper(placed.orderId, shopper),
      payment: ShopperPaymentResponse.from(started, this.gateway, request.returnUrl),
    };
  }
}

/** The answer where Stripe has nothing to say; null where it has. */
function answerAtOnce({ order, payment }: PlacedOrder): CheckoutResponse | null {
  if (payment === null) return { order, payment };
  if (payment.provider !== 'manual') return null;
  return { order, payment: { id: encodeId('payment', payment.id), provider: 'manual', status: payment.status } };
}
