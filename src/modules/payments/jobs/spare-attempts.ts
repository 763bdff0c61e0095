import { RetryLater } from '#libs/jobs';
import { wasNotTried } from '../stripe/stripe-line.js';

/** Jobs that wait for the same reason do not all come back in the same second. */
const SPREAD_MS = 2_000;

/**
 * Runs the work of a job; when Stripe was not even tried (its circuit is open, or it takes no more calls), the job comes
 * again later and its try does not count. An outage of hours does not make dead letters.
 */
export async function spareAttempts<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!wasNotTried(error)) throw error;
    const waitMs = (error.details.retryAfterSeconds ?? 1) * 1000 + Math.random() * SPREAD_MS;
    throw new RetryLater(new Date(Date.now() + waitMs));
  }
}
