import { Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
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
   * @returns whether it was held back for a cancellation already, and what lets it be shipped again
   * @throws `order_not_cancelable` when goods were shipped already
   */
  async begin(orderId: string, actor: string): Promise<{ isCancelingSince: boolean; end(): Promise<void> }> {
    const before = await this.db.transaction(async (tx) => {
      const order = await this.orders.lockOrder(tx, orderId);
      if (order.status === 'canceled') return order.hold;
      if (order.fulfillment_status !== 'unfulfilled')
        throw OrderNotCancelable({ data: { orderStatus: order.status, fulfillmentStatus: order.fulfillment_status } });
      await this.orders.change(tx, order, { hold: 'canceling' }, { type: 'order.cancel_begun', actor });
      failpoint('commit.cancel_begun');
      return order.hold;
    });
    return {
      isCancelingSince: before === 'canceling',
      end: () =>
        this.db.transaction(async (tx) => {
          await this.end(tx, orderId, actor, before === 'fraud_warning');
          failpoint('commit.cancel_stopped');
        }),
    };
  }

  /** How many cancellations of an order have begun: one more means that somebody is at it. */
  async begun(db: Queryable, orderId: string): Promise<number> {
    const [row] = await db.query<{ begun: number }>(
      `SELECT count(*)::int AS begun FROM order_events WHERE order_id = $1 AND type = 'order.cancel_begun'`,
      [orderId],
    );
    return row!.begun;
  }

  /**
   * Lets an order be shipped whose cancellation was cut off.
   * @param begun what `begun` counted when that was found out: since then nobody has canceled it anew
   * @param alongWith what else is over
   */
  async abandon(orderId: string, begun: number, alongWith: (tx: Tx) => Promise<void>): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.orders.lockOrder(tx, orderId);
      if ((await this.begun(tx, orderId)) !== begun) return;
      await alongWith(tx);
      await this.end(tx, orderId, 'system');
      failpoint('commit.cancel_stopped');
    });
  }

  /** @param isSuspect whether it was held for a warning of fraud before; the bank may also have warned meanwhile */
  private async end(tx: Tx, orderId: string, actor: string, isSuspect = false): Promise<void> {
    const order = await this.orders.lockOrder(tx, orderId);
    if (order.hold !== 'canceling') return;
    const hold = isSuspect || (await isHeldForFraud(tx, orderId)) ? 'fraud_warning' : null;
    await this.orders.change(tx, order, { hold }, { type: 'order.cancel_stopped', actor });
  }
}
