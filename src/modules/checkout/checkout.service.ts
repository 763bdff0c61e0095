import { Injectable } from '@nestjs/common';
import { encodeId } from '#libs/ids';
import type { ShopperIdentity } from '../auth/index.js';
import { OrdersQuery } from '../orders/index.js';
import { ReturnUrls, ShopperPaymentResponse, StartPayment, StripeGateway } from '../payments/index.js';
import type { CheckoutRequest, CheckoutResponse } from './dto/checkout.dto.js';
import { PlaceOrder } from './place-order.service.js';

/** Places the order, then, outside of any transaction, asks Stripe for the payment; answers both. */
@Injectable()
export class Checkout {
  constructor(
    private readonly placeOrder: PlaceOrder,
    private readonly startPayment: StartPayment,
    private readonly orders: OrdersQuery,
    private readonly gateway: StripeGateway,
    private readonly returnUrls: ReturnUrls,
  ) {}

  /** @param attemptId names this try to charge, the same when the request is repeated */
  async execute(
    cartId: string,
    shopper: ShopperIdentity,
    request: CheckoutRequest,
    attemptId: string,
  ): Promise<CheckoutResponse> {
    this.returnUrls.assert(request.returnUrl);
    const placed = await this.placeOrder.execute({
      cartId,
      shopper,
      paymentMethod: request.paymentMethod,
      expectedTotal: request.expectedTotal,
    });
    const { order, payment } = placed;
    if (payment === null) return { order, payment };
    if (payment.provider === 'manual')
      return { order, payment: { id: encodeId('payment', payment.id), provider: 'manual', status: payment.status } };
    const started = await this.startPayment.execute(payment, Number(order.number), {
      confirmationToken: request.confirmationToken,
      returnUrl: request.returnUrl,
      attemptId,
    });
    return {
      order: await this.orders.forShopper(placed.orderId, shopper),
      payment: ShopperPaymentResponse.from(started, this.gateway, request.returnUrl),
    };
  }
}
