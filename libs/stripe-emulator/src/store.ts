import type Stripe from 'stripe';
import { Journal } from './journal.js';

/** What Stripe knows about a payment or setup intent and does not show. */
export interface IntentTrait {
  id: string;
  confirms: number;
  returnUrl: string | null;
  /** The payment method whose authentication or processing is under way. */
  pendingMethod: string | null;
}

/** Which test card a payment method is, and whether it may be used again without a customer. */
export interface MethodTrait {
  id: string;
  card: string;
  isUsedUp: boolean;
  /** The bank's check was passed once. */
  isAuthenticated?: boolean;
}

export interface TokenTrait {
  id: string;
  card: string;
  /** The kept method that the token was made of. */
  method?: string;
}

/** What banks do after a while. */
export type Settlement =
  'settle_processing' | 'settle_refund' | 'settle_balance' | 'open_dispute' | 'decide_dispute' | 'warn_of_fraud';
/** What ends when a time is over. */
export type Expiry = 'expire_dispute' | 'expire_hold';

/** Work that happens later by itself, as at a bank. */
export interface Task {
  id: string;
  /** Milliseconds since the epoch. */
  dueAt: number;
  kind: Settlement | Expiry;
  /** Id of the intent, refund, charge or dispute. */
  target: string;
}

/** How far the emulated time is ahead. */
export interface ClockState {
  id: 'clock';
  aheadMs: number;
}

/** The saved result of an idempotency key. */
export interface SavedResult {
  /** The key. */
  id: string;
  method: string;
  path: string;
  /** Parameters as sent. */
  fingerprint: string;
  at: number;
  status: number;
  body: string;
  requestId: string;
}

/** One event on its way to one endpoint. */
export interface Delivery {
  id: string;
  event: string;
  type: string;
  endpoint: string;
  url: string;
  status: 'pending' | 'held' | 'succeeded' | 'failed' | 'dropped';
  /** Milliseconds since the epoch; null when no further attempt is due. */
  nextAttemptAt: number | null;
  attempts: DeliveryAttempt[];
}

export interface DeliveryAttempt {
  at: number;
  durationMs: number;
  /** Null when there was no answer. */
  status: number | null;
  error?: string;
}

/** Whether events show the object as it was, or only name it. */
export type PayloadKind = 'snapshot' | 'thin';

/** An endpoint with the secret that its deliveries are signed with. */
export interface StoredEndpoint {
  id: string;
  secret: string;
  /** Signs too while the secret is being rolled. */
  previousSecret?: string;
  /** Set from outside, not made through the API: it outlives a reset. */
  isConfigured: boolean;
  /** Snapshots when left out. */
  payload?: PayloadKind;
  shown: Stripe.WebhookEndpoint;
}

export type AnyEvent = Omit<Stripe.EventBase, 'data'> & {
  data: { object: object; previous_attributes?: object };
};

/** Objects of one kind in the order they were made. */
export class Collection<T extends { id: string }> {
  private readonly items = new Map<string, T>();

  constructor(
    private readonly name: string,
    private readonly journal: Journal,
    private readonly capacity = Infinity,
  ) {}

  get size(): number {
    return this.items.size;
  }

  get(id: string): T | undefined {
    return this.items.get(id);
  }

  /** Adds it, or notes that it was changed in place. */
  put(item: T): T {
    this.items.set(item.id, item);
    this.journal.changed(this.name, item.id);
    if (this.items.size > this.capacity) {
      const oldest = this.items.keys().next();
      if (!oldest.done) this.delete(oldest.value);
    }
    return item;
  }

  delete(id: string): void {
    if (this.items.delete(id)) this.journal.changed(this.name, id);
  }

  clear(): void {
    for (const id of this.items.keys()) this.delete(id);
  }

  values(): IterableIterator<T> {
    return this.items.values();
  }

  newestFirst(): T[] {
    return [...this.items.values()].toReversed();
  }

  /** For the journal: brings one back without noting a change. */
  restore(id: string, item: T | undefined): void {
    if (item === undefined) this.items.delete(id);
    else this.items.set(id, item);
  }
}

const KEPT_EVENTS = 20_000;

