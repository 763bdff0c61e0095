import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { OrdersRepository } from '../orders/index.js';
import { MAX_TRIES } from './payment.policy.js';
import { OrderNotPayable, PaymentAttemptsExhausted } from './payments.errors.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { ReturnUrls } from './return-urls.js';
import { type PayRequest, type StartedPayment, StartPayment } from './start-payment.service.js';
import { ChooseCard } from './saved-cards/choose-card.service.js';
import { SyncPayment } from './sync-payment.service.js';

/** Pays an order that waits for its money: again after a decline, or for the first time when Stripe was out of reach. */
@Injectable()
export class PayOrder {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly start: StartPayment,
    private readonly sync: SyncPayment,
    private readonly returnUrls: ReturnUrls,
    private readonly cards: ChooseCard,
  ) {}

  /** @throws `order_not_payable`, `saved_card_unknown`, `payment_attempts_exhausted`, `payment_unavailable` */
  async execute(orderId: string, request: PayRequest): Promise<StartedPayment> {
    this.returnUrls.assert(request.returnUrl);
    this.cards.assertSound(request);
    const { payment, number } = await this.db.transaction((tx) => this.payable(tx, orderId));
    const started = await this.start.execute(payment, number, request);
    // The order came to its end meanwhile, at Stripe at least.
    if (started.payment.status === 'canceled') await this.db.transaction((tx) => this.payable(tx, orderId));
    return started;
  }

  private async payable(tx: Tx, orderId: string): Promise<{ payment: PaymentRow; number: number }> {
    const order = await this.orders.lockOrder(tx, orderId);
    const payment = await this.payments.findCurrent(tx, orderId);
    if (payment && order.status === 'canceled' && (await this.payments.countTries(tx, payment.id)) >= MAX_TRIES)
      throw PaymentAttemptsExhausted({ data: { orderId: encodeId('order', orderId) } });
    if (order.status !== 'pending_payment' || payment?.provider !== 'stripe' || payment.status === 'canceled') {
      throw OrderNotPayable({ data: { orderStatus: order.status, paymentStatus: order.payment_status } });
    }
    failpoint('commit.pay_again');
    return { payment, number: order.number };
  }

  /** Reads the truth from Stripe on return from the browser. */
  async syncNow(orderId: string): Promise<PaymentRow> {
    const payment = await this.payments.findCurrent(this.db, orderId);
    if (!payment) throw NotFound({ detail: 'There is no payment of this order.' });
    return this.sync.execute(payment);
  }
}
