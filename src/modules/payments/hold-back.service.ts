import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { OrderNotCancelable, OrdersRepository } from '../orders/index.js';
import { isHeldForFraud } from './disputes/fraud-hold.js';

/** Keeps an order here while Stripe is asked to let its money go: nothing that only a hold pays for is shipped meanwhile. */
@Injectable()
export class HoldBack {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
  ) {}

  /**
   * What is left behind by a crash is taken up by `ResumeCancellations`.
   * @returns what lets it be shipped again
   * @throws `order_not_cancelable` when goods were shipped already
   */
  async begin(orderId: string, actor: string): Promise<() => Promise<void>> {
    const before = await this.db.transaction(async (tx) => {
      const order = await this.orders.lockOrder(tx, orderId);
      if (order.status === 'canceled') return order.hold;
      if (order.fulfillment_status !== 'unfulfilled')
        throw OrderNotCancelable({ data: { orderStatus: order.status, fulfillmentStatus: order.fulfillment_status } });
      await this.orders.change(tx, order, { hold: 'canceling' }, { type: 'order.cancel_begun', actor });
      failpoint('commit.cancel_begun');
      return order.hold;
    });
    return () => this.end(orderId, actor, before === 'fraud_warning');
  }

  /** @param isSuspect whether it was held for a warning of fraud before; the bank may also have warned meanwhile */
  async end(orderId: string, actor: string, isSuspect = false): Promise<void> {
    await this.db.transaction(async (tx) => {
      const order = await this.orders.lockOrder(tx, orderId);
      if (order.hold !== 'canceling') return;
      const hold = isSuspect || (await isHeldForFraud(tx, orderId)) ? 'fraud_warning' : null;
      await this.orders.change(tx, order, { hold }, { type: 'order.cancel_stopped', actor });
      failpoint('commit.cancel_stopped');
    });
  }
}
