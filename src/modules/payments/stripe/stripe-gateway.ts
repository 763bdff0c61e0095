import { Inject, Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { newUuid } from '#libs/ids';
import { APP_CONFIG, type Config } from '../../../config/index.js';
import { AmountTooLarge, AmountTooSmall, PaymentMethodUnavailable, PaymentRefused } from '../payments.errors.js';
import type { ProviderTransaction } from '../books/money-postings.js';
import type { PaymentStatus } from '../payment.state.js';
import { toProviderTransaction } from './provider-transaction.js';
import { ATTEMPT_TIMEOUT_MS, isKeySpent, StripeDeclined, StripeLine } from './stripe-line.js';
import { fromWire, toWire } from './wire-amount.js';

/** Marks what is ours in a Stripe account that others may share. */
export const SHOP = 'emporium';

/** The largest page that Stripe gives. */
const PAGE = 100;

/** What we read of a PaymentIntent. Amounts in ISO minor units. */
export interface Intent {
  ref: string;
  status: PaymentStatus;
  amount: number;
  amountReceived: number;
  /** Held and not yet captured. */
  amountCapturable: number;
  /** Until when a hold can be captured; null when nothing is held. */
  captureBefore: Date | null;
  /** Why Stripe or somebody canceled it: `automatic` is a hold that ran out. */
  cancellationReason: string | null;
  currency: string;
  clientSecret: string | null;
  nextAction: Record<string, unknown> | null;
  orderId: string | null;
  paymentId: string | null;
  /** Whether it is one of ours. */
  ours: boolean;
  /** The Stripe Customer whose saved cards it takes; null while nobody's. */
  customerRef: string | null;
  /** Whether the card that pays is saved for the customer. */
  savesCard: boolean;
  /** The last try, if there was one. */
  attempt: {
    ref: string;
    outcome: 'succeeded' | 'failed' | 'pending';
    code: string | null;
    declineCode: string | null;
    message: string | null;
  } | null;
  amountRefunded: number;
  /** What Stripe's own ledger says of the charge; empty until Stripe has written it. */
  transactions?: ProviderTransaction[];
}

/** What we read of a refund. */
export interface ProviderRefund {
  ref: string;
  refundId: string | null;
  status: 'pending' | 'succeeded' | 'failed';
  amount: number;
  reason: string | null;
  failure: string | null;
  /** What Stripe's own ledger says of the refund. */
  transactions?: ProviderTransaction[];
}

/** Declined: an answer, not a failure. The intent tells how it stands now. */
export interface Declined {
  declined: true;
  intent: Intent;
}

const STATUS = {
  requires_payment_method: 'requires_payment_method',
  requires_confirmation: 'requires_payment_method',
  requires_action: 'requires_action',
  processing: 'processing',
  requires_capture: 'authorized',
  succeeded: 'succeeded',
  canceled: 'canceled',
} as const satisfies Record<string, PaymentStatus>;

/**
 * The only place that talks to Stripe. Every POST carries a key of ours; what is unknown (broken connection, 5xx) is
 * repeated once with the same key and is never taken for a failure. Never called inside a transaction.
 */
@Injectable()
export class StripeGateway {
  private readonly client: Stripe | null;
  private readonly line: StripeLine | null;

  constructor(@Inject(APP_CONFIG) private readonly config: Config) {
    this.client = config.stripe ? this.connect(config.stripe) : null;
    this.line = this.client ? new StripeLine() : null;
  }

  /** Runs work of several calls with one deadline for all of them: a shopper waits for 12 seconds, not for 12 a call. */
  withDeadline<T>(work: () => Promise<T>): Promise<T> {
    return this.line ? this.line.withDeadline(work) : work();
  }

  /** Whether the shop takes Stripe payments. */
  get enabled(): boolean {
    return this.client !== null;
  }

  get publishableKey(): string | undefined {
    return this.config.stripe?.publishableKey;
  }

  /** The page of the emulator where a person can pay this intent; undefined with the real Stripe. */
  testPayUrl(clientSecret: string, returnUrl: string | undefined): string | undefined {
    if (!this.config.stripe?.emulated) return undefined;
    const url = new URL(`/pay/${encodeURIComponent(clientSecret)}`, this.config.stripe.apiBase);
    if (returnUrl) url.searchParams.set('return_url', returnUrl);
    return url.toString();
  }

  /** One intent for each payment, however often this is called: the key is the payment's own. */
  async createIntent(payment: {
    id: string;
    generation: number;
    orderId: string;
    orderNumber: number;
    amount: number;
    currency: string;
    captureMethod: 'automatic' | 'manual';
  }): Promise<Intent> {
    const amount = wireAmount(payment.amount, payment.currency);
    return this.intentCall('create', (stripe) =>
      stripe.paymentIntents.create(
        {
          amount,
          currency: payment.currency.toLowerCase(),
          automatic_payment_methods: { enabled: true },
          ...(payment.captureMethod === 'manual' ? { capture_method: 'manual' as const } : {}),
          description: `Order ${payment.orderNumber}`,
          metadata: { shop: SHOP, order_id: payment.orderId, payment_id: payment.id },
        },
        { idempotencyKey: keyOf(`pi:create:${payment.id}`, payment.generation) },
      ),
    );
  }

  /** The truth about an intent, with its last charge. */
  async retrieveIntent(ref: string): Promise<Intent> {
    return this.intentCall('retrieve', (stripe) =>
      stripe.paymentIntents.retrieve(ref, { expand: ['latest_charge.balance_transaction'] }),
    );
  }

  /**
   * Says whose cards an intent takes, and whether the one that pays is saved; what is left out stays as it is. Saying it twice
   * does nothing more, so each call has a key of its own, as that of a cancellation.
   */
  async setCard(ref: string, wish: { customerRef: string | undefined; save: boolean | undefined }): Promise<void> {
    const idempotencyKey = `pi:card:${ref}:${newUuid()}`;
    await this.call('set_card', (stripe) =>
      stripe.paymentIntents.update(
        ref,
        {
          ...(wish.customerRef === undefined ? {} : { customer: wish.customerRef }),
          ...(wish.save === undefined
            ? {}
            : { setup_future_usage: wish.save ? ('on_session' as const) : ('' as const) }),
        },
        { idempotencyKey },
      ),
    );
  }

  /**
   * Charges on the server with what the storefront collected: a confirmation token, or a saved or test payment method. When
   * the key of the try is spent and the intent shows no trace of it, it is tried once more: an intent is charged once.
   */
  async confirmIntent(
    before: Intent,
    attemptId: string,
    token: string,
    returnUrl: string | undefined,
  ): Promise<Intent | Declined> {
    const method = token.startsWith('pm_') ? { payment_method: token } : { confirmation_token: token };
    const send = (idempotencyKey: string) =>
      this.intentCall('confirm', (stripe) =>
        stripe.paymentIntents.confirm(
          before.ref,
          {
            ...method,
            return_url: returnUrl ?? this.config.storefrontUrl,
            expand: ['latest_charge.balance_transaction'],
          },
          { idempotencyKey },
        ),
      );
    const key = `pi:confirm:${attemptId}`;
    try {
      return await send(key).catch(async (error: unknown) => {
        if (!isKeySpent(error)) throw error;
        const now = await this.retrieveIntent(before.ref);
        return isTried(before, now) ? now : send(`${key}:again`);
      });
    } catch (error) {
      if (error instanceof StripeDeclined) return { declined: true, intent: await this.retrieveIntent(before.ref) };
      throw error;
    }
  }

  /**
   * Cancels an intent. When Stripe says it is too late, the answer is the intent as it is. Canceling twice does nothing more,
   * so each call has a key of its own: Stripe would repeat a refusal for a day, also when the bank has let go meanwhile.
   */
  async cancelIntent(ref: string, paymentId: string, reason: 'abandoned' | 'requested_by_customer'): Promise<Intent> {
    const idempotencyKey = `pi:cancel:${paymentId}:${newUuid()}`;
    try {
      return await this.intentCall('cancel', (stripe) =>
        stripe.paymentIntents.cancel(ref, { cancellation_reason: reason }, { idempotencyKey }),
      );
    } catch (error) {
      if (PaymentRefused.is(error)) return this.retrieveIntent(ref);
      throw error;
    }
  }

  /**
   * Captures a hold, all of it or a part; the rest is released. Captured already is success too: the answer is the intent.
   * @returns the intent as it is now: `canceled` when the hold has ended
   * @throws `payment_refused` when the money is still held, and Stripe or the bank does not let it be taken
   */
  async captureIntent(capture: {
    id: string;
    generation: number;
    intentRef: string;
    amount: number;
    currency: string;
  }): Promise<Intent> {
    const amount = wireAmount(capture.amount, capture.currency);
    try {
      await this.call('capture', (stripe) =>
        stripe.paymentIntents.capture(
          capture.intentRef,
          { amount_to_capture: amount },
          { idempotencyKey: keyOf(`pi:capture:${capture.id}`, capture.generation) },
        ),
      );
    } catch (error) {
      if (!PaymentRefused.is(error) && !(error instanceof StripeDeclined)) throw error;
      const now = await this.retrieveIntent(capture.intentRef);
      if (now.status === 'authorized') throw asRefusal(error);
      return now;
    }
    return this.retrieveIntent(capture.intentRef);
  }

  /**
   * @param refund an `amount` of null gives back all that is left, whatever currency it came in
   * @throws `payment_refused` when Stripe or the bank does not take it
   */
  async refund(refund: {
    id: string;
    generation: number;
    intentRef: string;
    amount: number | null;
    currency: string;
    reason: string;
  }): Promise<ProviderRefund> {
    const reason = REFUND_REASONS.find((known) => known === refund.reason);
    const amount = refund.amount === null ? null : wireAmount(refund.amount, refund.currency);
    try {
      return await this.call('refund', async (stripe) =>
        toRefund(
          await stripe.refunds.create(
            {
              payment_intent: refund.intentRef,
              ...(amount === null ? {} : { amount }),
              ...(reason ? { reason } : {}),
              metadata: { shop: SHOP, refund_id: refund.id },
            },
            { idempotencyKey: keyOf(`refund:${refund.id}`, refund.generation) },
          ),
        ),
      );
    } catch (error) {
      throw asRefusal(error);
    }
  }

  /** Every refund of an intent, also those made in Stripe's dashboard. */
  async listRefunds(intentRef: string): Promise<ProviderRefund[]> {
    const refunds = await this.readAll('list_refunds', (stripe, page) =>
      stripe.refunds.list({
        ...page,
        payment_intent: intentRef,
        expand: ['data.balance_transaction', 'data.failure_balance_transaction'],
      }),
    );
    return refunds.filter((refund) => !isRelease(refund)).map(toRefund);
  }

  /** The intent behind something that an event names by its id only: a charge, a refund, a dispute or a fraud warning. */
  async intentOf(objectRef: string): Promise<string | null> {
    if (objectRef.startsWith('pi_')) return objectRef;
    const kind = /^(ch|py|re|pyr|dp|du|issfr|prv)_/.exec(objectRef)?.[1];
    if (!kind) return null;
    return this.call('retrieve_object', async (stripe) =>
      idOf((await ownerOf(stripe, kind, objectRef)).payment_intent),
    );
  }

  /** Where staff see the intent in Stripe's dashboard; null with the emulator. */
  dashboardUrl(ref: string): string | null {
    const stripe = this.config.stripe;
    if (!stripe || stripe.emulated) return null;
    return `https://dashboard.stripe.com/${/_test_/.test(stripe.secretKey) ? 'test/' : ''}payments/${ref}`;
  }

  private connect(settings: NonNullable<Config['stripe']>): Stripe {
    const base = new URL(settings.apiBase);
    const secure = base.protocol === 'https:';
    return new Stripe(settings.secretKey, {
      host: base.hostname,
      port: base.port || (secure ? 443 : 80),
      protocol: secure ? 'https' : 'http',
      timeout: ATTEMPT_TIMEOUT_MS,
      maxNetworkRetries: 0,
      telemetry: false,
      appInfo: { name: 'Emporium' },
    });
  }

  private async intentCall(
    operation: string,
    work: (stripe: Stripe) => Promise<Stripe.Response<Stripe.PaymentIntent>>,
  ): Promise<Intent> {
    return this.call(operation, async (stripe) => toIntent(await work(stripe)));
  }

  /** Reads a list of Stripe to its end, page by page, with one deadline for all of them. */
  async readAll<T extends { id: string }>(
    operation: string,
    read: (stripe: Stripe, page: { limit: number; starting_after?: string }) => Promise<Stripe.ApiList<T>>,
  ): Promise<T[]> {
    return this.withDeadline(async () => {
      const items: T[] = [];
      for (;;) {
        const after = items.at(-1)?.id;
        const page = await this.call(operation, (stripe) =>
          read(stripe, { limit: PAGE, ...(after === undefined ? {} : { starting_after: after }) }),
        );
        items.push(...page.data);
        if (!page.has_more) return items;
      }
    });
  }

  /**
   * Makes a call for another part of the shop that reads or writes Stripe, under the same deadlines and with the same errors.
   * @param operation names it in logs and metrics
   */
  async call<T>(operation: string, work: (stripe: Stripe) => Promise<T>): Promise<T> {
    const { client, line } = this;
    if (!client || !line) throw PaymentMethodUnavailable({ detail: 'Stripe is not set up.' });
    try {
      return await line.call(operation, () => work(client));
    } catch (error) {
      // What may be charged is Stripe's to say, in the end: its table changes, ours may be a version behind.
      const code = PaymentRefused.is(error) ? (error.details.cause as { code?: string } | undefined)?.code : undefined;
      if (code === 'amount_too_small' && operation === 'create')
        throw AmountTooSmall({ detail: (error as Error).message, cause: error });
      if (code === 'amount_too_large' && operation === 'create')
        throw AmountTooLarge({ detail: (error as Error).message, cause: error });
      throw error;
    }
  }
}

/** The key of a row, and what follows it when Stripe has spent that: see KeyGenerations. */
export const keyOf = (key: string, generation: number): string => (generation === 0 ? key : `${key}:${generation}`);

/**
 * The amount as Stripe counts it, found out before the call: a mistake of ours says nothing about the way to Stripe.
 * @throws `payment_refused` when no such amount can be moved
 */
function wireAmount(amount: number, currency: string): number {
  try {
    return toWire(amount, currency);
  } catch (error) {
    if (error instanceof RangeError) throw PaymentRefused({ detail: error.message, cause: error });
    throw error;
  }
}

/** Whether somebody has tried to pay between two looks at an intent. */
const isTried = (before: Intent, now: Intent): boolean =>
  before.status !== now.status ||
  before.attempt?.ref !== now.attempt?.ref ||
  JSON.stringify(before.nextAction) !== JSON.stringify(now.nextAction);

/** Where no card is tried, the bank's no is a refusal like Stripe's own. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof StripeDeclined)) return error;
  const detail = error.cause instanceof Error ? error.cause.message : error.message;
  return PaymentRefused({ detail, cause: error });
}

/** The reasons that Stripe knows; others are ours alone. */
const REFUND_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

/** A part of a hold that was not captured can look like a refund, but no money moved: it has no balance transaction. */
export const isRelease = (refund: Stripe.Refund): boolean =>
  refund.status === 'succeeded' && refund.balance_transaction === null && refund.metadata?.refund_id === undefined;

function ownerOf(
  stripe: Stripe,
  kind: string,
  ref: string,
): Promise<{ payment_intent?: string | { id: string } | null }> {
  if (kind === 'ch' || kind === 'py') return stripe.charges.retrieve(ref);
  if (kind === 're' || kind === 'pyr') return stripe.refunds.retrieve(ref);
  if (kind === 'prv') return stripe.reviews.retrieve(ref);
  return kind === 'issfr' ? stripe.radar.earlyFraudWarnings.retrieve(ref) : stripe.disputes.retrieve(ref);
}

const idOf = (object: string | { id: string } | null | undefined): string | null =>
  typeof object === 'string' ? object : (object?.id ?? null);

/** The SDK takes any JSON without an `error` key for success, whatever its status: so the shape is checked here. */
function assertIs(object: { object?: string; lastResponse?: { statusCode: number } }, kind: string): void {
  if (object.object !== kind || (object.lastResponse && object.lastResponse.statusCode >= 300)) {
    throw new Error(`Stripe answered something that is not a ${kind}`);
  }
}

/** Reads Stripe's object. Money is known of it when its charge is expanded. */
export function toIntent(intent: Stripe.PaymentIntent): Intent {
  assertIs(intent, 'payment_intent');
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null;
  const failure = intent.last_payment_error;
  const outcome = charge?.status === 'succeeded' ? 'succeeded' : charge?.status === 'pending' ? 'pending' : 'failed';
  return {
    ref: intent.id,
    status: STATUS[intent.status as keyof typeof STATUS] ?? 'processing',
    amount: fromWire(intent.amount, intent.currency),
    amountReceived: fromWire(intent.amount_received, intent.currency),
    amountCapturable: fromWire(intent.amount_capturable, intent.currency),
    captureBefore: intent.status === 'requires_capture' ? captureBefore(charge) : null,
    cancellationReason: intent.cancellation_reason,
    currency: intent.currency.toUpperCase(),
    clientSecret: intent.client_secret,
    nextAction: intent.next_action ? { ...intent.next_action } : null,
    orderId: intent.metadata.order_id ?? null,
    paymentId: intent.metadata.payment_id ?? null,
    ours: intent.metadata.shop === SHOP,
    customerRef: idOf(intent.customer),
    savesCard: intent.setup_future_usage !== null,
    attempt: charge
      ? {
          ref: charge.id,
          outcome,
          code: charge.failure_code,
          declineCode: failure?.decline_code ?? null,
          message: charge.failure_message,
        }
      : failure && intent.latest_charge === null
        ? {
            // The bank was not asked, so there is no charge. One that is only named is counted when it is read in full.
            ref: `${intent.id}:${failure.code ?? failure.type}:${failure.payment_method?.id ?? ''}`,
            outcome: 'failed',
            code: failure.code ?? null,
            declineCode: failure.decline_code ?? null,
            message: failure.message ?? null,
          }
        : null,
    amountRefunded: charge ? fromWire(refundedOf(charge), intent.currency) : 0,
    transactions: charge ? toProviderTransaction(charge.balance_transaction) : [],
  };
}

/** What was released of a hold counts as refunded at Stripe; it was never ours. */
function refundedOf(charge: Stripe.Charge): number {
  return charge.captured ? charge.amount_refunded - (charge.amount - charge.amount_captured) : 0;
}

/** Stripe's default for cards, for a charge that does not say. */
const HOLD_SECONDS = 7 * 86_400;

function captureBefore(charge: Stripe.Charge | null): Date | null {
  if (!charge) return null;
  const seconds = charge.payment_method_details?.card?.capture_before ?? charge.created + HOLD_SECONDS;
  return new Date(seconds * 1000);
}

/** Reads Stripe's object. */
export function toRefund(refund: Stripe.Refund): ProviderRefund {
  assertIs(refund as never, 'refund');
  const failed = refund.status === 'failed' || refund.status === 'canceled';
  return {
    ref: refund.id,
    refundId: refund.metadata?.refund_id ?? null,
    status: refund.status === 'succeeded' ? 'succeeded' : failed ? 'failed' : 'pending',
    amount: fromWire(refund.amount, refund.currency),
    reason: refund.reason,
    failure: refund.failure_reason ?? null,
    transactions: [
      ...toProviderTransaction(refund.balance_transaction),
      ...toProviderTransaction(refund.failure_balance_transaction),
    ],
  };
}
