import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { decodeId, encodeId } from '#libs/ids';
import { CHARGE_LINES, type ProviderTransaction } from '../books/money-postings.js';
import { SyncDisputes } from '../disputes/sync-disputes.service.js';
import { type PaymentRow, PaymentsRepository } from '../payments.repository.js';
import { StripeBooks } from '../stripe/stripe-books.js';
import { type Intent, StripeGateway } from '../stripe/stripe-gateway.js';
import { SyncPayment } from '../sync-payment.service.js';
import type { Finding } from './findings.js';
import { count, type Report, ReportsRepository } from './reports.repository.js';
import { strayMoney } from './stray-money.service.js';

type Part = { from: Date; to: Date; after?: string };
/** A report with the run that it is of, which remembers what the provider listed. */
export type FullReport = Report & { id: string };

/**
 * Compares Stripe's book with ours, page by page, both ways. What is behind is read and applied; what differs afterwards, or
 * has no order, is for somebody to look at.
 */
@Injectable()
export class CompareBooks {
  constructor(
    private readonly db: Db,
    private readonly books: StripeBooks,
    private readonly gateway: StripeGateway,
    private readonly payments: PaymentsRepository,
    private readonly sync: SyncPayment,
    private readonly disputeSync: SyncDisputes,
    private readonly reports: ReportsRepository,
  ) {}

  async intents(report: FullReport, part: Part): Promise<string | null> {
    const { items, next } = await this.books.intents(part);
    await this.reports.seen(
      report.id,
      items.map((intent) => intent.ref),
    );
    for (const intent of items) {
      const payment = await this.payments.findByRef(this.db, intent.ref);
      if (payment) {
        count(report, 'intentsCompared');
        await this.compareIntent(report, payment, intent);
      } else if (intent.ours) {
        count(report, 'intentsUnknown');
        await this.adopt(report, intent);
      } else count(report, 'intentsOfOthers');
    }
    return next;
  }

  private async compareIntent(report: Report, payment: PaymentRow, intent: Intent): Promise<void> {
    const theirs = standOfIntent(intent);
    const ours = standOfPayment(payment);
    if (same(ours, theirs)) return;
    const after = standOfPayment(await this.sync.execute(payment));
    const now = standOfIntent(await this.gateway.retrieveIntent(intent.ref));
    const isMended = same(after, now);
    await report.add({
      kind: isMended ? 'payment_behind' : 'payment_differs',
      subject: intent.ref,
      paymentId: payment.id,
      orderId: payment.order_id,
      expected: isMended ? theirs : now,
      found: isMended ? ours : after,
      action: isMended ? 'read from Stripe and applied' : 'none: look at the payment and its order',
    });
  }

  /** One of ours that no payment knows: its payment may have lost the answer; else money came without an order. */
  private async adopt(report: Report, intent: Intent): Promise<void> {
    const outcome = await this.sync.executeByIntent(intent.ref);
    const paymentId = intent.paymentId === null ? null : decodeId('payment', intent.paymentId);
    const named = paymentId === null ? undefined : await this.payments.find(this.db, paymentId);
    if (outcome === 'applied') {
      await report.add({
        kind: 'create_recovered',
        subject: intent.ref,
        paymentId: named?.id ?? null,
        orderId: named?.order_id ?? null,
        expected: standOfIntent(intent),
        found: null,
        action: 'found in the list of Stripe and applied',
      });
      return;
    }
    const finding = strayMoney(intent, named);
    if (finding) await report.add(finding);
  }

  async refunds(report: FullReport, part: Part): Promise<string | null> {
    const { items, next } = await this.books.refunds(part);
    await this.reports.seen(
      report.id,
      items.map((refund) => refund.ref),
    );
    for (const refund of items) {
      const payment = refund.intentRef ? await this.payments.findByRef(this.db, refund.intentRef) : undefined;
      if (!payment) continue;
      count(report, 'refundsCompared');
      await this.mend(
        report,
        { subject: refund.ref, paymentId: payment.id, orderId: payment.order_id },
        ['refund_behind', 'refund_differs'],
        { status: refund.status, amount: refund.amount },
        async () => {
          const [row] = await this.db.query<{ status: string; amount: number }>(
            `SELECT status, amount FROM refunds WHERE provider_ref = $1`,
            [refund.ref],
          );
          return row ?? null;
        },
        () => this.sync.execute(payment),
      );
    }
    return next;
  }

  async disputes(report: FullReport, part: Part): Promise<string | null> {
    const { items, next } = await this.books.disputes(part);
    await this.reports.seen(
      report.id,
      items.map((dispute) => dispute.ref),
    );
    for (const dispute of items) {
      const payment = dispute.intentRef ? await this.payments.findByRef(this.db, dispute.intentRef) : undefined;
      if (!payment) continue;
      count(report, 'disputesCompared');
      await this.mend(
        report,
        { subject: dispute.ref, paymentId: payment.id, orderId: payment.order_id },
        ['dispute_behind', 'dispute_differs'],
        { status: dispute.status, amount: dispute.amount },
        async () => {
          const [row] = await this.db.query<{ status: string; amount: number }>(
            `SELECT status, amount FROM disputes WHERE provider_ref = $1`,
            [dispute.ref],
          );
          return row ?? null;
        },
        () => this.disputeSync.execute(payment),
      );
    }
    return next;
  }

