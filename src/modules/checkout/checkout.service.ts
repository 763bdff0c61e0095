import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { encodeId } from '#libs/ids';
import { OrdersQuery } from '../orders/index.js';
import { PaymentsRepository, ShopperPaymentResponse, StartPayment, StripeGateway } from '../payments/index.js';
import type { CheckoutRequest, CheckoutResponse } from './dto/checkout.dto.js';
import { PlaceOrder } from './place-order.service.js';

/** Places the order, then, outside of any transaction, asks Stripe for the payment; answers both. */
@Injectable()
export class Checkout {
  constructor(
    private readonly db: Db,
    private readonly placeOrder: PlaceOrder,
    private readonly payments: PaymentsRepository,
    private readonly startPayment: StartPayment,
    private readonly orders: OrdersQuery,
    private readonly gateway: StripeGateway,
  ) {}

  /** @param attemptId names this try to charge, the same when the request is repeated */
  async execute(
    cartId: string,
    token: string | undefined,
    request: CheckoutRequest,
    attemptId: string,
  ): Promise<CheckoutResponse> {
    const placed = await this.placeOrder.execute({
      cartId,
      token,
      paymentMethod: request.paymentMethod,
      expectedTotal: request.expectedTotal,
    });
    const payment = await this.pay(placed, request, attemptId);
    return { order: await this.orders.forShopper(placed.orderId, token), payment };
  }

  private async pay(
    placed: { orderId: string; paymentId: string | null },
    request: CheckoutRequest,
    attemptId: string,
  ): Promise<ShopperPaymentResponse | null> {
    if (placed.paymentId === null) return null;
    const payment = (await this.payments.find(this.db, placed.paymentId))!;
    if (payment.provider === 'manual')
      return { id: encodeId('payment', payment.id), provider: 'manual', status: payment.status };
    const [order] = await this.db.query<{ number: number }>(`SELECT number FROM orders WHERE id = $1`, [
      placed.orderId,
    ]);
    const started = await this.startPayment.execute(payment, order!.number, {
      confirmationToken: request.confirmationToken,
      returnUrl: request.returnUrl,
      attemptId,
    });
    return ShopperPaymentResponse.from(started, this.gateway, request.returnUrl);
  }
}
