import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { NotFound } from '#libs/errors';
import { encodeId } from '#libs/ids';
import { CreditTooSmall } from '../credits/index.js';
import { OutOfStock } from '../inventory/index.js';
import { OrdersRepository } from '../orders/index.js';
import { BookMoney } from './books/book-money.service.js';
import { CancelOrder } from './cancel-order.service.js';
import { PaymentNotUnderReview } from './payments.errors.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { RejectReview } from './reject-review.service.js';
import { SettlePayment } from './settle-payment.service.js';
import { type Intent, StripeGateway } from './stripe/stripe-gateway.js';

/** What staff decide about money that does not fit its order. */
export interface Decision {
  actor: string;
  note?: string;
}

/** Ends a payment review: staff are content with what came, or it goes back and the order ends. Repeating it changes nothing. */
@Injectable()
export class ResolveReview {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly settle: SettlePayment,
    private readonly books: BookMoney,
    private readonly rejectReview: RejectReview,
    private readonly cancelOrder: CancelOrder,
  ) {}

  /**
   * The order counts as paid with what came, be it less or more than its total, and its goods leave the shelf.
   * @throws `payment_not_under_review`; `out_of_stock` when the goods were sold meanwhile, `credit_too_small` when its
   *   credit was spent: then only rejecting helps
   */
  async accept(paymentId: string, decision: Decision): Promise<void> {
    const found = await this.find(paymentId);
    if (found.review === 'accepted') return;
    const intent = await this.read(found);
    await this.db.transaction(async (tx) => {
      const order = await this.orders.lockOrder(tx, found.order_id);
      const payment = await this.payments.lock(tx, paymentId);
      if (payment.review === 'accepted') return;
      if (payment.review !== 'open' || order.status !== 'payment_review')
        throw PaymentNotUnderReview({ data: { orderStatus: order.status } });
      if (payment.status !== 'succeeded' || intent.currency !== payment.currency)
        throw PaymentNotUnderReview({ detail: 'Held money, or money of another currency, can only be sent back.' });
      const captured = intent.amountReceived;
      if (payment.refunded >= captured)
        throw PaymentNotUnderReview({
          detail: 'All of it has gone back already.',
          data: { orderStatus: order.status },
        });
      const missing = await this.settle.takeGoods(tx, order);
      if (missing === 'goods') throw OutOfStock();
      if (missing === 'credit')
        throw CreditTooSmall({
          detail: 'The gift card or store credit that paid a part of the order is spent elsewhere. Reject the payment.',
        });
      await this.payments.update(tx, payment.id, { review: 'accepted', captured });
      await this.books.execute(tx, payment.id, { received: captured });
      const confirmed = await this.orders.change(
        tx,
        order,
        { status: 'confirmed', paymentStatus: 'paid', expiresAt: null },
        {
          type: 'payment.accepted',
          actor: decision.actor,
          data: {
            paymentId: encodeId('payment', payment.id),
            expected: payment.amount,
            received: captured,
            currency: payment.currency,
            ...(decision.note ? { note: decision.note } : {}),
          },
        },
      );
      if (payment.refunded > 0)
        await this.orders.change(
          tx,
          confirmed,
          { paymentStatus: 'partially_refunded' },
          {
            type: 'payment.refunded',
            actor: 'system',
            data: { refunded: payment.refunded, currency: payment.currency },
          },
        );
      failpoint('commit.review_accepted');
    });
  }

  /**
   * All that came goes back, or the hold is let go, and the order is canceled.
   * @throws `payment_not_under_review`; `payment_disputed` while the bank decides; `payment_unavailable` when a hold cannot be let go now
   */
  async reject(paymentId: string, decision: Decision): Promise<void> {
    const found = await this.find(paymentId);
    const { review, orderStatus } = await this.rejectReview.execute(found);
    if (review !== 'rejected') throw PaymentNotUnderReview({ data: { orderStatus } });
    await this.cancelOrder.execute(found.order_id, { reason: 'staff', actor: decision.actor, note: decision.note });
  }

  private async find(id: string): Promise<PaymentRow> {
    const payment = await this.payments.find(this.db, id);
    if (!payment) throw NotFound({ detail: 'There is no such payment.' });
    if (payment.review === null) throw PaymentNotUnderReview({ data: { paymentStatus: payment.status } });
    return payment;
  }

  private read(payment: PaymentRow): Promise<Intent> {
    if (payment.provider_ref === null) throw PaymentNotUnderReview();
    return this.gateway.retrieveIntent(payment.provider_ref);
  }
}
