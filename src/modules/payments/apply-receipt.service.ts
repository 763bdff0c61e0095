import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { SyncPayment } from './sync-payment.service.js';

/** Works on a stored event: reads what it names from Stripe, applies it, and notes on the receipt what became of it. */
@Injectable()
export class ApplyReceipt {
  constructor(
    private readonly db: Db,
    private readonly sync: SyncPayment,
  ) {}

  async execute(receiptId: string): Promise<void> {
    const [receipt] = await this.db.query<{ object_ref: string | null }>(
      `SELECT object_ref FROM webhook_receipts WHERE id = $1`,
      [receiptId],
    );
    if (!receipt) throw NotFound({ detail: 'There is no such receipt.' });
    const outcome = receipt.object_ref === null ? 'ignored' : await this.sync.executeByIntent(receipt.object_ref);
    failpoint('commit.receipt');
    await this.db.query(`UPDATE webhook_receipts SET processed_at = now(), outcome = $2 WHERE id = $1`, [
      receiptId,
      outcome,
    ]);
  }
}
