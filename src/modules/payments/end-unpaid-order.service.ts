import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { CancelOrder, type Cancellation } from './cancel-order.service.js';
import { PaymentsRepository } from './payments.repository.js';

/** Ends an order that was not paid. Stripe is the arbiter: what was paid meanwhile stays paid. */
@Injectable()
export class EndUnpaidOrder {
  constructor(
    private readonly db: Db,
    private readonly payments: PaymentsRepository,
    private readonly cancel: CancelOrder,
  ) {}

  /**
   * @returns `processing` when the bank takes days and Stripe does not let go: then the order goes on
   * @throws `payment_unavailable`
   */
  async execute(orderId: string, reason: Cancellation['reason']): Promise<'done' | 'processing'> {
    const [order] = await this.db.query<{ status: string; number: number }>(
      `SELECT status, number FROM orders WHERE id = $1`,
      [orderId],
    );
    if (!order || order.status !== 'pending_payment') return 'done';
    const payment = await this.payments.findCurrent(this.db, orderId);
    if (payment?.provider === 'stripe' && payment.status !== 'canceled') {
      const after = await this.cancel.cancelAtStripe(payment, order.number, { reason, actor: 'system' });
      if (after !== null) return after.status === 'processing' ? 'processing' : 'done';
    }
    await this.cancel.execute(orderId, { reason, actor: 'system' });
    return 'done';
  }
}
