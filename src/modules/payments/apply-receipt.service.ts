import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { SyncDisputes } from './disputes/sync-disputes.service.js';
import { StripeGateway } from './stripe/stripe-gateway.js';
import { SyncPayment } from './sync-payment.service.js';
import { countEvent } from './webhook-counts.js';

/** Events about what cardholders and their banks say of a payment. */
const COMPLAINTS = /^(v1\.)?(charge\.dispute|radar\.early_fraud_warning|review)\./;

/** Works on a stored event: reads what it names from Stripe, applies it, and notes on the receipt what became of it. */
@Injectable()
export class ApplyReceipt {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly sync: SyncPayment,
    private readonly disputes: SyncDisputes,
  ) {}

  async execute(receiptId: string): Promise<void> {
    const [receipt] = await this.db.query<{ object_ref: string | null; type: string }>(
      `SELECT object_ref, type FROM webhook_receipts WHERE id = $1`,
      [receiptId],
    );
    if (!receipt) throw NotFound({ detail: 'There is no such receipt.' });
    // Thin events name a charge, a refund or a dispute by its id alone.
    const intentRef = receipt.object_ref === null ? null : await this.gateway.intentOf(receipt.object_ref);
    const outcome = intentRef === null ? 'ignored' : await this.sync.executeByIntent(intentRef);
    if (intentRef !== null && COMPLAINTS.test(receipt.type)) await this.disputes.executeByIntent(intentRef);
    countEvent({ outcome });
    failpoint('commit.receipt');
    await this.db.query(`UPDATE webhook_receipts SET processed_at = now(), outcome = $2 WHERE id = $1`, [
      receiptId,
      outcome,
    ]);
  }
}
