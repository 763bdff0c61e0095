import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { KeyGenerations } from './key-generations.js';
import { CaptureNotPossible, PaymentRefused } from './payments.errors.js';
import { PaymentsRepository } from './payments.repository.js';
import { SettleCaptures } from './settle-captures.service.js';
import { type Intent, StripeGateway } from './stripe/stripe-gateway.js';
import { SyncPayment } from './sync-payment.service.js';

/** Sends a written capture to Stripe and books the answer. Repeating it sends the same key, so money is taken once. */
@Injectable()
export class ExecuteCapture {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly keys: KeyGenerations,
    private readonly payments: PaymentsRepository,
    private readonly settle: SettleCaptures,
    private readonly sync: SyncPayment,
  ) {}

  /**
   * @throws `payment_refused` when Stripe does not take it, `capture_not_possible` when the hold has ended (the capture is
   * failed then), `payment_unavailable` when it may come yet
   */
  async execute(captureId: string): Promise<void> {
    const capture = await this.find(captureId);
    if (!capture) return;
    if (capture.status === 'pending') await this.send(captureId, capture);
    const after = await this.find(captureId);
    if (after?.status === 'failed') throw CaptureNotPossible({ detail: after.failure ?? undefined });
  }

  private async send(id: string, capture: CaptureRow): Promise<void> {
    const payment = await this.payments.find(this.db, capture.payment_id);
    if (!payment?.provider_ref) return;
    const ref = payment.provider_ref;
    const intent: Intent = await this.gateway
      .withDeadline(() =>
        capture.amount === 0 ? this.gateway.cancelIntent(ref, payment.id, 'abandoned') : this.capture(id, ref, capture),
      )
      .catch(async (error: unknown) => {
        if (PaymentRefused.is(error))
          await this.db.transaction(async (tx) => {
            await this.settle.fail(tx, payment.id, error.message, { captureId: id });
            failpoint('commit.capture_refused');
          });
        throw error;
      });
    await this.sync.applyIntent(payment.id, intent);
  }

  /** Whether a capture was carried out whose answer is lost for good, the intent tells. */
  private capture(id: string, intentRef: string, { amount, currency, key_generation }: CaptureRow): Promise<Intent> {
    return this.keys.run(
      { table: 'payment_captures', id, generation: key_generation },
      {
        send: (generation) =>
          this.gateway.captureIntent({ id: encodeId('capture', id), generation, intentRef, amount, currency }),
        find: async () => {
          const now = await this.gateway.retrieveIntent(intentRef);
          return now.status === 'authorized' ? null : now;
        },
      },
    );
  }

  private async find(id: string): Promise<CaptureRow | undefined> {
    const [row] = await this.db.query<CaptureRow>(
      `SELECT payment_id, amount, currency, status, failure, key_generation FROM payment_captures WHERE id = $1`,
      [id],
    );
    return row;
  }
}

interface CaptureRow {
  payment_id: string;
  amount: number;
  currency: string;
  status: 'pending' | 'succeeded' | 'failed';
  failure: string | null;
  key_generation: number;
}
