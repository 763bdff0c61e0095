import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { enqueue, HandlesJob, type JobContext, type JobDefinition, type JobHandler } from '#libs/jobs';
import { log } from '#libs/log';
import { type PaymentRow, PaymentsRepository } from '../payments.repository.js';
import { ResumeCancellations } from '../resume-cancellations.service.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { SyncPayment } from '../sync-payment.service.js';
import { EVENT_PATIENCE, openJob } from './open-job.js';
import { ExecuteCaptureJob, ExecuteRefundJob, ExpireOrderJob, ProcessWebhookJob, ReconcileJob } from './definitions.js';

const BATCH = 100;

/**
 * The safety net under webhooks and jobs: whatever was lost on the way, within minutes every open payment, every overdue
 * hold, and every refund, capture, cancellation and event that was not brought to its end is looked at again.
 */
@Injectable()
@HandlesJob(ReconcileJob)
export class ReconcileHandler implements JobHandler {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly payments: PaymentsRepository,
    private readonly sync: SyncPayment,
    private readonly cancellations: ResumeCancellations,
  ) {}

  async handle(job: JobContext): Promise<void> {
    await this.expireOverdue(job.id);
    if (!this.gateway.enabled) return;
    await this.resume(
      job.id,
      ExecuteRefundJob,
      'refundId',
      `SELECT r.id FROM refunds r JOIN payments p ON p.id = r.payment_id
       WHERE r.status = 'pending' AND r.provider_ref IS NULL AND p.provider = 'stripe' AND r.updated_at < now() - interval '10 minutes'`,
    );
    await this.resume(
      job.id,
      ExecuteCaptureJob,
      'captureId',
      `SELECT r.id FROM payment_captures r WHERE r.status = 'pending' AND r.updated_at < now() - interval '10 minutes'`,
    );
    await this.resume(
      job.id,
      ProcessWebhookJob,
      'receiptId',
      `SELECT r.id FROM webhook_receipts r
       WHERE r.processed_at IS NULL AND r.received_at BETWEEN now() - interval '${EVENT_PATIENCE}' AND now() - interval '10 minutes'`,
    );
    await this.readOpen();
    await this.cancellations.execute();
  }

  /** Payments and refunds that are under way at Stripe. */
  private async readOpen(): Promise<void> {
    const open = await this.db.query<{ id: string }>(
      `(SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.provider = 'stripe' AND p.provider_ref IS NOT NULL AND o.status = 'pending_payment'
          AND p.status IN ('requires_payment_method', 'requires_action', 'processing') AND p.created_at < now() - interval '1 minute'
          AND p.updated_at < now() - interval '1 minute'
        ORDER BY p.updated_at LIMIT ${BATCH})
       UNION
       (SELECT p.id FROM payments p JOIN refunds r ON r.payment_id = p.id
        WHERE r.status = 'pending' AND r.provider_ref IS NOT NULL AND r.updated_at < now() - interval '10 minutes'
          AND p.updated_at < now() - interval '10 minutes'
        ORDER BY p.updated_at LIMIT ${BATCH})`,
    );
    for (const { id } of open) {
      const payment = (await this.payments.find(this.db, id)) as PaymentRow;
      await this.sync
        .execute(payment)
        .catch((error: unknown) => log.warn('payments.reconcile_failed', { paymentId: id, error }));
      // Also one that cannot be read waits for its next turn: a batch of them would keep all others from being looked at.
      await this.db.query(`UPDATE payments SET updated_at = now() WHERE id = $1`, [id]);
    }
  }

  /** Orders past their time whose job has died; one that still tries (Stripe may be away for hours) is left to it. */
  private async expireOverdue(run: string): Promise<void> {
    const overdue = await this.db.query<{ id: string }>(
      `SELECT o.id FROM orders o WHERE o.status = 'pending_payment' AND o.expires_at < now() - interval '1 minute'
         AND NOT EXISTS (${openJob(ExpireOrderJob, 'orderId', 'o.id')})
       ORDER BY o.expires_at LIMIT ${BATCH}`,
    );
    for (const { id } of overdue) {
      failpoint('commit.expire_overdue');
      await enqueue(this.db, ExpireOrderJob, `${id}:${run}`, { orderId: id });
    }
  }

  /**
   * Work that is written down and whose job has died.
   * @param unfinished SQL for the ids, with the table called `r`
   */
  private async resume(run: string, definition: JobDefinition, field: string, unfinished: string): Promise<void> {
    const rows = await this.db.query<{ id: string }>(
      `${unfinished} AND NOT EXISTS (${openJob(definition, field, 'r.id')}) LIMIT ${BATCH}`,
    );
    for (const { id } of rows) {
      failpoint('commit.resume');
      await enqueue(this.db, definition, `${id}:${run}`, { [field]: id });
    }
  }
}
