import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { enqueue } from '#libs/jobs';
import { log } from '#libs/log';
import { BoughtGiftCards, OrderCredits } from '../credits/index.js';
import { type LockedOrder, OrderNotCancelable, OrdersRepository } from '../orders/index.js';
import { ignoreLostDispute } from './disputes/refund-block.js';
import { ExecuteRefund } from './execute-refund.service.js';
import { HoldBack } from './hold-back.service.js';
import { ReleaseHoldJob } from './jobs/definitions.js';
import { type Cancellation, hasBeenPaid, isWish } from './payment.policy.js';
import { PaymentMethodUnavailable, PaymentRefused, PaymentUnavailable, wasRefused } from './payments.errors.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { RefundOrder } from './refund-order.service.js';
import { RejectReview } from './reject-review.service.js';
import { ReturnStock } from './return-stock.service.js';
import { SettleRefunds } from './settle-refunds.service.js';
import { StartPayment } from './start-payment.service.js';
import { type Intent, StripeGateway } from './stripe/stripe-gateway.js';
import { wasNotTried } from './stripe/stripe-line.js';
import { SyncPayment } from './sync-payment.service.js';

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
    private readonly credits: OrderCredits,
    private readonly giftCards: BoughtGiftCards,
    private readonly returnStock: ReturnStock,
    private readonly gateway: StripeGateway,
    private readonly start: StartPayment,
    private readonly sync: SyncPayment,
    private readonly holdBack: HoldBack,
    private readonly rejectReview: RejectReview,
    private readonly refunds: RefundOrder,
    private readonly settleRefunds: SettleRefunds,
    private readonly executeRefund: ExecuteRefund,
  ) {}

  /** @throws `order_not_cancelable`, `payment_disputed`, or `payment_unavailable` when Stripe cannot be asked */
  async execute(orderId: string, cancellation: Cancellation): Promise<void> {
    // In this order: an order that is read as confirmed has a payment that is read as authorized.
    const [order] = await this.db.query<{ status: string; number: number; fulfillment_status: string }>(
      `SELECT status, number, fulfillment_status FROM orders WHERE id = $1`,
      [orderId],
    );
    const payment = await this.payments.findCurrent(this.db, orderId);
    // Of money that does not fit the order all goes back, not only what the order asks for.
    if (order?.status === 'payment_review' && payment?.review === 'open') await this.rejectReview.execute(payment);
    const isOpen = order?.status === 'pending_payment' || payment?.status === 'authorized';
    let isUnknown = false;
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
      isUnknown = after === null;
    }
    const ended = await this.db.transaction(async (tx) => {
      const outcome = await this.cancelHere(tx, orderId, cancellation, isUnknown);
      failpoint('commit.cancel');
      return outcome;
    });
    if (ended === 'under_review') return this.execute(orderId, cancellation);
    const { refundId } = ended;
    // The order has ended whatever comes of its refund: a job sends it when Stripe is back, and the shop hears of a refusal.
    if (refundId) await this.executeRefund.execute(refundId).catch((error: unknown) => rethrowUnlessTold(error));
  }

  /**
   * Ends the intent of an unpaid or authorized order, and books what Stripe says of it. While Stripe is asked, nothing that
   * only a hold pays for is shipped.
   * @returns the payment after that; null when Stripe knows no intent of it: it refuses to make one, is switched off, or the
   *   account is another one now
   * @throws `order_not_cancelable` when goods were shipped meanwhile; `payment_unavailable`
   */
  async cancelAtStripe(
    payment: PaymentRow,
    orderNumber: number,
    cancellation: Cancellation,
  ): Promise<PaymentRow | null> {
    const held =
      payment.capture_method === 'manual' ? await this.holdBack.begin(payment.order_id, cancellation.actor) : null;
    let isAsked = false;
    try {
      const intent = await this.start.ensureIntent(payment, orderNumber);
      isAsked = true;
      const after = await this.endIntent(payment, intent, cancellation);
      if (after.status !== 'canceled') await held?.end();
      return after;
    } catch (error) {
      // After the question nobody knows whether the hold is there: it is not shipped until Stripe has told. Without one it is
      // as before, where an earlier question may be open.
      if ((!isAsked || wasNotTried(error)) && !held?.isCancelingSince) {
        if (isAsked) {
          failpoint('commit.cancel_wish_over');
          await this.payments.endCancellation(this.db, payment.id);
        }
        await held?.end();
      }
      if (!isAsked && payment.provider_ref === null && wasRefused(error)) return null;
      if (!UNPAID.has(payment.status) || !isUnknownToStripe(error)) throw error;
      log.warn('payment.unknown_to_stripe', { orderId: payment.order_id, paymentId: payment.id, error });
      return null;
    }
  }

  private async endIntent(payment: PaymentRow, intent: Intent, cancellation: Cancellation): Promise<PaymentRow> {
    // Stripe cancels what it holds as readily as what is unpaid; but whoever was told that their card is held has an order.
    const isPaid = intent.status === 'succeeded' || (intent.status === 'authorized' && !isWish(cancellation));
    // Stripe's event may be here before its answer: whoever applies it knows from this why the order ends.
    if (!isPaid) {
      failpoint('commit.cancel_wish');
      await this.payments.beginCancellation(this.db, payment.id, cancellation);
    }
    const after =
      isPaid || intent.status === 'canceled'
        ? intent
        : await this.gateway.cancelIntent(
            intent.ref,
            payment.id,
            isWish(cancellation) ? 'requested_by_customer' : 'abandoned',
          );
    // The answer to a cancellation has no expanded charge; what was paid meanwhile is read in full.
    const full = after.status === 'canceled' ? after : await this.gateway.retrieveIntent(intent.ref);
    const settled = await this.sync.applyIntent(payment.id, full);
    if (settled.status !== 'canceled') {
      failpoint('commit.cancel_wish_over');
      await this.payments.endCancellation(this.db, payment.id);
    }
    return settled;
  }

  private async cancelHere(
    tx: Tx,
    orderId: string,
    cancellation: Cancellation,
    isUnknown: boolean,
  ): Promise<{ refundId: string | null } | 'under_review'> {
    const order = await this.orders.lockOrder(tx, orderId);
    if (order.status === 'canceled') return { refundId: null };
    if (isShippedUnpaid(order) && cancellation.reason === 'staff') {
      await this.endRest(tx, order, cancellation);
      return { refundId: null };
    }
    const mayCancel =
      ['pending_payment', 'confirmed', 'payment_review'].includes(order.status) &&
      order.fulfillment_status === 'unfulfilled';
    if (!mayCancel)
      throw OrderNotCancelable({ data: { orderStatus: order.status, fulfillmentStatus: order.fulfillment_status } });
    const current = await this.payments.findCurrent(tx, orderId);
    const payment = current ? await this.payments.lock(tx, current.id) : null;
    if (order.status === 'payment_review' && payment?.review === 'open') return 'under_review';

    const isPaid = hasBeenPaid(order);
    const cards = await this.giftCards.takeBack(tx, orderId, 'issued', cancellation.actor);
    if (cards.kept > 0)
      throw OrderNotCancelable({
        detail: 'A gift card that it bought was spent: refund what is left.',
        data: { orderStatus: order.status, fulfillmentStatus: order.fulfillment_status },
      });
    if (order.credit_total > 0) await this.credits.giveBack(tx, order, isPaid, cancellation.actor);
    await this.returnStock.execute(tx, order, cancellation.actor);
    await this.orders.change(
      tx,
      order,
      {
        status: 'canceled',
        expiresAt: null,
        cancelReason: cancellation.reason,
        ...(order.hold === 'canceling' ? { hold: null } : {}),
        // Money under review has paid for nothing, whether it goes back or the bank has taken it.
        ...(payment === null || payment.captured === 0 || order.payment_status === 'pending'
          ? { paymentStatus: order.credit_total > 0 && isPaid ? ('refunded' as const) : ('canceled' as const) }
          : {}),
      },
      {
        type: 'order.canceled',
        actor: cancellation.actor,
        data: { reason: cancellation.reason, ...(cancellation.note ? { note: cancellation.note } : {}) },
      },
    );
    if (order.credit_total > 0 && isPaid && payment !== null && payment.captured > 0)
      await this.settleRefunds.refreshStatus(tx, orderId, payment);
    // The bank came to hold the money after it had been looked at.
    if (payment?.status === 'authorized') await enqueue(tx, ReleaseHoldJob, payment.id, { paymentId: payment.id });
    else if (
      payment?.captured === 0 &&
      (payment.provider === 'manual' || payment.provider_ref === null || (isUnknown && UNPAID.has(payment.status)))
    )
      await this.payments.update(tx, payment.id, { status: 'canceled' });
    if (!payment || payment.captured === payment.refunded) return { refundId: null };
    const refund = await this.refunds
      .begin(tx, orderId, { reason: 'order canceled' }, cancellation.actor, `cancel:${orderId}`)
      .catch(ignoreNothingLeft)
      .catch(ignoreLostDispute);
    return { refundId: refund?.provider === 'stripe' ? refund.id : null };
  }

  /** A part was shipped on a hold that was lost afterwards: no more of it goes out, and the order is over. */
  private async endRest(tx: Tx, order: LockedOrder, { actor, reason, note }: Cancellation): Promise<void> {
    await this.returnStock.execute(tx, order, actor);
    await this.orders.change(
      tx,
      order,
      { status: 'completed', fulfillmentStatus: 'fulfilled' },
      { type: 'order.rest_canceled', actor, data: { reason, ...(note ? { note } : {}) } },
    );
  }
}

/** Statuses of a payment in which no money has come. */
const UNPAID: ReadonlySet<string> = new Set(['requires_payment_method', 'requires_action', 'processing']);

const isShippedUnpaid = (order: LockedOrder): boolean =>
  order.status === 'confirmed' &&
  order.fulfillment_status !== 'unfulfilled' &&
  ['canceled', 'failed'].includes(order.payment_status);

/** Whether there is nothing at Stripe that could be asked: the key is of another account, or there is none. */
const isUnknownToStripe = (error: unknown): boolean =>
  PaymentMethodUnavailable.is(error) ||
  (PaymentRefused.is(error) && (error.details.cause as { code?: string } | undefined)?.code === 'resource_missing');

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
