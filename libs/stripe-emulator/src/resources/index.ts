import type { Engine, Scope } from '../engine.js';
import type { Task } from '../store.js';
import { BalanceTransactions } from './balance-transactions.js';
import { Charges } from './charges.js';
import { Complaints } from './complaints.js';
import { ChosenMethods } from './chosen-methods.js';
import { ConfirmationTokens } from './confirmation-tokens.js';
import { Customers } from './customers.js';
import { Disputes } from './disputes.js';
import { EarlyFraudWarnings } from './early-fraud-warnings.js';
import { Events } from './events.js';
import { PaymentIntentMachine } from './payment-intent-machine.js';
import { PaymentIntents } from './payment-intents.js';
import { PaymentMethods } from './payment-methods.js';
import { Refunds } from './refunds.js';
import { Reviews } from './reviews.js';
import type { Route } from './route.js';
import { SetupIntents } from './setup-intents.js';
import { ThinEvents } from './thin-events.js';
import { WebhookEndpoints } from './webhook-endpoints.js';

/** All that the emulated account can do. */
export class Resources {
  readonly balance: BalanceTransactions;
  readonly charges: Charges;
  readonly methods: PaymentMethods;
  readonly tokens: ConfirmationTokens;
  readonly machine: PaymentIntentMachine;
  readonly intents: PaymentIntents;
  readonly disputes: Disputes;
  readonly complaints: Complaints;
  readonly setups: SetupIntents;
  readonly refunds: Refunds;
  readonly endpoints: WebhookEndpoints;
  readonly routes: Route[];

  constructor(engine: Engine) {
    this.balance = new BalanceTransactions(engine);
    this.charges = new Charges(engine, this.balance);
    this.methods = new PaymentMethods(engine);
    this.tokens = new ConfirmationTokens(engine, this.methods);
    this.disputes = new Disputes(engine, this.charges, this.balance);
    const warnings = new EarlyFraudWarnings(engine);
    const reviews = new Reviews(engine);
    this.complaints = new Complaints(engine, this.charges, this.methods, this.disputes, warnings, reviews);
    this.machine = new PaymentIntentMachine(engine, this.methods, this.charges, this.complaints);
    const chosen = new ChosenMethods(this.methods, this.tokens);
    this.intents = new PaymentIntents(engine, this.machine, this.tokens, chosen);
    this.setups = new SetupIntents(engine, this.methods, this.tokens, chosen);
    this.refunds = new Refunds(engine, this.charges, this.methods, this.balance, this.complaints);
    this.endpoints = new WebhookEndpoints(engine);
    this.routes = [
      this.intents,
      this.setups,
      this.refunds,
      this.charges,
      new Customers(engine, this.methods),
      this.methods,
      this.tokens,
      new Events(engine),
      new ThinEvents(engine),
      this.balance,
      this.disputes,
      warnings,
      reviews,
      this.endpoints,
    ].flatMap((resource) => resource.routes());
  }

  /** Does what was put off. */
  perform(task: Task, scope: Scope): void {
    switch (task.kind) {
      case 'settle_processing':
        return this.machine.passProcessing(task.target, scope);
      case 'settle_refund':
        return this.refunds.passPending(task.target, scope);
      case 'settle_balance':
        return this.charges.bookNow(task.target, scope);
      case 'open_dispute':
        return this.complaints.openByCard(task.target, scope);
      case 'decide_dispute':
        return this.disputes.decide(task.target, scope);
      case 'expire_hold':
        return this.machine.passHold(task.target, scope);
      case 'expire_dispute':
        return this.disputes.passDue(task.target, scope);
      case 'warn_of_fraud':
        return this.complaints.warnByCard(task.target, scope);
    }
  }
}
