import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { Ledger } from '../../ledger/index.js';
import {
  type BookedPayment,
  type BookedRefund,
  disputePostings,
  feePostings,
  missingPostings,
  type ProviderTransaction,
} from './money-postings.js';

/**
 * Enters the money of a payment into the ledger, in the transaction in which it moves: what was captured, what went back,
 * what the provider kept. It compares the rows with what is entered, so each fact is entered once however often it runs.
 */
@Injectable()
export class BookMoney {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Call it with the payment locked, after its rows and those of its refunds were written.
   * @param received what the provider took, where it says so: an amount beyond the payment belongs to no order
   * @param transactions lines of the provider's own ledger about this payment
   */
  async execute(
    tx: Tx,
    paymentId: string,
    report: { received?: number; transactions?: readonly ProviderTransaction[] } = {},
  ): Promise<void> {
    const [payment] = await tx.query<BookedPayment & { refunds: BookedRefund[] | null }>(
      `SELECT id, order_id, provider, provider_ref, currency, captured,
         (SELECT json_agg(json_build_object('id', r.id, 'provider_ref', r.provider_ref, 'status', r.status, 'amount', r.amount)
            ORDER BY r.created_at, r.id) FROM refunds r WHERE r.payment_id = p.id) AS refunds
       FROM payments p WHERE id = $1`,
      [paymentId],
    );
    if (!payment || payment.captured === 0) return;
    const posted = await this.ledger.ofPayment(tx, paymentId);
    for (const posting of missingPostings(payment, payment.refunds ?? [], posted, report.received))
      await this.ledger.post(tx, posting);
    await this.bookTransactions(tx, payment, report.transactions ?? []);
  }

  /** Keeps what the provider's ledger says, and enters its fees. A line that is known already changes nothing. */
  private async bookTransactions(
    tx: Tx,
    payment: BookedPayment & { refunds: BookedRefund[] | null },
    transactions: readonly ProviderTransaction[],
  ): Promise<void> {
    for (const transaction of transactions) {
      if (!(await this.keep(tx, payment.id, transaction))) continue;
      const refund = payment.refunds?.find((r) => r.provider_ref === transaction.sourceRef);
      const charged = transaction.type === 'refund_failure' ? (refund?.amount ?? 0) : -(refund?.amount ?? 0);
      const postings = feePostings(payment, transaction, refund ? charged : payment.captured);
      for (const posting of postings) await this.ledger.post(tx, posting);
    }
  }

  /**
   * Enters what a dispute moved: the amount that the bank took or gave back, and what the provider charges for it.
   * @returns whether anything was new
   */
  async bookDispute(
    tx: Tx,
    paymentId: string,
    disputeId: string,
    transactions: readonly ProviderTransaction[],
  ): Promise<boolean> {
    const [payment] = await tx.query<BookedPayment>(
      `SELECT id, order_id, provider, provider_ref, currency, captured FROM payments WHERE id = $1`,
      [paymentId],
    );
    let isNew = false;
    for (const transaction of transactions) {
      if (!(await this.keep(tx, paymentId, transaction))) continue;
      isNew = true;
      for (const posting of disputePostings(payment!, disputeId, transaction)) await this.ledger.post(tx, posting);
    }
    return isNew;
  }

  /** Keeps a line of the provider's ledger. @returns false when it is known */
  private async keep(tx: Tx, paymentId: string, transaction: ProviderTransaction): Promise<boolean> {
    const fresh = await tx.query(
      `INSERT INTO provider_transactions (ref, type, source_ref, payment_id, currency, amount, fee, exchange_rate, available_at, occurred_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (ref) DO NOTHING RETURNING 1`,
      [
        transaction.ref,
        transaction.type,
        transaction.sourceRef,
        paymentId,
        transaction.currency,
        transaction.amount,
        transaction.fee,
        transaction.exchangeRate,
        transaction.availableAt,
        transaction.occurredAt,
      ],
    );
    return fresh.length > 0;
  }
}
