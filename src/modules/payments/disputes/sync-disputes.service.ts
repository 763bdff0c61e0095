import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { log } from '#libs/log';
import { type PaymentRow, PaymentsRepository } from '../payments.repository.js';
import { isForbidden, type ProviderWarning, StripeDisputes } from '../stripe/stripe-disputes.js';
import { SettleDisputes } from './settle-disputes.service.js';

/** Reads from Stripe what cardholders and their banks say of a payment, then applies it. Events are hints only. */
@Injectable()
export class SyncDisputes {
  constructor(
    private readonly db: Db,
    private readonly stripe: StripeDisputes,
    private readonly payments: PaymentsRepository,
    private readonly settle: SettleDisputes,
  ) {}

  /** @param intentRef the intent that an event is about; one of somebody else is left alone */
  async executeByIntent(intentRef: string): Promise<void> {
    const payment = await this.payments.findByRef(this.db, intentRef);
    if (payment) await this.execute(payment);
  }

  async execute(payment: PaymentRow): Promise<void> {
    if (payment.provider !== 'stripe' || payment.provider_ref === null) return;
    // Of two readings the one that began later counts: whatever changed in between has an event, and so a reading, of its own.
    const [clock] = await this.db.query<{ now: Date }>(`SELECT clock_timestamp() AS now`);
    const disputes = await this.stripe.ofIntent(payment.provider_ref);
    const warnings = [
      ...(await this.ifAllowed(this.stripe.warningsOf(payment.provider_ref))),
      ...(await this.ifAllowed(this.stripe.reviewsOf(payment.provider_ref))),
    ];
    if (disputes.length === 0 && warnings.length === 0) return;
    await this.db.transaction(async (tx) => {
      await this.settle.apply(tx, payment.id, { disputes, warnings, readAt: clock!.now });
      failpoint('commit.disputes');
    });
  }

  /** A restricted key may not read these: disputes, which cost money, are recorded all the same. */
  private async ifAllowed(read: Promise<ProviderWarning[]>): Promise<ProviderWarning[]> {
    try {
      return await read;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      log.warn('disputes.warnings_not_readable', { error });
      return [];
    }
  }
}
