import { Inject, Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { assertNoTransaction } from '#libs/database';
import { log } from '#libs/log';
import { APP_CONFIG, type Config } from '../../../config/index.js';
import { PaymentMethodUnavailable, PaymentRefused, PaymentUnavailable } from '../payments.errors.js';
import type { PaymentStatus } from '../payment.state.js';
import { fromWire, toWire } from './wire-amount.js';

const ATTEMPT_TIMEOUT_MS = 6_000;
/** Marks our intents in a Stripe account that others may share. */
const SHOP = 'emporium';

/** What we read of a PaymentIntent. Amounts in ISO minor units. */
export interface Intent {
  ref: string;
  status: PaymentStatus;
  amount: number;
  amountReceived: number;
  currency: string;
  clientSecret: string | null;
  nextAction: Record<string, unknown> | null;
  orderId: string | null;
  paymentId: string | null;
  /** Whether it is one of ours. */
  ours: boolean;
  /** The last try, if there was one. */
  attempt: {
    ref: string;
    outcome: 'succeeded' | 'failed' | 'pending';
    code: string | null;
    declineCode: string | null;
    message: string | null;
  } | null;
  amountRefunded: number;
}

/** What we read of a refund. */
export interface ProviderRefund {
  ref: string;
  refundId: string | null;
  status: 'pending' | 'succeeded' | 'failed';
  amount: number;
  reason: string | null;
  failure: string | null;
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

  constructor(@Inject(APP_CONFIG) private readonly config: Config) {
    this.client = config.stripe ? this.connect(config.stripe) : null;
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
    orderId: string;
    orderNumber: number;
    amount: number;
    currency: string;
  }): Promise<Intent> {
    return this.intentCall('create', (stripe) =>
      stripe.paymentIntents.create(
        {
          amount: toWire(payment.amount, payment.currency),
          currency: payment.currency.toLowerCase(),
          automatic_payment_methods: { enabled: true },
          description: `Order ${payment.orderNumber}`,
          metadata: { shop: SHOP, order_id: payment.orderId, payment_id: payment.id },
        },
        { idempotencyKey: `pi:create:${payment.id}` },
      ),
    );
  }

  /** The truth about an intent, with its last charge. */
  async retrieveIntent(ref: string): Promise<Intent> {
    return this.intentCall('retrieve', (stripe) => stripe.paymentIntents.retrieve(ref, { expand: ['latest_charge'] }));
  }

  /** Charges on the server with what the storefront collected: a confirmation token, or a saved or test payment method. */
  async confirmIntent(
    ref: string,
    attemptId: string,
    token: string,
    returnUrl: string | undefined,
  ): Promise<Intent | Declined> {
    const method = token.startsWith('pm_') ? { payment_method: token } : { confirmation_token: token };
    try {
      return await this.intentCall('confirm', (stripe) =>
        stripe.paymentIntents.confirm(
          ref,
          { ...method, return_url: returnUrl ?? this.config.storefrontUrl, expand: ['latest_charge'] },
          { idempotencyKey: `pi:confirm:${attemptId}` },
        ),
      );
    } catch (error) {
      if (error instanceof StripeDeclined) return { declined: true, intent: await this.retrieveIntent(ref) };
      throw error;
    }
  }

  /** Cancels an intent. When Stripe says it is too late, the answer is the intent as it is. */
  async cancelIntent(ref: string, paymentId: string, reason: 'abandoned' | 'requested_by_customer'): Promise<Intent> {
    try {
      return await this.intentCall('cancel', (stripe) =>
        stripe.paymentIntents.cancel(
          ref,
          { cancellation_reason: reason },
          { idempotencyKey: `pi:cancel:${paymentId}` },
        ),
      );
    } catch (error) {
      if (PaymentRefused.is(error)) return this.retrieveIntent(ref);
      throw error;
    }
  }

  async refund(refund: { id: string; intentRef: string; amount: number; currency: string }): Promise<ProviderRefund> {
    return this.call('refund', async (stripe) =>
      toRefund(
        await stripe.refunds.create(
          {
            payment_intent: refund.intentRef,
            amount: toWire(refund.amount, refund.currency),
            metadata: { shop: SHOP, refund_id: refund.id },
          },
          { idempotencyKey: `refund:${refund.id}` },
        ),
      ),
    );
  }

  /** Every refund of an intent, also those made in Stripe's dashboard. */
  async listRefunds(intentRef: string): Promise<ProviderRefund[]> {
    return this.call('list_refunds', async (stripe) => {
      const page = await stripe.refunds.list({ payment_intent: intentRef, limit: 100 });
      return page.data.map(toRefund);
    });
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

  private async call<T>(operation: string, work: (stripe: Stripe) => Promise<T>): Promise<T> {
    assertNoTransaction(`Stripe ${operation}`);
    if (!this.client) throw PaymentMethodUnavailable({ detail: 'Stripe is not set up.' });
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(this.client);
      } catch (error) {
        const kind = classify(error);
        log[kind === 'misconfigured' ? 'error' : 'warn']('stripe.call_failed', {
          operation,
          attempt,
          kind,
          code: (error as { code?: unknown }).code,
          status: (error as { statusCode?: unknown }).statusCode,
        });
        if (kind === 'unknown' && attempt === 1) continue;
        if (kind === 'declined') throw new StripeDeclined();
        if (kind === 'invalid') throw PaymentRefused({ detail: (error as Error).message, cause: error });
        throw PaymentUnavailable({ retryAfterSeconds: 5, cause: error });
      }
    }
  }
}

