import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { KeyGenerations } from './key-generations.js';
import { PaymentRefused } from './payments.errors.js';
import { PaymentsRepository } from './payments.repository.js';
import { KEY_LIFE_MS } from './reconciliation/find-lost-intent.service.js';
import { SettleRefunds } from './settle-refunds.service.js';
import { type ProviderRefund, StripeGateway } from './stripe/stripe-gateway.js';

/**
 * Sends a written refund to Stripe and books the answer. Repeating it sends the same key, and after a day looks for what was
 * sent, so money goes back once.
 */
@Injectable()
export class ExecuteRefund {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly keys: KeyGenerations,
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
      key_generation: number;
      created_at: Date;
    }>(
      `SELECT payment_id, amount, currency, reason, status, provider_ref, key_generation, created_at FROM refunds WHERE id = $1`,
      [refundId],
    );
    if (!refund || refund.status !== 'pending' || refund.provider_ref !== null) return;
    const payment = await this.payments.find(this.db, refund.payment_id);
    if (!payment?.provider_ref) return;
    const id = encodeId('refund', refundId);
    const intentRef = payment.provider_ref;
    // Stripe may have forgotten the key of an old refund, and would send the money a second time.
    const isOld = Date.now() - refund.created_at.getTime() > KEY_LIFE_MS;
    const find = async () => (await this.gateway.listRefunds(intentRef)).find((sent) => sent.refundId === id);
    const lost = isOld ? await find() : undefined;
    let answer: ProviderRefund;
    try {
      answer =
        lost ??
        (await this.keys.run(
          { table: 'refunds', id: refundId, generation: refund.key_generation },
          {
            send: (generation) =>
              this.gateway.refund({
                id,
                generation,
                intentRef,
                // Money of another currency has no amount in ours: all that came goes back.
                amount: payment.review === 'rejected' && refund.amount === payment.captured ? null : refund.amount,
                currency: refund.currency,
                reason: refund.reason,
              }),
            find,
          },
        ));
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
