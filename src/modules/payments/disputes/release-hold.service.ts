import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { onHold, OrdersRepository } from '../../orders/index.js';
import { PaymentsRepository } from '../payments.repository.js';

/** Staff have looked at an order that was held back: it may be shipped. Releasing what is not held changes nothing. */
@Injectable()
export class ReleaseHold {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
  ) {}

  /** @throws `not_found`; `order_on_hold` while Stripe is being asked to let the money go */
  async execute(orderId: string, actor: string, note?: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const order = await this.orders.lockOrder(tx, orderId);
      if (order.hold === null) return;
      if (order.hold === 'canceling') {
        await this.assertAbandoned(tx, orderId);
        const payment = await this.payments.findCurrent(tx, orderId);
        if (payment) await this.payments.endCancellation(tx, payment.id);
      }
      await this.orders.change(
        tx,
        order,
        { hold: null },
        { type: 'order.hold_released', actor, data: { hold: order.hold, ...(note ? { note } : {}) } },
      );
      failpoint('commit.hold_released');
    });
  }

  /** A cancellation takes seconds: what is older was cut off, and nobody waits for it. */
  private async assertAbandoned(tx: Tx, orderId: string): Promise<void> {
    const [busy] = await tx.query(`SELECT 1 FROM orders WHERE id = $1 AND updated_at > now() - interval '1 minute'`, [
      orderId,
    ]);
    if (busy) throw onHold(['canceling']);
  }
}
