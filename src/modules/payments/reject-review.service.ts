import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { OrdersRepository, type OrderStatus } from '../orders/index.js';
import { BookMoney } from './books/book-money.service.js';
import { assertRefundable, ignoreLostDispute } from './disputes/refund-block.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { StripeGateway } from './stripe/stripe-gateway.js';

/** Decides that money which does not fit its order goes back, all of it. Canceling the order carries that out. */
@Injectable()
export class RejectReview {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly books: BookMoney,
  ) {}

  /**
   * @returns what is decided now, and where the order stands: somebody else may have been faster
   * @throws `payment_disputed` while the bank decides: the decision is only made when it can be carried out
   */
  async execute(found: PaymentRow): Promise<{ review: PaymentRow['review']; orderStatus: OrderStatus }> {
    const intent =
      found.review === 'open' && found.provider_ref !== null
        ? await this.gateway.retrieveIntent(found.provider_ref)
        : null;
    return this.db.transaction(async (tx) => {
      const order = await this.orders.lockOrder(tx, found.order_id);
      const payment = await this.payments.lock(tx, found.id);
      const orderStatus = order.status;
      if (payment.review !== 'open' || orderStatus !== 'payment_review') return { review: payment.review, orderStatus };
      if (!intent) throw new Error(`payment ${payment.id} is under review and has no intent`);
      await assertRefundable(tx, payment.id, intent.amountReceived).catch(ignoreLostDispute);
      const isOurs = payment.status === 'succeeded' && intent.currency === payment.currency;
      await this.payments.update(tx, payment.id, {
        review: 'rejected',
        ...(isOurs ? { captured: intent.amountReceived } : {}),
      });
      await this.books.execute(tx, payment.id, { received: intent.amountReceived });
      failpoint('commit.review_rejected');
      return { review: 'rejected' as const, orderStatus };
    });
  }
}
