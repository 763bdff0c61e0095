import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId, newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { StockLedger } from '../inventory/index.js';
import { type LockedOrder, type OrderPaymentStatus, OrdersRepository, OrderUnderReview } from '../orders/index.js';
import { BookMoney } from './books/book-money.service.js';
import { ExecuteRefundJob } from './jobs/definitions.js';
import { mayBecome } from './payment.state.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
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
    private readonly refunds: SettleRefunds,
    private readonly books: BookMoney,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** @param cancelReason why the order ends if the provider says that the payment is canceled */
  async apply(
    tx: Tx,
    paymentId: string,
    state: ProviderState,
    cancelReason = 'payment_canceled',
    actor = 'stripe',
  ): Promise<PaymentRow> {
    const found = await this.payments.find(tx, paymentId);
    if (!found) throw new Error(`payment ${paymentId} is gone`);
    const order = await this.orders.lockOrder(tx, found.order_id);
    const payment = await this.payments.lock(tx, paymentId);
    const { intent } = state;

    if (intent.attempt) await this.recordAttempt(tx, order, payment, intent);
    if (mayBecome(payment.status, intent.status) && intent.status !== payment.status)
      await this.move(tx, order, payment, intent, cancelReason, actor);
    else if (payment.provider_ref === null) await this.payments.update(tx, payment.id, { providerRef: intent.ref });
    if (state.refunds.length > 0) await this.refunds.apply(tx, payment.id, state.refunds);
    await this.books.execute(tx, payment.id, { received: intent.amountReceived, transactions: transactionsOf(state) });
    failpoint('commit.settle');
    return this.payments.lock(tx, paymentId);
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

  private async move(
    tx: Tx,
    order: LockedOrder,
    payment: PaymentRow,
    intent: Intent,
    cancelReason: string,
    actor: string,
  ): Promise<void> {
    const captured = intent.status === 'succeeded' ? Math.min(intent.amountReceived, payment.amount) : undefined;
    await this.payments.update(tx, payment.id, {
      status: intent.status,
      providerRef: intent.ref,
      captured,
      ...(intent.status === 'succeeded' ? { error: null } : {}),
    });
    switch (intent.status) {
      case 'succeeded':
        await this.succeed(tx, order, payment, intent);
        break;
      case 'authorized':
        await this.confirm(tx, order, payment, 'authorized');
        break;
      case 'canceled':
        if (order.status === 'pending_payment') await this.cancelUnpaid(tx, order, cancelReason, actor);
        break;
      case 'processing':
      case 'requires_action':
        if (order.status === 'pending_payment') await this.extendHold(tx, order);
        break;
      case 'requires_payment_method':
        break;
    }
  }

  private async succeed(tx: Tx, order: LockedOrder, payment: PaymentRow, intent: Intent): Promise<void> {
    const fits =
      intent.amountReceived === payment.amount &&
      intent.amount === payment.amount &&
      intent.currency === payment.currency &&
      intent.orderId === encodeId('order', order.id);
    if (!fits) return this.review(tx, order, payment, intent);
    if (payment.status === 'authorized') {
      await this.orders.change(tx, order, { paymentStatus: 'paid' }, this.paidEntry(payment));
      return;
    }
    await this.confirm(tx, order, payment, 'paid');
  }

  /** The money is there or promised: the order is confirmed and its goods leave the shelf, or the money goes back. */
  private async confirm(
    tx: Tx,
    order: LockedOrder,
    payment: PaymentRow,
    paymentStatus: OrderPaymentStatus,
  ): Promise<void> {
    if (order.status === 'pending_payment' || order.status === 'payment_review') {
      const { complete } = await this.stock.commit(tx, order.id);
      if (complete || (await this.reserveAgain(tx, order.id))) {
        await this.orders.change(
          tx,
          order,
          { status: 'confirmed', paymentStatus, expiresAt: null },
          this.paidEntry(payment),
        );
        return;
      }
    } else if (order.status === 'canceled' && (await this.reserveAgain(tx, order.id))) {
      await this.orders.change(
        tx,
        order,
        { status: 'confirmed', paymentStatus, expiresAt: null },
        { ...this.paidEntry(payment), type: 'payment.late' },
      );
      return;
    }
    await this.giveBack(tx, order, payment);
  }

  /** Tries to have the goods again after their hold was released. All or nothing, without losing the transaction. */
  private async reserveAgain(tx: Tx, orderId: string): Promise<boolean> {
    const lines = await this.orders.trackedLines(tx, orderId);
    await tx.query('SAVEPOINT reserve_again');
    const missing = await this.stock.reserve(
      tx,
      lines.map((line) => ({ orderId, orderLineId: line.id, variantId: line.variantId, quantity: line.quantity })),
      'commit',
    );
    await tx.query(missing.length > 0 ? 'ROLLBACK TO SAVEPOINT reserve_again' : 'RELEASE SAVEPOINT reserve_again');
    return missing.length === 0;
  }

  /** Money came for goods that cannot be had, or a second time: all of it goes back by itself. */
  private async giveBack(tx: Tx, order: LockedOrder, payment: PaymentRow): Promise<void> {
    log.warn('payment.late_refund', { orderId: order.id, paymentId: payment.id });
    const refundId = newUuid();
    await tx.query(
      `INSERT INTO refunds (id, payment_id, order_id, status, amount, currency, reason, request_key) VALUES ($1, $2, $3, 'pending', $4, $5, 'late_payment', $6)
       ON CONFLICT (request_key) DO NOTHING`,
      [refundId, payment.id, order.id, payment.amount, payment.currency, `auto:${payment.id}`],
    );
    await enqueue(tx, ExecuteRefundJob, refundId, { refundId });
    const entry = {
      type: 'payment.late_refund',
      actor: 'system',
      data: { paymentId: encodeId('payment', payment.id) },
    };
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

  private async review(tx: Tx, order: LockedOrder, payment: PaymentRow, intent: Intent): Promise<void> {
    log.error('payment.mismatch', {
      orderId: order.id,
      paymentId: payment.id,
      expected: payment.amount,
      received: intent.amountReceived,
      currency: intent.currency,
    });
    const entry = {
      type: 'payment.mismatch',
      actor: 'stripe',
      data: { expected: payment.amount, received: intent.amountReceived, currency: intent.currency },
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
        received: intent.amountReceived,
      },
    });
  }

  private async cancelUnpaid(tx: Tx, order: LockedOrder, reason: string, actor: string): Promise<void> {
    await this.stock.release(tx, order.id);
    await this.orders.change(
      tx,
      order,
      { status: 'canceled', paymentStatus: 'canceled', expiresAt: null, cancelReason: reason },
      { type: 'order.canceled', actor, data: { reason } },
    );
  }

  private async extendHold(tx: Tx, order: LockedOrder): Promise<void> {
    const expiresAt = new Date(Date.now() + this.config.reservationTtlMin * 60_000);
    if (order.expires_at === null || order.expires_at >= expiresAt) return;
    await this.orders.change(
      tx,
      order,
      { expiresAt },
      { type: 'payment.pending', actor: 'stripe', data: { heldUntil: expiresAt.toISOString() } },
    );
  }

  private paidEntry(payment: PaymentRow) {
    return {
      type: 'payment.succeeded',
      actor: 'stripe',
      data: { paymentId: encodeId('payment', payment.id), amount: payment.amount, currency: payment.currency },
    };
  }
}

const transactionsOf = ({ intent, refunds }: ProviderState) => [
  ...(intent.transactions ?? []),
  ...refunds.flatMap((refund) => refund.transactions ?? []),
];
