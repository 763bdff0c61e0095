import Stripe from 'stripe';
import { isKeySpent, StripeLine, wasNotTried } from './stripe-line.js';

/** What a call of so many tries ends with, each of which fails like this. */
async function endOf(line: StripeLine, ...failures: unknown[]): Promise<unknown> {
  const left = [...failures];
  return line.call('test', () => Promise.reject(left.shift() ?? new Error('one try too many'))).catch((error) => error);
}
const silence = () => new Error('socket hang up');
const inUse = () => {
  const raw = { type: 'idempotency_error', code: 'idempotency_key_in_use', statusCode: 409 };
  return new Stripe.errors.StripeAPIError(raw as never);
};
const repeated = () =>
  new Stripe.errors.StripeAPIError({
    type: 'api_error',
    statusCode: 500,
    headers: { 'idempotent-replayed': 'true' },
  } as never);
const tooMany = () => new Stripe.errors.StripeRateLimitError({ type: 'rate_limit_error', statusCode: 429 } as never);

describe('A call of Stripe that fails', () => {
  it('was not tried when Stripe takes no more calls, or its circuit is open', async () => {
    const line = new StripeLine();
    expect(wasNotTried(await endOf(line, tooMany(), tooMany(), tooMany(), tooMany()))).toBe(true);
    for (let n = 0; n < 3; n += 1) await endOf(line, silence(), silence());
    expect(wasNotTried(await endOf(line, silence()))).toBe(true);
  });

  it('has a spent key when Stripe repeats a failure of its own, which is not repeated, and says nothing of Stripe as it is now', async () => {
    const line = new StripeLine();
    for (let n = 0; n < 20; n += 1) {
      const end = await endOf(line, repeated());
      expect(isKeySpent(end)).toBe(true);
      expect(end).toMatchObject({ code: 'payment_unavailable' });
      expect(wasNotTried(end)).toBe(false);
    }
    expect(isKeySpent(await endOf(line, silence(), repeated()))).toBe(true);
    expect(isKeySpent(await endOf(line, silence(), silence()))).toBe(false);
  });

  it('may have been carried out when its first try was not answered, whatever became of the second', async () => {
    const busy = new StripeLine();
    expect(wasNotTried(await endOf(busy, silence(), inUse(), inUse(), inUse(), inUse()))).toBe(false);
    const opening = new StripeLine();
    // The fifth silence opens the circuit, between the two tries of one call.
    for (let n = 0; n < 2; n += 1) expect(wasNotTried(await endOf(opening, silence(), silence()))).toBe(false);
    expect(wasNotTried(await endOf(opening, silence()))).toBe(false);
    expect(wasNotTried(await endOf(opening, silence()))).toBe(true);
  });
});