  /** Every line of Stripe's ledger about a payment of ours is in ours. */
  async transactions(report: FullReport, part: Part): Promise<string | null> {
    const { items, next } = await this.books.transactions(part);
    await this.reports.seen(
      report.id,
      items.map((line) => line.ref),
    );
    for (const line of items) {
      const payment = await this.paymentOf(line);
      if (!payment) continue;
      count(report, 'transactionsCompared');
      const ours = () => this.lineOf(line.ref);
      const before = await ours();
      const expected = { amount: line.amount, fee: line.fee, currency: line.currency };
      if (same(before, expected)) continue;
      if (before === null) {
        await this.sync.execute(payment);
        await this.disputeSync.execute(payment);
      }
      const after = await ours();
      const isMended = same(after, expected);
      const kind = isMended ? 'fee_late' : after === null ? 'transaction_missing' : 'transaction_differs';
      await report.add({
        kind,
        subject: line.ref,
        paymentId: payment.id,
        orderId: payment.order_id,
        expected,
        found: isMended ? before : after,
        action: isMended ? 'read from Stripe and entered into the ledger' : 'none: compare with the balance at Stripe',
      });
    }
    return next;
  }

  /** What we have and Stripe did not list, and what does not add up on our side. */
  async ours(report: FullReport, { from, to }: Part): Promise<void> {
    // Of the first and the last minutes one side may have written down a little earlier than the other.
    const inner = [new Date(from.getTime() + 300_000), new Date(to.getTime() - 300_000)];
    const missing = await this.db.query<{ ref: string; payment_id: string; order_id: string }>(
      `SELECT x.ref, x.payment_id, x.order_id FROM (
         SELECT provider_ref AS ref, id AS payment_id, order_id, created_at FROM payments WHERE provider = 'stripe' AND provider_ref IS NOT NULL
           AND created_at BETWEEN $2 AND $3
         UNION ALL SELECT r.provider_ref, r.payment_id, r.order_id, r.created_at FROM refunds r JOIN payments p ON p.id = r.payment_id
           WHERE p.provider = 'stripe' AND r.provider_ref IS NOT NULL AND r.created_at BETWEEN $2 AND $3) x
       WHERE NOT EXISTS (SELECT FROM reconciliation_seen s WHERE s.reconciliation_id = $1 AND s.ref = x.ref)
       ORDER BY x.created_at LIMIT 500`,
      [report.id, ...inner],
    );
    for (const { ref, payment_id: paymentId, order_id: orderId } of missing) {
      if (await this.isAtStripe(ref)) continue;
      await report.add({
        kind: 'missing_at_provider',
        subject: ref,
        paymentId,
        orderId,
        expected: null,
        found: { ref },
        action: 'none: Stripe does not know it',
      });
    }
    await this.unsettled(report, from);
    await this.ledger(report, from);
  }

  private async isAtStripe(ref: string): Promise<boolean> {
    try {
      return (
        (await this.gateway.intentOf(ref)) !== null &&
        (ref.startsWith('pi_') ? Boolean(await this.gateway.retrieveIntent(ref)) : true)
      );
    } catch (error) {
      if ((error as { code?: unknown }).code === 'payment_refused') return false;
      throw error;
    }
  }

  /**
   * Money of orders that ended, which nobody sends back. What changed just now may still be under way; but a payment whose cost
   * Stripe does not tell is looked at, and so changed, again and again: after a day only the order counts.
   */
  private async unsettled(report: Report, from: Date): Promise<void> {
    const rows = await this.db.query<{ id: string; order_id: string; captured: number; refunded: number }>(
      `SELECT p.id, p.order_id, p.captured, p.refunded FROM payments p JOIN orders o ON o.id = p.order_id
       WHERE o.status = 'canceled' AND p.created_at >= $1
         AND (p.updated_at < now() - interval '10 minutes'
           OR (p.created_at < now() - interval '1 day' AND o.updated_at < now() - interval '10 minutes'))
         AND NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = p.id AND r.status = 'pending')
         AND NOT EXISTS (SELECT FROM disputes d WHERE d.payment_id = p.id AND d.status NOT IN ('won', 'warning_closed', 'prevented', 'lost'))
         AND p.captured - p.refunded > (SELECT coalesce(sum(d.amount), 0) FROM disputes d WHERE d.payment_id = p.id AND d.status = 'lost')
       ORDER BY p.created_at LIMIT 500`,
      [from],
    );
    for (const { id, order_id: orderId, captured, refunded } of rows) {
      await report.add({
        kind: 'money_of_canceled_order',
        subject: encodeId('payment', id),
        paymentId: id,
        orderId,
        expected: { kept: 0 },
        found: { captured, refunded },
        action: 'none: refund it, or take the order up again',
      });
    }
  }

