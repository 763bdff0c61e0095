import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { PaymentRefused } from './payments.errors.js';
import { PaymentsRepository } from './payments.repository.js';
import { SettleRefunds } from './settle-refunds.service.js';
import { type ProviderRefund, StripeGateway } from './stripe/stripe-gateway.js';

/** Sends a written refund to Stripe and books the answer. Repeating it sends the same key, so money goes back once. */
@Injectable()
export class ExecuteRefund {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly payments: PaymentsRepository,
    private readonly settle: SettleRefunds,
  ) {}

  /** @throws `payment_refused` when Stripe does not take it (the refund is failed then), `payment_unavailable` when it may come yet */
  async execute(refundId: string): Promise<void> {
    const [refund] = await this.db.query<{
      payment_id: string;
      amount: number;
      currency: string;
      reason: string;
      status: string;
      provider_ref: string | null;
    }>(`SELECT payment_id, amount, currency, reason, status, provider_ref FROM refunds WHERE id = $1`, [refundId]);
    if (!refund || refund.status !== 'pending' || refund.provider_ref !== null) return;
    const payment = await this.payments.find(this.db, refund.payment_id);
    if (!payment?.provider_ref) return;
    let answer: ProviderRefund;
    try {
      answer = await this.gateway.refund({
        id: encodeId('refund', refundId),
        intentRef: payment.provider_ref,
        // Money of another currency has no amount in ours: all that came goes back.
        amount: payment.review === 'rejected' && refund.amount === payment.captured ? null : refund.amount,
        currency: refund.currency,
        reason: refund.reason,
      });
    } catch (error) {
      if (!PaymentRefused.is(error)) throw error;
      const { message } = error;
      await this.db.transaction(async (tx) => {
        await this.settle.refuse(tx, refundId, payment.id, message);
        failpoint('commit.refund_refused');
      });
      throw error;
    }
    await this.db.transaction(async (tx) => {
      await this.settle.apply(tx, payment.id, [answer]);
      failpoint('commit.refund_answer');
    });
  }
}
