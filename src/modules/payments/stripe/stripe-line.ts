import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import { Carried } from '#libs/context';
import { assertNoTransaction } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { log } from '#libs/log';
import { CircuitBreaker, defineTally } from '#libs/vitals';
import { PaymentRefused, PaymentUnavailable } from '../payments.errors.js';

/** How long one try of a call may take. */
export const ATTEMPT_TIMEOUT_MS = 6_000;
/** How long a shopper waits for Stripe, in all. */
const TOTAL_MS = 12_000;
/** With less than this left another try is not worth it. */
const WORTHWHILE_MS = 250;
/** Waits before a call that Stripe turned away for being too frequent goes again. */
const LIMITED_WAITS_MS = [200, 500, 1_200];
const LATER_SECONDS = 5;

const countCall = defineTally({
  name: 'emporium_stripe_calls_total',
  help: 'Calls of Stripe by operation and outcome',
  labels: ['operation', 'outcome'],
});

type Outcome = 'declined' | 'invalid' | 'limited' | 'misconfigured' | 'spent' | 'unknown';

/** The card was declined: an answer, not a failure. */
export class StripeDeclined extends Error {}

/** No call was made (the circuit is open) or Stripe did not work on it (too many calls): it can go again at no cost. */
export class StripeNotTried extends Error {}

/** Stripe has kept a failure of its own as the answer to this key, and will give no other: only with another key it works. */
export class StripeKeySpent extends Error {}

/** Whether the key of the call is spent. Whether its work was done has to be looked up. */
export const isKeySpent = (error: unknown): boolean =>
  PaymentUnavailable.is(error) && error.cause instanceof StripeKeySpent;

/** Whether the error says that Stripe has not even been tried. A job that meets it loses no attempt. */
export function wasNotTried(error: unknown): error is Error & { details: { retryAfterSeconds?: number } } {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if (cause instanceof StripeNotTried) return PaymentUnavailable.is(error);
  }
  return false;
}

/**
 * The way to Stripe: a try may take 6 seconds, everything together 12. What is unknown (broken connection, 5xx, no answer)
 * is repeated once with the same key and never taken for a failure; after repeated unknowns the circuit opens and calls are
 * refused at once until a probe succeeds. Calls that come too often wait a little and go again.
 */
export class StripeLine {
  private readonly circuit = new CircuitBreaker('stripe');
  private readonly deadline = new Carried<number>();

  /** One deadline for all calls of the work. */
  withDeadline<T>(work: () => Promise<T>): Promise<T> {
    return this.deadline.get() === undefined ? this.deadline.run(performance.now() + TOTAL_MS, work) : work();
  }

  /**
   * Makes a call whose idempotency key, if it writes, is the same in every try.
   * @throws StripeDeclined; `payment_refused` when Stripe does not take it; `payment_unavailable` when it may come yet
   */
  async call<T>(operation: string, work: () => Promise<T>): Promise<T> {
    assertNoTransaction(`Stripe ${operation}`);
    const deadline = this.deadline.get() ?? performance.now() + TOTAL_MS;
    let limited = 0;
    // A try that nobody knows the outcome of stays one, whatever becomes of the next.
    let isUnknown = false;
    for (let attempt = 1; ; attempt += 1) {
      const left = deadline - performance.now();
      if (left < WORTHWHILE_MS) throw PaymentUnavailable({ retryAfterSeconds: LATER_SECONDS });
      const permit = this.circuit.admit();
      if (!permit) {
        countCall({ operation, outcome: 'refused' });
        throw PaymentUnavailable({
          retryAfterSeconds: Math.max(1, Math.ceil(this.circuit.retryInMs / 1000)),
          cause: isUnknown
            ? undefined
            : new StripeNotTried('calls to Stripe are paused, because it did not answer the last ones'),
        });
      }
      try {
        failpoint(`stripe.${operation}.before`);
        const answer = await within(work(), Math.min(ATTEMPT_TIMEOUT_MS, left));
        failpoint(`stripe.${operation}.after`);
        this.circuit.settle(permit, true);
        countCall({ operation, outcome: 'succeeded' });
        return answer;
      } catch (error) {
        const outcome = classify(error);
        this.circuit.settle(permit, outcome !== 'unknown');
        countCall({ operation, outcome });
        log[outcome === 'misconfigured' ? 'error' : 'warn']('stripe.call_failed', {
          operation,
          attempt,
          kind: outcome,
          code: (error as { code?: unknown }).code,
          status: (error as { statusCode?: unknown }).statusCode,
        });
        if (outcome === 'limited') {
          const wait = LIMITED_WAITS_MS[limited];
          if (wait !== undefined && deadline - performance.now() > wait + WORTHWHILE_MS) {
            limited += 1;
            await sleep(wait * (0.75 + Math.random() / 2));
            continue;
          }
          throw PaymentUnavailable({
            retryAfterSeconds: LATER_SECONDS,
            cause: isUnknown ? error : new StripeNotTried('Stripe takes no more calls at the moment', { cause: error }),
          });
        }
        isUnknown ||= outcome === 'unknown';
        if (outcome === 'unknown' && attempt - limited === 1) continue;
        if (outcome === 'declined') throw new StripeDeclined('declined', { cause: error });
        if (outcome === 'spent')
          throw PaymentUnavailable({
            retryAfterSeconds: LATER_SECONDS,
            cause: new StripeKeySpent('Stripe repeats a failure of its own', { cause: error }),
          });
        if (outcome === 'invalid') throw PaymentRefused({ detail: (error as Error).message, cause: error });
        throw PaymentUnavailable({ retryAfterSeconds: LATER_SECONDS, cause: error });
      }
    }
  }
}

/** The SDK's own timeout is of silence on the socket; an answer that trickles in would take for ever. */
async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`Stripe did not answer within ${Math.round(ms)} ms`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/**
 * A decline is an answer; an invalid request is our mistake or the wrong moment, and did nothing; a key that Stripe does not
 * take says nothing of what it was sent for, so that has to wait until the key is mended; too many calls, or one with the
 * same key that is still at work, may come again; a failure that Stripe repeats says that the key is spent, and nothing of
 * how Stripe is now; the rest may have happened or not.
 */
function classify(error: unknown): Outcome {
  if (error instanceof Stripe.errors.StripeCardError) return 'declined';
  if (error instanceof Stripe.errors.StripeRateLimitError) return 'limited';
  if ((error as { statusCode?: unknown }).statusCode === 409) return 'limited';
  if (
    error instanceof Stripe.errors.StripeIdempotencyError ||
    error instanceof Stripe.errors.StripePermissionError ||
    error instanceof Stripe.errors.StripeAuthenticationError
  ) {
    return 'misconfigured';
  }
  if (error instanceof Stripe.errors.StripeInvalidRequestError) return 'invalid';
  return error instanceof Stripe.errors.StripeError && error.headers?.['idempotent-replayed'] === 'true'
    ? 'spent'
    : 'unknown';
}