  /**
   * The ledger holds of each payment what Stripe's lines add up to. What a charge comes to Stripe may say later than that it
   * was made: a line that is missing is a difference after a day, even where a refund of the charge has its line already.
   */
  private async ledger(report: Report, from: Date): Promise<void> {
    const rows = await this.db.query<{
      payment_id: string;
      order_id: string;
      currency: string;
      ours: number;
      theirs: number;
    }>(
      `WITH touched AS (SELECT DISTINCT payment_id FROM provider_transactions WHERE occurred_at >= $1),
       theirs AS (SELECT payment_id, currency, sum(amount - fee)::bigint AS net FROM provider_transactions JOIN touched USING (payment_id) GROUP BY 1, 2),
       ours AS (SELECT t.payment_id, e.currency, sum(e.amount)::bigint AS net FROM ledger_transactions t JOIN touched USING (payment_id)
         JOIN ledger_entries e ON e.transaction_id = t.id WHERE e.account = 'provider_balance:stripe' GROUP BY 1, 2)
       SELECT x.payment_id, p.order_id, x.currency, x.ours, x.theirs
       FROM (SELECT payment_id, currency, coalesce(ours.net, 0) AS ours, coalesce(theirs.net, 0) AS theirs
             FROM theirs FULL JOIN ours USING (payment_id, currency)) x JOIN payments p ON p.id = x.payment_id
       WHERE x.ours <> x.theirs
         AND NOT EXISTS (SELECT FROM ledger_transactions c WHERE c.fact = 'capture:' || x.payment_id AND c.created_at > now() - interval '1 day'
           AND NOT EXISTS (SELECT FROM provider_transactions k WHERE k.payment_id = x.payment_id AND k.type = ANY ($2::text[])))
       LIMIT 500`,
      [from, CHARGE_LINES],
    );
    for (const { payment_id: paymentId, order_id: orderId, currency, ours, theirs } of rows) {
      await report.add({
        kind: 'ledger_differs',
        subject: `${encodeId('payment', paymentId)}:${currency}`,
        paymentId,
        orderId,
        expected: { balance: theirs, currency },
        found: { balance: ours, currency },
        action: 'none: compare the entries of the payment with the balance at Stripe',
      });
    }
  }

  private async lineOf(ref: string): Promise<{ amount: number; fee: number; currency: string } | null> {
    const [row] = await this.db.query<{ amount: number; fee: number; currency: string }>(
      `SELECT amount, fee, currency FROM provider_transactions WHERE ref = $1`,
      [ref],
    );
    return row ?? null;
  }

  /** The payment that a line of Stripe's ledger is about; none for payouts, fees of the account, and what is of others. */
  private async paymentOf({ sourceRef }: ProviderTransaction): Promise<PaymentRow | undefined> {
    if (sourceRef === null) return undefined;
    const [known] = await this.db.query<{ id: string }>(
      `SELECT payment_id AS id FROM payment_attempts WHERE provider_ref = $1
       UNION ALL SELECT payment_id FROM refunds WHERE provider_ref = $1
       UNION ALL SELECT payment_id FROM disputes WHERE provider_ref = $1 LIMIT 1`,
      [sourceRef],
    );
    if (known) return this.payments.find(this.db, known.id);
    const intentRef = await this.gateway.intentOf(sourceRef);
    return intentRef === null ? undefined : this.payments.findByRef(this.db, intentRef);
  }

  /** Compares, mends what differs, and compares again. */
  private async mend(
    report: Report,
    about: Pick<Finding, 'subject' | 'paymentId' | 'orderId'>,
    [behind, differs]: [Finding['kind'], Finding['kind']],
    expected: Record<string, unknown>,
    ours: () => Promise<Record<string, unknown> | null>,
    repair: () => Promise<unknown>,
  ): Promise<void> {
    const before = await ours();
    if (same(before, expected)) return;
    await repair();
    const after = await ours();
    const isMended = same(after, expected);
    await report.add({
      ...about,
      kind: isMended ? behind : differs,
      expected,
      found: isMended ? before : after,
      action: isMended ? 'read from Stripe and applied' : 'none: look at the payment and its order',
    });
  }
}

/** How an intent stands: status and the money that is with us. */
const standOfIntent = (intent: Intent) => ({
  status: intent.status,
  currency: intent.currency,
  kept: intent.amountReceived - intent.amountRefunded,
});
const standOfPayment = (payment: PaymentRow) => ({
  status: payment.status,
  currency: payment.currency,
  kept: payment.captured - payment.refunded,
});

const same = (a: Record<string, unknown> | null, b: Record<string, unknown> | null): boolean =>
  a !== null && b !== null && Object.keys(b).every((key) => a[key] === b[key]);