/** The whole state of the emulated account. With a file it outlives the process, also one that is killed. */
export class Store {
  private readonly journal: Journal;
  readonly intents: Collection<Stripe.PaymentIntent>;
  readonly intentTraits: Collection<IntentTrait>;
  readonly charges: Collection<Stripe.Charge>;
  readonly setupIntents: Collection<Stripe.SetupIntent>;
  readonly refunds: Collection<Stripe.Refund>;
  readonly disputes: Collection<Stripe.Dispute>;
  readonly fraudWarnings: Collection<Stripe.Radar.EarlyFraudWarning>;
  readonly reviews: Collection<Stripe.Review>;
  readonly customers: Collection<Stripe.Customer | Stripe.DeletedCustomer>;
  readonly methods: Collection<Stripe.PaymentMethod>;
  readonly methodTraits: Collection<MethodTrait>;
  readonly confirmationTokens: Collection<Stripe.ConfirmationToken>;
  readonly tokenTraits: Collection<TokenTrait>;
  readonly balanceTransactions: Collection<Stripe.BalanceTransaction>;
  readonly events: Collection<AnyEvent>;
  readonly endpoints: Collection<StoredEndpoint>;
  readonly deliveries: Collection<Delivery>;
  readonly results: Collection<SavedResult>;
  readonly tasks: Collection<Task>;
  readonly clock: Collection<ClockState>;
  private readonly all: Record<string, Collection<never>>;

  constructor(file?: string) {
    this.journal = new Journal(file);
    const make = <T extends { id: string }>(name: string, capacity?: number): Collection<T> =>
      new Collection<T>(name, this.journal, capacity);
    this.intents = make('payment_intents');
    this.intentTraits = make('payment_intent_traits');
    this.charges = make('charges');
    this.setupIntents = make('setup_intents');
    this.refunds = make('refunds');
    this.disputes = make('disputes');
    this.fraudWarnings = make('early_fraud_warnings');
    this.reviews = make('reviews');
    this.customers = make('customers');
    this.methods = make('payment_methods');
    this.methodTraits = make('payment_method_traits');
    this.confirmationTokens = make('confirmation_tokens');
    this.tokenTraits = make('confirmation_token_traits');
    this.balanceTransactions = make('balance_transactions');
    this.events = make('events', KEPT_EVENTS);
    this.endpoints = make('webhook_endpoints');
    this.deliveries = make('deliveries', KEPT_EVENTS);
    this.results = make('idempotency_keys');
    this.tasks = make('tasks');
    this.clock = make('clock');
    this.all = {
      payment_intents: this.intents,
      payment_intent_traits: this.intentTraits,
      charges: this.charges,
      setup_intents: this.setupIntents,
      refunds: this.refunds,
      disputes: this.disputes,
      early_fraud_warnings: this.fraudWarnings,
      reviews: this.reviews,
      customers: this.customers,
      payment_methods: this.methods,
      payment_method_traits: this.methodTraits,
      confirmation_tokens: this.confirmationTokens,
      confirmation_token_traits: this.tokenTraits,
      balance_transactions: this.balanceTransactions,
      events: this.events,
      webhook_endpoints: this.endpoints,
      deliveries: this.deliveries,
      idempotency_keys: this.results,
      tasks: this.tasks,
      clock: this.clock,
    } as unknown as Record<string, Collection<never>>;
    this.journal.load(this.all);
  }

  /** Writes what changed. Called before an answer leaves, so that nothing that was promised is lost. */
  flush(): void {
    this.journal.flush(this.all);
  }

  /** Everything, by kind, newest first. */
  dump(): Record<string, unknown[]> {
    return Object.fromEntries(Object.entries(this.all).map(([name, items]) => [name, items.newestFirst()]));
  }

  /** Forgets all but the configured webhook endpoints. */
  clear(): void {
    const configured = [...this.endpoints.values()].filter((endpoint) => endpoint.isConfigured);
    for (const items of Object.values(this.all)) items.clear();
    for (const endpoint of configured) this.endpoints.put(endpoint);
    this.flush();
  }

  close(): void {
    this.flush();
    this.journal.close();
  }
}
