import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { decodeId } from '#libs/ids';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { TellStrayMoney } from './reconciliation/stray-money.service.js';
import { SettlePayment } from './settle-payment.service.js';
import { type Intent, StripeGateway } from './stripe/stripe-gateway.js';

/**
 * Reads the truth about a payment from Stripe, then applies it. The webhook, the browser's return, the expiry, the
 * reconciliation and staff all come through here, so there is one way for money to change an order.
 */
@Injectable()
export class SyncPayment {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly payments: PaymentsRepository,
    private readonly settle: SettlePayment,
    private readonly stray: TellStrayMoney,
  ) {}

  /** Syncs a payment of ours. Manual payments, and those that Stripe does not know yet, are returned as they are. */
  async execute(payment: PaymentRow): Promise<PaymentRow> {
    if (payment.provider !== 'stripe' || payment.provider_ref === null) return payment;
    return this.applyIntent(payment.id, await this.gateway.retrieveIntent(payment.provider_ref));
  }

  /**
   * Syncs the intent that an event names. An event may come before the answer that would have told us the intent's id:
   * then its metadata leads to the payment. Money of ours that leads to none is told to the shop.
   * @returns what became of it, for the receipt
   */
  async executeByIntent(ref: string): Promise<'applied' | 'not_ours' | 'unknown_payment'> {
    const intent = await this.gateway.retrieveIntent(ref);
    const known = await this.payments.findByRef(this.db, ref);
    if (!known && !intent.ours) return 'not_ours';
    const payment = known ?? (await this.named(intent));
    // Metadata can be copied: a payment that has its intent is not paid by another one.
    if (!payment || (payment.provider_ref !== null && payment.provider_ref !== ref)) {
      await this.stray.execute(intent, payment);
      return 'unknown_payment';
    }
    await this.applyIntent(payment.id, intent);
    return 'applied';
  }

  private async named({ paymentId }: Intent): Promise<PaymentRow | undefined> {
    const id = paymentId === null ? null : decodeId('payment', paymentId);
    return id ? this.payments.find(this.db, id) : undefined;
  }

  /** Applies an intent that was just read. */
  async applyIntent(paymentId: string, intent: Intent): Promise<PaymentRow> {
    // Also when ours do not have Stripe's id yet: one whose answer was lost may have failed at the bank already.
    const [row] = await this.db.query<{ any: boolean }>(
      `SELECT EXISTS (SELECT FROM refunds WHERE payment_id = $1) AS any`,
      [paymentId],
    );
    const refunds = intent.amountRefunded > 0 || row?.any ? await this.gateway.listRefunds(intent.ref) : [];
    return this.db.transaction(async (tx) => {
      const after = await this.settle.apply(tx, paymentId, { intent, refunds });
      failpoint('commit.settle');
      return after;
    });
  }
}
