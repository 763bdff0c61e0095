import { Inject, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { HandlesJob, type JobContext, type JobHandler, RetryLater } from '#libs/jobs';
import { APP_CONFIG, type Config } from '../../../config/index.js';
import { CancelOrder } from '../cancel-order.service.js';
import { PaymentsRepository } from '../payments.repository.js';
import { ExpireOrderJob } from './definitions.js';
import { spareAttempts } from './spare-attempts.js';

/** Ends an order that was not paid in time. Stripe is the arbiter of the race between paying and expiring. */
@Injectable()
@HandlesJob(ExpireOrderJob)
export class ExpireOrderHandler implements JobHandler<{ orderId: string }> {
  constructor(
    private readonly db: Db,
    private readonly payments: PaymentsRepository,
    private readonly cancel: CancelOrder,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  handle(job: JobContext<{ orderId: string }>): Promise<void> {
    return spareAttempts(() => this.expire(job.payload.orderId));
  }

  private async expire(orderId: string): Promise<void> {
    const [order] = await this.db.query<{ status: string; number: number; expires_at: Date | null }>(
      `SELECT status, number, expires_at FROM orders WHERE id = $1`,
      [orderId],
    );
    if (!order || order.status !== 'pending_payment') return;
    if (order.expires_at && order.expires_at.getTime() > Date.now()) throw new RetryLater(order.expires_at);
    const payment = await this.payments.findCurrent(this.db, orderId);
    if (payment?.provider === 'stripe' && payment.status !== 'canceled') {
      const after = await this.cancel.cancelAtStripe(payment, order.number, { reason: 'expired', actor: 'system' });
      // A bank that takes days keeps the goods reserved: Stripe refuses to cancel, and will tell how it ends.
      if (after?.status === 'processing')
        throw new RetryLater(new Date(Date.now() + this.config.reservationTtlMin * 60_000));
      if (after !== null) return;
    }
    await this.cancel.execute(orderId, { reason: 'expired', actor: 'system' });
  }
}