class StripeDeclined extends Error {}

/**
 * A decline is an answer; an invalid request is our mistake or the wrong moment, and did nothing; a key that Stripe does not
 * take says nothing of what it was sent for, so that has to wait until the key is mended; the rest may have happened or not.
 */
function classify(error: unknown): 'declined' | 'invalid' | 'limited' | 'misconfigured' | 'unknown' {
  if (error instanceof Stripe.errors.StripeCardError) return 'declined';
  if (error instanceof Stripe.errors.StripeRateLimitError) return 'limited';
  if (
    error instanceof Stripe.errors.StripeIdempotencyError ||
    error instanceof Stripe.errors.StripePermissionError ||
    error instanceof Stripe.errors.StripeAuthenticationError
  ) {
    return 'misconfigured';
  }
  return error instanceof Stripe.errors.StripeInvalidRequestError ? 'invalid' : 'unknown';
}

/** The SDK takes any JSON without an `error` key for success, whatever its status: so the shape is checked here. */
function assertIs(object: { object?: string; lastResponse?: { statusCode: number } }, kind: string): void {
  if (object.object !== kind || (object.lastResponse && object.lastResponse.statusCode >= 300)) {
    throw new Error(`Stripe answered something that is not a ${kind}`);
  }
}

function toIntent(intent: Stripe.Response<Stripe.PaymentIntent>): Intent {
  assertIs(intent, 'payment_intent');
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null;
  const failure = intent.last_payment_error;
  const attemptRef = charge?.id ?? (typeof intent.latest_charge === 'string' ? intent.latest_charge : null);
  const outcome = charge?.status === 'succeeded' ? 'succeeded' : charge?.status === 'pending' ? 'pending' : 'failed';
  return {
    ref: intent.id,
    status: STATUS[intent.status as keyof typeof STATUS] ?? 'processing',
    amount: fromWire(intent.amount, intent.currency),
    amountReceived: fromWire(intent.amount_received, intent.currency),
    currency: intent.currency.toUpperCase(),
    clientSecret: intent.client_secret,
    nextAction: intent.next_action ? { ...intent.next_action } : null,
    orderId: intent.metadata.order_id ?? null,
    paymentId: intent.metadata.payment_id ?? null,
    ours: intent.metadata.shop === SHOP,
    attempt:
      attemptRef !== null && charge
        ? {
            ref: attemptRef,
            outcome,
            code: charge.failure_code,
            declineCode: failure?.decline_code ?? null,
            message: charge.failure_message,
          }
        : failure
          ? {
              ref: `${intent.id}:${failure.code ?? failure.type}:${failure.payment_method?.id ?? ''}`,
              outcome: 'failed',
              code: failure.code ?? null,
              declineCode: failure.decline_code ?? null,
              message: failure.message ?? null,
            }
          : null,
    amountRefunded: charge ? fromWire(charge.amount_refunded, intent.currency) : 0,
  };
}

function toRefund(refund: Stripe.Refund): ProviderRefund {
  assertIs(refund as never, 'refund');
  const failed = refund.status === 'failed' || refund.status === 'canceled';
  return {
    ref: refund.id,
    refundId: refund.metadata?.refund_id ?? null,
    status: refund.status === 'succeeded' ? 'succeeded' : failed ? 'failed' : 'pending',
    amount: fromWire(refund.amount, refund.currency),
    reason: refund.reason,
    failure: refund.failure_reason ?? null,
  };
}
