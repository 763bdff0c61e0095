import type Stripe from 'stripe';
import type { Engine, Scope } from '../engine.js';
import type { TestCard } from '../test-cards.js';
import type { Charges } from './charges.js';
import type { DisputeOptions, Disputes } from './disputes.js';
import type { EarlyFraudWarnings } from './early-fraud-warnings.js';
import type { PaymentMethods } from './payment-methods.js';
import type { Reviews } from './reviews.js';

const FRAUD_TYPE = 'unauthorized_use_of_card';

/** What may follow a payment besides a refund: a look at it, a warning, a dispute, and what each means to the others. */
export class Complaints {
  constructor(
    private readonly engine: Engine,
    private readonly charges: Charges,
    private readonly methods: PaymentMethods,
    readonly disputes: Disputes,
    private readonly warnings: EarlyFraudWarnings,
    private readonly reviews: Reviews,
  ) {}

  /** Starts what the test card stands for. */
  afterPayment(intent: Stripe.PaymentIntent, charge: Stripe.Charge, card: TestCard, scope: Scope): void {
    if (card.isReviewed === true) this.reviews.open(intent, charge, scope);
    if (card.isWarnedOf === true) this.engine.later('warn_of_fraud', charge.id);
    if (card.dispute !== undefined) this.engine.later('open_dispute', charge.id);
  }

  openByCard(chargeId: string, scope: Scope): void {
    const charge = this.charges.find(chargeId);
    const { dispute } = this.cardOf(charge);
    // The shop was faster: who has the money back has nothing to dispute.
    if (dispute === undefined || charge.refunded || charge.disputed) return;
    this.dispute(charge, dispute, scope);
  }

  warnByCard(chargeId: string, scope: Scope): void {
    this.warnings.warn(this.charges.find(chargeId), FRAUD_TYPE, scope);
  }

  /** The cardholder complains at the bank. @throws {ApiError} when there is nothing to dispute */
  dispute(charge: Stripe.Charge, options: DisputeOptions, scope: Scope): Stripe.Dispute {
    const dispute = this.disputes.open(charge, options, scope);
    this.warnings.settle(charge.id, scope);
    this.reviews.close(charge.id, 'disputed', scope);
    return dispute;
  }

  warn(charge: Stripe.Charge, fraudType: string | undefined, scope: Scope): Stripe.Radar.EarlyFraudWarning {
    return this.warnings.warn(charge, fraudType ?? FRAUD_TYPE, scope);
  }

  afterFullRefund(charge: Stripe.Charge, scope: Scope): void {
    this.warnings.settle(charge.id, scope);
    this.reviews.close(charge.id, 'refunded', scope);
    this.disputes.afterFullRefund(charge, scope);
  }

  private cardOf(charge: Stripe.Charge): TestCard {
    return this.methods.cardOf(this.methods.find(charge.payment_method ?? ''));
  }
}
