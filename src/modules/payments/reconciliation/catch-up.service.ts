import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { log } from '#libs/log';
import { OrdersRepository } from '../../orders/index.js';
import { BookMoney } from '../books/book-money.service.js';
import { CHARGE_LINES } from '../books/money-postings.js';
import { SyncDisputes } from '../disputes/sync-disputes.service.js';
import { ProcessWebhookJob, ReleaseHoldJob } from '../jobs/definitions.js';
import { deadJobs, EVENT_PATIENCE, openJob } from '../jobs/open-job.js';
import { type PaymentRow, PaymentsRepository } from '../payments.repository.js';
import { SyncPayment } from '../sync-payment.service.js';
import { FindLostIntent } from './find-lost-intent.service.js';
import { count, type Report } from './reports.repository.js';

const BATCH = 100;

/** Looks again at what has been open for too long here, whatever became of its events. */
@Injectable()
export class CatchUp {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly sync: SyncPayment,
    private readonly disputes: SyncDisputes,
    private readonly books: BookMoney,
    private readonly lost: FindLostIntent,
  ) {}

  /** Payments that have not come to an end, and of which nothing was heard for a while. @returns the last id of a full page */
  async stuck(report: Report, after: string | undefined, quietFor: string): Promise<string | null> {
    const rows = await this.page(
      `p.provider = 'stripe' AND p.provider_ref IS NOT NULL AND p.status IN ('requires_payment_method', 'requires_action', 'processing', 'authorized')
       AND p.updated_at < now() - $2::interval`,
      after,
      quietFor,
    );
    for (const payment of rows) {
      const now = await this.attempt(payment, () => this.sync.execute(payment));
      count(report, 'paymentsLookedAt');
      if (now && now.status !== payment.status) {
        await report.add({
          kind: 'payment_stuck',
          subject: payment.provider_ref!,
          paymentId: payment.id,
          orderId: payment.order_id,
          expected: { status: now.status },
          found: { status: payment.status },
          action: 'read from Stripe and applied',
        });
      }
    }
    return lastOf(rows);
  }

  /** Payments whose intent was asked for, and nobody knows whether it was made. */
  async creates(report: Report, after: string | undefined): Promise<string | null> {
    const rows = await this.page(
      `p.provider = 'stripe' AND p.provider_ref IS NULL AND p.status <> 'canceled' AND p.created_at < now() - $2::interval`,
      after,
      '10 minutes',
    );
    for (const payment of rows) {
      await this.attempt(payment, async () => {
        const intent = await this.lost.execute(payment);
        count(report, 'createsLookedFor');
        const common = { subject: encodeId('payment', payment.id), paymentId: payment.id, orderId: payment.order_id };
        if (intent === null) {
          await report.add({ ...common, kind: 'create_unknown', action: 'Stripe has no intent of this payment' });
          return;
        }
        await this.sync.applyIntent(payment.id, intent);
        await report.add({
          ...common,
          kind: 'create_recovered',
          expected: { intent: intent.ref, status: intent.status },
          found: { intent: null, status: payment.status },
          action: 'found in the list of Stripe and applied',
        });
      });
    }
    return lastOf(rows);
  }

  /** Money that is not in the ledger: entered by a version of the shop that had none. */
  async postings(report: Report, since: Date): Promise<void> {
    const rows = await this.db.query<{ id: string; order_id: string }>(
      `SELECT p.id, p.order_id FROM payments p
       WHERE p.captured > 0 AND p.created_at >= $1
         AND (NOT EXISTS (SELECT FROM ledger_transactions t WHERE t.fact = 'capture:' || p.id)
           OR EXISTS (SELECT FROM refunds r WHERE r.payment_id = p.id AND r.status = 'succeeded'
                AND NOT EXISTS (SELECT FROM ledger_transactions t WHERE t.fact = 'refund:' || r.id)))
       ORDER BY p.created_at LIMIT ${BATCH}`,
      [since],
    );
    for (const { id, order_id: orderId } of rows) {
      await this.db.transaction(async (tx) => {
        await this.orders.lockOrder(tx, orderId);
        await this.payments.lock(tx, id);
        await this.books.execute(tx, id);
        failpoint('commit.posting');
      });
      await report.add({
        kind: 'posting_missing',
        subject: encodeId('payment', id),
        paymentId: id,
        orderId,
        action: 'entered into the ledger',
      });
    }
  }

  /** Charges whose fee Stripe had not said when they succeeded. */
  async fees(report: Report, quietFor: string): Promise<void> {
    const rows = await this.db.query<PaymentRow>(
      `SELECT p.* FROM payments p
       WHERE p.provider = 'stripe' AND p.captured > 0 AND p.created_at > now() - interval '30 days' AND p.updated_at < now() - $1::interval
         AND NOT EXISTS (SELECT FROM provider_transactions t WHERE t.payment_id = p.id AND t.type = ANY ($2::text[]))
       ORDER BY p.created_at LIMIT ${BATCH}`,
      [quietFor, CHARGE_LINES],
    );
    for (const payment of rows) {
      await this.attempt(payment, () => this.sync.execute(payment));
      const [fee] = await this.db.query<{ fee: number; currency: string }>(
        `SELECT fee, currency FROM provider_transactions WHERE payment_id = $1 AND type = ANY ($2::text[]) LIMIT 1`,
        [payment.id, CHARGE_LINES],
      );
      if (!fee) {
        // Waits for its next turn, so that a batch of those whose fee nobody knows does not keep out the others.
        await this.db.query(`UPDATE payments SET updated_at = now() WHERE id = $1`, [payment.id]);
        continue;
      }
      count(report, 'feesEntered');
      await report.add({
        kind: 'fee_late',
        subject: payment.provider_ref!,
        paymentId: payment.id,
        orderId: payment.order_id,
        expected: { fee: fee.fee, currency: fee.currency },
        action: 'read from Stripe and entered into the ledger',
      });
    }
  }

  /** Events on which nobody could work for days: no job tries them any more, and staff are told, once. */
  async deadEvents(report: Report): Promise<void> {
    const rows = await this.db.query<{ id: string; event_id: string; type: string; object_ref: string | null }>(
      `SELECT r.id, r.event_id, r.type, r.object_ref FROM webhook_receipts r
       WHERE r.processed_at IS NULL AND r.received_at < now() - interval '${EVENT_PATIENCE}'
         AND NOT EXISTS (${openJob(ProcessWebhookJob, 'receiptId', 'r.id')}) ORDER BY r.received_at LIMIT ${BATCH}`,
    );
    for (const { id, event_id: eventId, type, object_ref: object } of rows) {
      await report.add({
        kind: 'event_failed',
        subject: eventId,
        expected: { type, object },
        action: 'given up; its receipt can be replayed',
      });
      failpoint('commit.event_failed');
      await this.db.query(
        `UPDATE webhook_receipts SET processed_at = now(), outcome = 'failed' WHERE id = $1 AND processed_at IS NULL`,
        [id],
      );
    }
  }

  /** Holds that Stripe did not let go, whatever was tried for an hour. It is tried again; staff are told, each day once. */
  async holdsLeft(report: Report): Promise<void> {
    const rows = await this.db.query<PaymentRow>(
      `SELECT p.* FROM payments p
       WHERE p.id IN (${deadJobs(ReleaseHoldJob, 'paymentId')}) AND p.status = 'authorized'
         AND NOT EXISTS (SELECT FROM reconciliation_findings f
           WHERE f.subject = p.provider_ref AND f.kind = 'hold_not_released' AND f.created_at > now() - interval '1 day')
       ORDER BY p.id LIMIT ${BATCH}`,
    );
    for (const payment of rows)
      await report.add({
        kind: 'hold_not_released',
        subject: payment.provider_ref!,
        paymentId: payment.id,
        orderId: payment.order_id,
        expected: { held: 0 },
        found: { held: payment.authorized, currency: payment.currency },
        action: "tried again each hour; cancel it in Stripe's dashboard",
      });
  }

  /** Disputes that are not decided. */
  async openDisputes(report: Report, quietFor: string): Promise<void> {
    const rows = await this.db.query<PaymentRow>(
      `SELECT DISTINCT p.* FROM disputes d JOIN payments p ON p.id = d.payment_id
       WHERE d.closed_at IS NULL AND d.read_at < now() - $1::interval LIMIT ${BATCH}`,
      [quietFor],
    );
    for (const payment of rows) {
      await this.attempt(payment, () => this.disputes.execute(payment));
      count(report, 'disputesLookedAt');
    }
  }

  private async page(where: string, after: string | undefined, quietFor: string): Promise<PaymentRow[]> {
    return this.db.query<PaymentRow>(
      `SELECT p.* FROM payments p WHERE ${where} AND ($1::uuid IS NULL OR p.id > $1) ORDER BY p.id LIMIT ${BATCH}`,
      [after ?? null, quietFor],
    );
  }

  /** One payment that makes trouble does not stop the others; Stripe being away does. */
  private async attempt<T>(payment: PaymentRow, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: unknown }).code === 'payment_unavailable') throw error;
      log.warn('payments.reconcile_failed', { paymentId: payment.id, error });
      return undefined;
    }
  }
}

const lastOf = (rows: readonly PaymentRow[]): string | null => (rows.length < BATCH ? null : rows.at(-1)!.id);
