import type Stripe from 'stripe';
import { type Engine, Scope, snapshot } from './engine.js';
import type { DisputeOptions } from './resources/disputes.js';
import type { Resources } from './resources/index.js';
import type { RefundOutcome } from './resources/refunds.js';
import type { AnyEvent } from './store.js';

/** What a person may do to an intent at the Dashboard. */
export interface DashboardChange {
  /** Minor units. */
  amount?: number;
  currency?: string;
  description?: string;
  /** Merged; an empty value deletes its key. */
  metadata?: Record<string, string>;
}

/** What shoppers, banks and people at the Dashboard do, past the API. */
export abstract class Actions {
  protected abstract readonly engine: Engine;
  protected abstract readonly resources: Resources;
  /** Sends events that no API call waits for. */
  protected abstract announce(events: AnyEvent[]): void;

  private byHand<T>(work: (scope: Scope) => T): T {
    const scope = new Scope(this.engine);
    try {
      return snapshot(work(scope));
    } finally {
      this.announce(scope.takeEvents());
    }
  }

  /** The shopper passes the bank's check of a payment. @throws {ApiError} when none is under way */
  approve3ds(intent: string): Stripe.PaymentIntent {
    const { intents, machine } = this.resources;
    return this.byHand((scope) => machine.finishAuthentication(intents.find(intent), true, scope));
  }

  /** The shopper does not pass it. @throws {ApiError} when none is under way */
  fail3ds(intent: string): Stripe.PaymentIntent {
    const { intents, machine } = this.resources;
    return this.byHand((scope) => machine.finishAuthentication(intents.find(intent), false, scope));
  }

  /** The shopper passes (or does not pass) the bank's check of a card that is to be kept. */
  finishSetup3ds(setupIntent: string, isApproved: boolean): Stripe.SetupIntent {
    const { setups } = this.resources;
    return this.byHand((scope) => setups.finishAuthentication(setups.find(setupIntent), isApproved, scope));
  }

  /** A refund that a person makes past the application. @param amount minor units; all when left out */
  dashboardRefund(intent: string, amount?: number): Stripe.Refund {
    const params = { payment_intent: intent, ...(amount === undefined ? {} : { amount: String(amount) }) };
    return this.byHand((scope) => this.resources.refunds.create(params, scope));
  }

  /** A cancel that a person makes past the application. */
  dashboardCancel(intent: string): Stripe.PaymentIntent {
    const { intents, machine } = this.resources;
    return this.byHand((scope) => machine.cancel(intents.find(intent), 'requested_by_customer', scope));
  }

  /** A capture that a person makes past the application. @param amount minor units; all when left out */
  dashboardCapture(intent: string, amount?: number): Stripe.PaymentIntent {
    const { intents, machine } = this.resources;
    return this.byHand((scope) => machine.capture(intents.find(intent), amount, scope));
  }

  /** A change that a person makes past the application. @throws {ApiError} for one that Stripe does not allow any more */
  dashboardUpdate(intent: string, change: DashboardChange): Stripe.PaymentIntent {
    const { intents } = this.resources;
    const { amount, ...rest } = change;
    const params = { ...rest, ...(amount === undefined ? {} : { amount: String(amount) }) };
    return this.byHand(() => intents.update(intents.find(intent), params));
  }

  /** The bank gives up holding the money of a manual capture. @throws {ApiError} when it holds none */
  expireHold(intent: string): Stripe.PaymentIntent {
    const { intents, machine } = this.resources;
    return this.byHand((scope) => machine.expireHold(intents.find(intent), scope));
  }

  /** The bank decides a payment in `processing`. @param outcome what the test card stands for when left out */
  finishProcessing(intent: string, outcome?: 'succeeded' | 'failed'): Stripe.PaymentIntent {
    const { intents, machine } = this.resources;
    const isPaid = outcome === undefined ? undefined : outcome === 'succeeded';
    return this.byHand((scope) => machine.finishProcessing(intents.find(intent), isPaid, scope));
  }

  /**
   * The bank's late word on a refund.
   * @param refund its id, or that of its intent for the newest one
   * @throws {ApiError} when it has come to another end
   */
  refundOutcome(refund: string, outcome: RefundOutcome): Stripe.Refund {
    const { refunds } = this.resources;
    return this.byHand((scope) => refunds.decide(refunds.findFor(refund), outcome, scope));
  }

  /** The cardholder complains at the bank. @throws {ApiError} when nothing of the payment is left to dispute */
  openDispute(intent: string, options: DisputeOptions = {}): Stripe.Dispute {
    const { complaints, disputes, intents } = this.resources;
    return this.byHand((scope) => complaints.dispute(disputes.chargeOf(intents.find(intent)), options, scope));
  }

  /**
   * The bank decides for the shop and gives the money back; an inquiry is closed.
   * @param dispute its id, or that of its intent
   * @param options `reinstate: false` leaves the money with the bank until `reinstateFunds`
   */
  winDispute(dispute: string, options: { reinstate?: boolean } = {}): Stripe.Dispute {
    const { disputes } = this.resources;
    return this.byHand((scope) => disputes.win(disputes.findFor(dispute), options.reinstate ?? true, scope));
  }

  /** The bank decides for the cardholder; an inquiry is closed. */
  loseDispute(dispute: string): Stripe.Dispute {
    const { disputes } = this.resources;
    return this.byHand((scope) => disputes.lose(disputes.findFor(dispute), scope));
  }

  /** The bank takes the disputed money, and Stripe its fee, when `openDispute` did not. */
  withdrawFunds(dispute: string): Stripe.Dispute {
    const { disputes } = this.resources;
    return this.byHand((scope) => disputes.withdrawFunds(disputes.findFor(dispute), scope));
  }

  /** The bank gives the disputed money back. */
  reinstateFunds(dispute: string): Stripe.Dispute {
    const { disputes } = this.resources;
    return this.byHand((scope) => disputes.reinstateFunds(disputes.findFor(dispute), scope));
  }

  /** An inquiry becomes a chargeback. */
  escalateDispute(dispute: string): Stripe.Dispute {
    const { disputes } = this.resources;
    return this.byHand((scope) => disputes.escalate(disputes.findFor(dispute), scope));
  }

  /** The card's bank tells that a payment looks like fraud. @param fraudType Stripe's word for it */
  warnOfFraud(intent: string, fraudType?: string): Stripe.Radar.EarlyFraudWarning {
    const { complaints, disputes, intents } = this.resources;
    return this.byHand((scope) => complaints.warn(disputes.chargeOf(intents.find(intent)), fraudType, scope));
  }
}
