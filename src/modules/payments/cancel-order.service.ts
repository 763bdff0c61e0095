import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { OrderNotCancelable, OrdersRepository } from '../orders/index.js';
import { ExecuteRefund } from './execute-refund.service.js';
import { PaymentRefused, PaymentUnavailable, wasRefused } from './payments.errors.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { RefundOrder } from './refund-order.service.js';
import { ReturnStock } from './return-stock.service.js';
import { StartPayment } from './start-payment.service.js';
import { StripeGateway } from './stripe/stripe-gateway.js';
import { SyncPayment } from './sync-payment.service.js';

/** Why an order ends, and who ends it. */
export interface Cancellation {
  reason: 'customer' | 'staff' | 'expired' | 'too_many_attempts';
  actor: string;
  note?: string;
}

/**
 * Cancels an order of which nothing is shipped: its stock goes back, and so does its money. Where Stripe has an open intent
 * it is asked first, because the shopper may be paying, or staff be capturing the hold, at this very moment: stock is given
 * back only once Stripe agrees.
 */
@Injectable()
export class CancelOrder {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly returnStock: ReturnStock,
    private readonly gateway: StripeGateway,
    private readonly start: StartPayment,
    private readonly sync: SyncPayment,
    private readonly refunds: RefundOrder,
    private readonly executeRefund: ExecuteRefund,
  ) {}

  /** @throws `order_not_cancelable`, or `payment_unavailable` when Stripe cannot be asked */
  async execute(orderId: string, cancellation: Cancellation): Promise<void> {
    const payment = await this.payments.findCurrent(this.db, orderId);
    const [order] = await this.db.query<{ status: string; number: number; fulfillment_status: string }>(
      `SELECT status, number, fulfillment_status FROM orders WHERE id = $1`,
      [orderId],
    );
    const isOpen = order?.status === 'pending_payment' || payment?.status === 'authorized';
    if (order && isOpen && payment?.provider === 'stripe') {
      // Goods that are gone are paid for: their hold is not let go.
      if (order.fulfillment_status !== 'unfulfilled')
        throw OrderNotCancelable({ data: { orderStatus: order.status, fulfillmentStatus: order.fulfillment_status } });
      const after = await this.cancelAtStripe(payment, order.number, cancellation);
      if (after?.status === 'canceled') return;
      if (after !== null && after.status !== 'succeeded')
        throw OrderNotCancelable({
          detail: 'The payment is under way at the bank; try again later.',
          data: { orderStatus: order.status },
        });
    }
    const refundId = await this.db.transaction(async (tx) => {
      const refund = await this.cancelHere(tx, orderId, cancellation);
      failpoint('commit.cancel');
      return refund;
    });
    // The order has ended whatever comes of its refund: a job sends it when Stripe is back, and the shop hears of a refusal.
    if (refundId) await this.executeRefund.execute(refundId).catch((error: unknown) => rethrowUnlessTold(error));
  }

  /**
   * Ends the intent of an unpaid order, and books what Stripe says of it.
   * @returns the payment after that; null when there is no intent, because Stripe refuses to make one
   */
  async cancelAtStripe(
    payment: PaymentRow,
    orderNumber: number,
    cancellation: Cancellation,
  ): Promise<PaymentRow | null> {
    const intent = await this.start.ensureIntent(payment, orderNumber).catch((error: unknown) => {
      if (payment.provider_ref === null && wasRefused(error)) return null;
      throw error;
    });
    if (intent === null) return null;
    const after =
      intent.status === 'canceled' || intent.status === 'succeeded'
        ? intent
        : await this.gateway.cancelIntent(
            intent.ref,
            payment.id,
            cancellation.reason === 'expired' || cancellation.reason === 'too_many_attempts'
              ? 'abandoned'
              : 'requested_by_customer',
          );
    // The answer to a cancellation has no expanded charge; what was paid meanwhile is read in full.
    const full = after.status === 'canceled' ? after : await this.gateway.retrieveIntent(intent.ref);
    return this.sync.applyIntent(payment.id, full, cancellation.reason, cancellation.actor);
  }

  private async cancelHere(tx: Tx, orderId: string, cancellation: Cancellation): Promise<string | null> {
    const order = await this.orders.lockOrder(tx, orderId);
    if (order.status === 'canceled') return null;
    const mayCancel =
      ['pending_payment', 'confirmed', 'payment_review'].includes(order.status) &&
      order.fulfillment_status === 'unfulfilled';
    if (!mayCancel)
      throw OrderNotCancelable({ data: { orderStatus: order.status, fulfillmentStatus: order.fulfillment_status } });
    const current = await this.payments.findCurrent(tx, orderId);
    const payment = current ? await this.payments.lock(tx, current.id) : null;

    await this.returnStock.execute(tx, order.id, cancellation.actor);
    await this.orders.change(
      tx,
      order,
      {
        status: 'canceled',
        expiresAt: null,
        cancelReason: cancellation.reason,
        ...(payment === null || payment.captured === 0 ? { paymentStatus: 'canceled' as const } : {}),
      },
      {
        type: 'order.canceled',
        actor: cancellation.actor,
        data: { reason: cancellation.reason, ...(cancellation.note ? { note: cancellation.note } : {}) },
      },
    );
    if (payment && payment.captured === 0 && (payment.provider === 'manual' || payment.provider_ref === null))
      await this.payments.update(tx, payment.id, { status: 'canceled' });
    if (!payment || payment.captured === payment.refunded) return null;
    const refund = await this.refunds
      .begin(tx, orderId, { reason: 'order canceled' }, cancellation.actor, `cancel:${orderId}`)
      .catch(ignoreNothingLeft);
    return refund?.provider === 'stripe' ? refund.id : null;
  }
}

function rethrowUnlessTold(error: unknown): void {
  if (!PaymentUnavailable.is(error) && !PaymentRefused.is(error)) throw error;
}

/** Everything that was captured is on its way back already. */
function ignoreNothingLeft(error: unknown): null {
  if (
    (error as { code?: string }).code === 'refund_too_large' ||
    (error as { code?: string }).code === 'nothing_to_refund'
  )
    return null;
  throw error;
}
