import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { log } from '#libs/log';
import { CancelOrder } from './cancel-order.service.js';
import { HoldBack } from './hold-back.service.js';
import { type Cancellation, isWish } from './payment.policy.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { SyncPayment } from './sync-payment.service.js';

const BATCH = 100;

/**
 * Takes up cancellations of which nobody learned what came, so that no order is held back for ever: who wanted it canceled
 * has it canceled, and an order whose time was over, but which was paid after all, is to be shipped.
 */
@Injectable()
export class ResumeCancellations {
  constructor(
    private readonly db: Db,
    private readonly payments: PaymentsRepository,
    private readonly sync: SyncPayment,
    private readonly cancel: CancelOrder,
    private readonly holdBack: HoldBack,
  ) {}

  /** A cancellation takes seconds: what is older was cut off. An unpaid order whose time is over has a job that asks again. */
  async execute(): Promise<void> {
    const left = await this.db.query<{ id: string; payment_id: string }>(
      `SELECT o.id, p.id AS payment_id FROM orders o JOIN payments p ON p.order_id = o.id
       WHERE o.hold = 'canceling' AND o.updated_at < now() - interval '2 minutes'
         AND (o.status <> 'pending_payment' OR p.cancellation->>'reason' IN ('customer', 'staff'))
       ORDER BY p.updated_at LIMIT ${BATCH}`,
    );
    for (const { id, payment_id: paymentId } of left) {
      await this.resume(id, paymentId).catch((error: unknown) =>
        log.warn('payments.cancellation_waits', { orderId: id, paymentId, error }),
      );
      // Also one that cannot be read waits for its next turn, so that a batch of them does not keep out the others.
      await this.db.query(`UPDATE payments SET updated_at = now() WHERE id = $1`, [paymentId]);
    }
  }

  private async resume(orderId: string, paymentId: string): Promise<void> {
    const begun = await this.holdBack.begun(this.db, orderId);
    const found = (await this.payments.find(this.db, paymentId)) as PaymentRow;
    const payment = await this.sync.execute(found);
    const [now] = await this.db.query<{ hold: string | null; cancellation: Cancellation | null }>(
      `SELECT o.hold, p.cancellation FROM orders o JOIN payments p ON p.order_id = o.id WHERE p.id = $1`,
      [paymentId],
    );
    if (now?.hold !== 'canceling') return;
    // Staff who captured the money since want the order to go on.
    const isOpen = payment.status !== 'succeeded' && payment.status !== 'canceled';
    if (isOpen && now.cancellation !== null && isWish(now.cancellation)) {
      await this.cancel.execute(orderId, now.cancellation);
      return;
    }
    await this.holdBack.abandon(orderId, begun, async (tx) => {
      failpoint('commit.cancel_wish_over');
      await this.payments.endCancellation(tx, paymentId);
    });
  }
}
