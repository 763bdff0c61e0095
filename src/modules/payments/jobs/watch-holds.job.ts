import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { enqueue, HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { OrdersRepository } from '../../orders/index.js';
import { HoldExpiring } from '../payments.events.js';
import { PaymentsRepository } from '../payments.repository.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { SyncPayment } from '../sync-payment.service.js';
import { ReleaseHoldJob, WatchHoldsJob } from './definitions.js';
import { deadJobs, openJob } from './open-job.js';

const BATCH = 100;

/** Tells the shop a day before a hold ends, asks Stripe about those whose time is over, and lets go of what nobody waits for. */
@Injectable()
@HandlesJob(WatchHoldsJob)
export class WatchHoldsHandler implements JobHandler {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly sync: SyncPayment,
  ) {}

  async handle(job: JobContext): Promise<void> {
    await this.warn();
    if (!this.gateway.enabled) return;
    await this.letGo(job.id);
    await this.lookAtEnded();
  }

  /**
   * Money that is held for orders that have ended, and of others what was to be let go because it came for nothing, when the
   * job that was to do it has died.
   */
  private async letGo(run: string): Promise<void> {
    const left = await this.db.query<{ id: string }>(
      `SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id
       WHERE p.status = 'authorized' AND (o.status = 'canceled' OR p.id IN (${deadJobs(ReleaseHoldJob, 'paymentId')})) AND p.updated_at < now() - interval '10 minutes'
         AND NOT EXISTS (${openJob(ReleaseHoldJob, 'paymentId', 'p.id')}) ORDER BY p.updated_at LIMIT ${BATCH}`,
    );
    for (const { id } of left) {
      failpoint('commit.resume');
      await enqueue(this.db, ReleaseHoldJob, `${id}:${run}`, { paymentId: id });
    }
  }

  private async warn(): Promise<void> {
    const ending = await this.db.query<{ id: string; order_id: string }>(
      `SELECT id, order_id FROM payments WHERE status = 'authorized' AND hold_warned_at IS NULL
         AND capture_before BETWEEN now() AND now() + interval '1 day' ORDER BY capture_before LIMIT ${BATCH}`,
    );
    for (const { id, order_id: orderId } of ending) {
      await this.db.transaction(async (tx) => {
        const order = await this.orders.lockOrder(tx, orderId);
        const [hold] = await tx.query<{ authorized: number; currency: string; capture_before: Date }>(
          `UPDATE payments SET hold_warned_at = now() WHERE id = $1 AND status = 'authorized' AND hold_warned_at IS NULL
           RETURNING authorized, currency, capture_before`,
          [id],
        );
        if (!hold) return;
        const captureBefore = hold.capture_before.toISOString();
        await this.orders.note(tx, orderId, {
          type: 'payment.hold_expiring',
          actor: 'system',
          data: { captureBefore },
        });
        announce(tx, {
          definition: HoldExpiring,
          key: `${HoldExpiring.topic}:${id}`,
          aggregateType: 'order',
          aggregateId: orderId,
          payload: {
            orderId: encodeId('order', orderId),
            number: order.number,
            paymentId: encodeId('payment', id),
            amount: hold.authorized,
            currency: hold.currency,
            captureBefore,
          },
        });
        failpoint('commit.hold_warning');
      });
    }
  }

  /** Stripe cancels what nobody captured and tells so; should that news be lost, it is asked for. */
  private async lookAtEnded(): Promise<void> {
    const ended = await this.db.query<{ id: string }>(
      `SELECT id FROM payments WHERE status = 'authorized' AND capture_before < now() - interval '10 minutes'
         AND updated_at < now() - interval '10 minutes' ORDER BY capture_before LIMIT ${BATCH}`,
    );
    for (const { id } of ended) {
      const payment = await this.payments.find(this.db, id);
      await this.sync
        .execute(payment!)
        .catch((error: unknown) => log.warn('payments.hold_not_read', { paymentId: id, error }));
      // Also one that cannot be read waits for its next turn, so that a batch of them does not keep out the others.
      await this.db.query(`UPDATE payments SET updated_at = now() WHERE id = $1`, [id]);
    }
  }
}
