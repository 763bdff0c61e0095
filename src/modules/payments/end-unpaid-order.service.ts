import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { CancelOrder } from './cancel-order.service.js';
import type { Cancellation } from './payment.policy.js';
import type { PaymentStatus } from './payment.state.js';
import { PaymentsRepository } from './payments.repository.js';

/** What nobody can pay any more: it is ended, or paid. */
const ENDED: ReadonlySet<PaymentStatus> = new Set(['canceled', 'succeeded', 'authorized']);

/** Ends an order that was not paid. Stripe is the arbiter: what was paid meanwhile stays paid, and what is held stays held. */
@Injectable()
export class EndUnpaidOrder {
  constructor(
    private readonly db: Db,
    private readonly payments: PaymentsRepository,
    private readonly cancel: CancelOrder,
  ) {}

  /**
   * @returns `processing` when the bank takes days and Stripe does not let go: then the order goes on; `open` when Stripe did
   * not cancel what can still be paid: then it has to be asked again
   * @throws `payment_unavailable`
   */
  async execute(orderId: string, reason: Cancellation['reason']): Promise<'done' | 'processing' | 'open'> {
    const [order] = await this.db.query<{ status: string; number: number }>(
      `SELECT status, number FROM orders WHERE id = $1`,
      [orderId],
    );
    if (!order || order.status !== 'pending_payment') return 'done';
    const payment = await this.payments.findCurrent(this.db, orderId);
    if (payment?.provider === 'stripe' && payment.status !== 'canceled') {
      const after = await this.cancel.cancelAtStripe(payment, order.number, { reason, actor: 'system' });
      if (after !== null)
        return ENDED.has(after.status) ? 'done' : after.status === 'processing' ? 'processing' : 'open';
    }
    await this.cancel.execute(orderId, { reason, actor: 'system' });
    return 'done';
  }
}
