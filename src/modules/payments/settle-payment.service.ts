import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { OrderCredits } from '../credits/index.js';
import { StockLedger } from '../inventory/index.js';
import { type LockedOrder, OrdersRepository, OrderUnderReview } from '../orders/index.js';
import { BookMoney } from './books/book-money.service.js';
import { ExecuteRefundJob, ReleaseHoldJob, StopTriesJob } from './jobs/definitions.js';
import { type Cancellation, MAX_TRIES } from './payment.policy.js';
import { mayBecome } from './payment.state.js';
import { HoldLost, PaymentAuthorized } from './payments.events.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { ReturnStock } from './return-stock.service.js';
import { SettleCaptures } from './settle-captures.service.js';
import { SettleRefunds } from './settle-refunds.service.js';
import type { Intent, ProviderRefund } from './stripe/stripe-gateway.js';

/** What the provider says of a payment, read outside of any transaction. */
export interface ProviderState {
  intent: Intent;
  refunds: ProviderRefund[];
}

/**
 * Applies what the provider says to payment, order and stock, in one transaction under the locks of order and payment.
 * Whoever calls (webhook, browser's return, expiry, reconciliation, staff) and however often: the effect happens once.
 */
@Injectable()
export class SettlePayment {
  constructor(
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly stock: StockLedger,
    private readonly credits: OrderCredits,
    private readonly returnStock: ReturnStock,
    private readonly captures: SettleCaptures,
    private readonly refunds: SettleRefunds,
    private readonly books: BookMoney,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  async apply(tx: Tx, paymentId: string, state: ProviderState): Promise<PaymentRow> {
    const found = await this.payments.find(tx, paymentId);
    if (!found) throw new Error(`payment ${paymentId} is gone`);
    const order = await this.orders.lockOrder(tx, found.order_id);
    const payment = await this.payments.lock(tx, paymentId);
    const { intent } = state;

    if (intent.attempt) await this.recordAttempt(tx, order, payment, intent);
    if (intent.attempt?.outcome === 'failed' && order.status === 'pending_payment') await this.stopTries(tx, payment);
    if (mayBecome(payment.status, intent.status) && intent.status !== payment.status)
      await this.move(tx, order, payment, intent);
    else if (payment.provider_ref === null) await this.payments.update(tx, payment.id, { providerRef: intent.ref });
    if (state.refunds.length > 0) await this.refunds.apply(tx, payment.id, state.refunds);
    await this.books.execute(tx, payment.id, { received: intent.amountReceived, transactions: transactionsOf(state) });
    return this.payments.lock(tx, paymentId);
  }

  /** Nobody has so many cards: the order ends, unless it is paid first. */
  private async stopTries(tx: Tx, payment: PaymentRow): Promise<void> {
    if ((await this.payments.countTries(tx, payment.id)) < MAX_TRIES) return;
    await enqueue(tx, StopTriesJob, payment.id, { orderId: payment.order_id });
  }

  private async recordAttempt(tx: Tx, order: LockedOrder, payment: PaymentRow, intent: Intent): Promise<void> {
    const attempt = intent.attempt!;
    const fresh = await this.payments.recordAttempt(tx, payment.id, attempt);
    if (!fresh || attempt.outcome !== 'failed') return;
    await this.payments.update(tx, payment.id, {
      error: { code: attempt.declineCode ?? attempt.code, message: attempt.message },
    });
    await this.orders.note(tx, order.id, {
      type: 'payment.failed',
      actor: 'stripe',
      data: { paymentId: encodeId('payment', payment.id), code: attempt.code, declineCode: attempt.declineCode },
    });
  }

  private async move(tx: Tx, order: LockedOrder, payment: PaymentRow, intent: Intent): Promise<void> {
    const captured = intent.status === 'succeeded' ? Math.min(intent.amountReceived, payment.amount) : undefined;
    await this.payments.update(tx, payment.id, {
      status: intent.status,
      providerRef: intent.ref,
      captured,
      ...(intent.status === 'authorized'
        ? { authorized: intent.amountCapturable, captureBefore: intent.captureBefore }
        : {}),
      ...(intent.status === 'succeeded' ? { error: null } : {}),
    });
    switch (intent.status) {
      case 'succeeded':
        await this.succeed(tx, order, payment, intent);
        break;
      case 'authorized':
        await this.hold(tx, order, payment, intent);
        break;
      case 'canceled':
        await this.end(tx, order, payment, intent);
        break;
      case 'processing':
      case 'requires_action':
        if (order.status === 'pending_payment') await this.extendHold(tx, order, payment, intent.status);
        break;
      case 'requires_payment_method':
        break;
    }
  }

  private async succeed(tx: Tx, order: LockedOrder, payment: PaymentRow, intent: Intent): Promise<void> {
    // Of a hold a part may be captured: the shop decides what it takes.
    const isEnough =
      payment.capture_method === 'manual' ? intent.amountReceived > 0 : intent.amountReceived === payment.amount;
    if (!isEnough || !fits(intent, payment)) return this.review(tx, order, payment, intent, intent.amountReceived);
    const { isShipped, surplus } =
      payment.capture_method === 'manual'
        ? await this.captures.succeed(tx, order, payment, intent.amountReceived)
        : { isShipped: false, surplus: null };
    if (payment.status === 'authorized' && order.status === 'confirmed') {
      await this.orders.change(
        tx,
        order,
        {
          paymentStatus: 'paid',
          ...(isShipped ? { status: 'completed' as const, fulfillmentStatus: 'fulfilled' as const } : {}),
        },
        this.moneyEntry('payment.succeeded', payment, intent.amountReceived),
      );
      if (surplus) await this.captures.returnCredit(tx, order.id, surplus);
      return;
    }
    await this.confirm(tx, order, payment, 'paid', intent.amountReceived);
  }

  /** The bank holds the money: the order counts, and staff have until `captureBefore` to take it. */
  private async hold(tx: Tx, order: LockedOrder, payment: PaymentRow, intent: Intent): Promise<void> {
    if (intent.amountCapturable !== payment.amount || !fits(intent, payment))
      return this.review(tx, order, payment, intent, intent.amountCapturable);
    announce(tx, {
      definition: PaymentAuthorized,
      key: `${PaymentAuthorized.topic}:${payment.id}`,
      aggregateType: 'order',
      aggregateId: order.id,
      payload: {
        orderId: encodeId('order', order.id),
        paymentId: encodeId('payment', payment.id),
        amount: intent.amountCapturable,
        currency: payment.currency,
        captureBefore: intent.captureBefore?.toISOString() ?? null,
      },
    });
    await this.confirm(tx, order, payment, 'authorized', intent.amountCapturable);
  }

  /** The provider takes no money any more: an order that waited for it ends, and so does one whose hold is gone. */
  private async end(tx: Tx, order: LockedOrder, payment: PaymentRow, intent: Intent): Promise<void> {
    const asked = await this.payments.endCancellation(tx, payment.id);
    if (await this.captures.release(tx, order, payment)) return;
    await this.captures.fail(tx, payment.id, 'The hold has ended.');
    const { reason, actor, note } = whyEnded(payment, intent, asked);
    const isUnshipped = order.fulfillment_status === 'unfulfilled';
    const mayEnd =
      order.status === 'pending_payment' ||
      (payment.status === 'authorized' && ['confirmed', 'payment_review'].includes(order.status));
    if (!mayEnd) return;
    if (isUnshipped) {
      if (order.credit_total > 0) await this.credits.giveBack(tx, order, false, actor);
      await this.returnStock.execute(tx, order, actor);
      await this.orders.change(
        tx,
        order,
        {
          status: 'canceled',
          paymentStatus: 'canceled',
          expiresAt: null,
          cancelReason: reason,
          ...(order.hold === 'canceling' ? { hold: null } : {}),
        },
        { type: 'order.canceled', actor, data: { reason, ...(note ? { note } : {}) } },
      );
      return;
    }
    log.error('payment.hold_lost', { orderId: order.id, paymentId: payment.id });
    await this.orders.change(
      tx,
      order,
      { paymentStatus: 'canceled' },
      { type: 'payment.hold_lost', actor, data: { amount: payment.authorized, currency: payment.currency } },
    );
    announce(tx, {
      definition: HoldLost,
      key: `${HoldLost.topic}:${payment.id}`,
      aggregateType: 'order',
      aggregateId: order.id,
      payload: {
        orderId: encodeId('order', order.id),
        number: order.number,
        paymentId: encodeId('payment', payment.id),
        amount: payment.authorized,
        currency: payment.currency,
      },
    });
  }

  /** The money is there or promised: the order is confirmed and its goods leave the shelf, or the money goes back. */
  private async confirm(
    tx: Tx,
    order: LockedOrder,
    payment: PaymentRow,
    paymentStatus: 'paid' | 'authorized',
    amount: number,
  ): Promise<void> {
    const entry = this.moneyEntry(
      paymentStatus === 'paid' ? 'payment.succeeded' : 'payment.authorized',
      payment,
      amount,
    );
    if (order.status === 'pending_payment' || order.status === 'payment_review') {
      if ((await this.takeGoods(tx, order)) === null) {
        await this.orders.change(tx, order, { status: 'confirmed', paymentStatus, expiresAt: null }, entry);
        return;
      }
    } else if (
      order.status === 'canceled' &&
      (await this.spendAgain(tx, order)) &&
      (await this.reserveAgain(tx, order))
    ) {
      await this.orders.change(
        tx,
        order,
        { status: 'confirmed', paymentStatus, expiresAt: null },
        { ...entry, type: 'payment.late' },
      );
      return;
    }
    await this.giveBack(tx, order, payment, paymentStatus, amount);
  }

  /**
   * What is held for the order leaves the shelf, or what can be had again, with the credit that was to pay a part of it.
   * @returns what is not there any more; null when all of it is
   */
  async takeGoods(tx: Tx, order: LockedOrder): Promise<'credit' | 'goods' | null> {
    if (!(await this.spendAgain(tx, order))) return 'credit';
    const { complete } = await this.stock.commit(tx, order.id);
    return complete || (await this.reserveAgain(tx, order)) ? null : 'goods';
  }

  /** Credit that was returned when the order ended is taken once more. Where that or the goods fail, it is given back. */
  private async spendAgain(tx: Tx, order: LockedOrder): Promise<boolean> {
    return order.credit_total === 0 || this.credits.spendAgain(tx, order);
  }

  /** Tries to have the goods again after their hold was released. All or nothing, without losing the transaction. */
  private async reserveAgain(tx: Tx, order: LockedOrder): Promise<boolean> {
    const wanted = await this.orders.stockOf(tx, order.id);
    await tx.query('SAVEPOINT reserve_again');
    const missing = await this.stock.reserve(
      tx,
      wanted.map((item) => ({ orderId: order.id, ...item, occasion: String(order.version) })),
      'commit',
    );
    if (missing.length > 0) {
      await tx.query('ROLLBACK TO SAVEPOINT reserve_again');
      return false;
    }
    // What had come back when the order ended has left the shelf once more, and is to be shipped.
    await tx.query(`UPDATE order_lines SET restocked_quantity = 0 WHERE order_id = $1 AND restocked_quantity > 0`, [
      order.id,
    ]);
    await tx.query('RELEASE SAVEPOINT reserve_again');
    return true;
  }

  /** Money came for goods that cannot be had, or a second time: all of it goes back by itself. */
  private async giveBack(
    tx: Tx,
    order: LockedOrder,
    payment: PaymentRow,
    paymentStatus: 'paid' | 'authorized',
    amount: number,
  ): Promise<void> {
    log.warn('payment.late_refund', { orderId: order.id, paymentId: payment.id });
    if (paymentStatus === 'authorized') await enqueue(tx, ReleaseHoldJob, payment.id, { paymentId: payment.id });
    else await this.refundLate(tx, order, payment, amount);
    const entry = {
      type: 'payment.late_refund',
      actor: 'system',
      data: { paymentId: encodeId('payment', payment.id) },
    };
    const isOver = order.status !== 'confirmed' && order.status !== 'completed';
    if (order.credit_total > 0 && isOver) await this.credits.giveBack(tx, order, false, 'system');
    if (order.status === 'pending_payment') {
      await this.stock.release(tx, order.id);
      await this.orders.change(
        tx,
        order,
        { status: 'canceled', paymentStatus: 'canceled', expiresAt: null, cancelReason: 'late_payment' },
        entry,
      );
    } else {
      await this.orders.note(tx, order.id, entry);
    }
  }

  private async refundLate(tx: Tx, order: LockedOrder, payment: PaymentRow, amount: number): Promise<void> {
    const refundId = newUuid();
    await tx.query(
      `INSERT INTO refunds (id, payment_id, order_id, status, amount, currency, reason, request_key) VALUES ($1, $2, $3, 'pending', $4, $5, 'late_payment', $6)
       ON CONFLICT (request_key) DO NOTHING`,
      [refundId, payment.id, order.id, amount, payment.currency, `auto:${payment.id}`],
    );
    await enqueue(tx, ExecuteRefundJob, refundId, { refundId });
  }

  /** @param received what came, or what the bank holds, in minor units of the intent's currency */
  private async review(
    tx: Tx,
    order: LockedOrder,
    payment: PaymentRow,
    intent: Intent,
    received: number,
  ): Promise<void> {
    await this.payments.update(tx, payment.id, { review: 'open' });
    log.error('payment.mismatch', {
      orderId: order.id,
      paymentId: payment.id,
      expected: payment.amount,
      received,
      currency: intent.currency,
    });
    const entry = {
      type: 'payment.mismatch',
      actor: 'stripe',
      data: { expected: payment.amount, received, currency: intent.currency },
    };
    if (order.status === 'pending_payment' || order.status === 'canceled') {
      await this.orders.change(tx, order, { status: 'payment_review', expiresAt: null }, entry);
    } else {
      await this.orders.note(tx, order.id, entry);
    }
    announce(tx, {
      definition: OrderUnderReview,
      key: `${OrderUnderReview.topic}:${payment.id}`,
      aggregateType: 'order',
      aggregateId: order.id,
      payload: {
        orderId: encodeId('order', order.id),
        number: order.number,
        expected: payment.amount,
        received,
      },
    });
  }

  /**
   * Whoever is at their bank has time to come back. 3D Secure can be begun as often as there are tries, so all of it together
   * holds the goods for as long again as an order has, and no longer; a bank that takes days to decide does not ask the shopper.
   */
  private async extendHold(
    tx: Tx,
    order: LockedOrder,
    payment: PaymentRow,
    status: 'processing' | 'requires_action',
  ): Promise<void> {
    const ttlMs = this.config.reservationTtlMin * 60_000;
    const latest = status === 'processing' ? Infinity : payment.created_at.getTime() + 2 * ttlMs;
    const expiresAt = new Date(Math.min(Date.now() + ttlMs, latest));
    if (order.expires_at === null || order.expires_at >= expiresAt) return;
    await this.orders.change(
      tx,
      order,
      { expiresAt },
      { type: 'payment.pending', actor: 'stripe', data: { heldUntil: expiresAt.toISOString() } },
    );
  }

  private moneyEntry(type: string, payment: PaymentRow, amount: number) {
    return {
      type,
      actor: 'stripe',
      data: { paymentId: encodeId('payment', payment.id), amount, currency: payment.currency },
    };
  }
}

/** Whether the intent is for this order and this amount. */
const fits = (intent: Intent, payment: PaymentRow): boolean =>
  intent.amount === payment.amount &&
  intent.currency === payment.currency &&
  intent.orderId === encodeId('order', payment.order_id);

/** Why the provider takes no money any more: because it was asked from here, its time is over, or somebody else said so. */
function whyEnded(
  payment: PaymentRow,
  intent: Intent,
  asked: Cancellation | null,
): { reason: string; actor: string; note?: string } {
  if (intent.cancellationReason === 'automatic')
    return { reason: payment.status === 'authorized' ? 'hold_expired' : 'payment_canceled', actor: 'stripe' };
  return asked ?? { reason: 'payment_canceled', actor: 'stripe' };
}

const transactionsOf = ({ intent, refunds }: ProviderState) => [
  ...(intent.transactions ?? []),
  ...refunds.flatMap((refund) => refund.transactions ?? []),
];
