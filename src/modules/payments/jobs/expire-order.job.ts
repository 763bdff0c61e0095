import { Inject, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { HandlesJob, type JobContext, type JobHandler, RetryLater } from '#libs/jobs';
import { APP_CONFIG, type Config } from '../../../config/index.js';
import { EndUnpaidOrder } from '../end-unpaid-order.service.js';
import { ExpireOrderJob } from './definitions.js';
import { spareAttempts } from './spare-attempts.js';

/** When Stripe is asked again to cancel what it did not cancel, although it can still be paid. */
const AGAIN_MS = 30_000;

/** Ends an order that was not paid in time. Stripe is the arbiter of the race between paying and expiring. */
@Injectable()
@HandlesJob(ExpireOrderJob)
export class ExpireOrderHandler implements JobHandler<{ orderId: string }> {
  constructor(
    private readonly db: Db,
    private readonly end: EndUnpaidOrder,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  async handle(job: JobContext<{ orderId: string }>): Promise<void> {
    const { orderId } = job.payload;
    const [order] = await this.db.query<{ status: string; expires_at: Date | null }>(
      `SELECT status, expires_at FROM orders WHERE id = $1`,
      [orderId],
    );
    if (!order || order.status !== 'pending_payment') return;
    if (order.expires_at && order.expires_at.getTime() > Date.now()) throw new RetryLater(order.expires_at);
    const outcome = await spareAttempts(() => this.end.execute(orderId, 'expired'));
    // A bank that takes days keeps the goods reserved: Stripe refuses to cancel, and will tell how it ends.
    if (outcome === 'processing') throw new RetryLater(new Date(Date.now() + this.config.reservationTtlMin * 60_000));
    if (outcome === 'open') throw new RetryLater(new Date(Date.now() + AGAIN_MS));
  }
}
