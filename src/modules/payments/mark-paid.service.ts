import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { OrdersRepository } from '../orders/index.js';
import { BookMoney } from './books/book-money.service.js';
import { OrderNotPayable, PaymentNotManual } from './payments.errors.js';
import { PaymentsRepository } from './payments.repository.js';

/** The money of an invoice or the cash is there: staff say so, and the order is paid. Repeating it changes nothing. */
@Injectable()
export class MarkPaid {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly books: BookMoney,
  ) {}

  /** @throws `not_found`, `payment_not_manual`, `order_not_payable` */
  async execute(orderId: string, paymentId: string, actor: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const order = await this.orders.lockOrder(tx, orderId);
      const found = await this.payments.find(tx, paymentId);
      if (!found || found.order_id !== orderId) throw NotFound({ detail: 'There is no such payment of this order.' });
      const payment = await this.payments.lock(tx, paymentId);
      if (payment.provider !== 'manual') throw PaymentNotManual();
      if (payment.status === 'succeeded') return;
      if (payment.status === 'canceled' || order.status === 'canceled') {
        throw OrderNotPayable({ data: { orderStatus: order.status, paymentStatus: order.payment_status } });
      }
      await this.payments.update(tx, paymentId, { status: 'succeeded', captured: payment.amount });
      await this.books.execute(tx, paymentId);
      const done = order.status === 'confirmed' && order.fulfillment_status === 'fulfilled';
      await this.orders.change(
        tx,
        order,
        { paymentStatus: 'paid', ...(done ? { status: 'completed' as const } : {}) },
        {
          type: 'payment.succeeded',
          actor,
          data: { paymentId: encodeId('payment', paymentId), amount: payment.amount, currency: payment.currency },
        },
      );
      failpoint('commit.mark_paid');
    });
  }
}
