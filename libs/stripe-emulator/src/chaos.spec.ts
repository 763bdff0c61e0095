import Stripe from 'stripe';
import type { ApiRule } from './chaos.js';
import type { Emulator } from './index.js';
import { clientOf, createEmulator, failureOf } from './testing.js';

let emulator: Emulator;
let stripe: Stripe;

beforeAll(async () => {
  emulator = await createEmulator();
  stripe = clientOf(emulator, { timeout: 1000 });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.reset());

const create = (key: string): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({ amount: 2000, currency: 'usd' }, { idempotencyKey: key });
const made = async (): Promise<number> => (await stripe.paymentIntents.list()).data.length;

// The SDK repeats a reset connection once by itself: hence two.
it.each<[ApiRule, boolean]>([
  [{ kind: 'reset_before', count: 2 }, false],
  [{ kind: 'reset_after', count: 2 }, true],
  [{ kind: 'truncate', count: 1 }, true],
  [{ kind: 'hang', count: 1 }, false],
  [{ kind: 'hang', count: 1, executed: true }, true],
])('loses the answer by %p; the work is done: %p', async (rule, isDone) => {
  emulator.setChaos({ api: [{ ...rule, method: 'POST', path: '/v1/payment_intents' }] });
  expect(await failureOf(create('k1'))).toBeInstanceOf(Stripe.errors.StripeConnectionError);
  expect(await made()).toBe(isDone ? 1 : 0);
  const repeated = await create('k1');
  expect(repeated.status).toBe('requires_payment_method');
  expect(await made()).toBe(1);
});

it.each([
  [{ status: 500 }, Stripe.errors.StripeAPIError],
  [{ status: 503 }, Stripe.errors.StripeAPIError],
  [{ status: 502, html: true }, Stripe.errors.StripeAPIError],
  [{ status: 429 }, Stripe.errors.StripeRateLimitError],
  [{ status: 429, code: 'lock_timeout' }, Stripe.errors.StripeRateLimitError],
  [{ status: 409 }, Stripe.errors.StripeAPIError],
] as const)('answers %p', async (fault, type) => {
  emulator.setChaos({ api: [{ kind: 'status', count: 1, ...fault }] });
  const failure = await failureOf(create('k1'));
  expect(failure).toBeInstanceOf(type);
  // For a page instead of JSON the SDK tells no status.
  expect(failure.statusCode).toBe('html' in fault ? undefined : fault.status);
  expect(await made()).toBe(0);
});

it.each([true, false])('keeps a failure of its own as the answer to a key; executed: %p', async (executed) => {
  const rule = { kind: 'status' as const, status: 500, stored: true, executed, method: 'POST', count: 1 };
  emulator.setChaos({ api: [rule] });
  const first = await failureOf(create('k1'));
  expect(first).toMatchObject({ statusCode: 500, type: 'StripeAPIError' });
  expect(first.headers?.['idempotent-replayed']).toBeUndefined();
  expect(await made()).toBe(executed ? 1 : 0);
  expect(emulator.chaos().api).toMatchObject([{ count: 0 }]);
  for (let again = 0; again < 2; again += 1) {
    const failure = await failureOf(create('k1'));
    expect(failure).toMatchObject({ statusCode: 500 });
    expect(failure.headers).toMatchObject({ 'idempotent-replayed': 'true', 'original-request': first.requestId });
  }
  expect(await made()).toBe(executed ? 1 : 0);
  await create('k2');
  expect(await made()).toBe(executed ? 2 : 1);
  emulator.advance({ hours: 24 });
  await create('k1');
  expect(await made()).toBe(executed ? 3 : 2);
});

it('keeps no failure for a call that was not begun: one with a wrong parameter, or without a key', async () => {
  emulator.setChaos({ api: [{ kind: 'status', stored: true, executed: true }] });
  const wrong = stripe.paymentIntents.create({ amount: 1, currency: 'usd' }, { idempotencyKey: 'k1' });
  expect((await failureOf(wrong)).code).toBe('amount_too_small');
  expect((await failureOf(stripe.paymentIntents.list())).statusCode).toBe(500);
  emulator.clearChaos();
  expect((await create('k1')).id).toMatch(/^pi_/);
});

it('applies to the calls that match, after some, and not for longer than told', async () => {
  emulator.setChaos({ api: [{ kind: 'status', status: 500, contains: '/cancel', skip: 1, count: 1 }] });
  const ids = [(await create('k1')).id, (await create('k2')).id, (await create('k3')).id];
  expect((await stripe.paymentIntents.cancel(ids[0]!)).status).toBe('canceled');
  expect((await failureOf(stripe.paymentIntents.cancel(ids[1]!))).statusCode).toBe(500);
  expect((await stripe.paymentIntents.cancel(ids[2]!)).status).toBe('canceled');
  expect(emulator.requests({ path: '/v1/payment_intents/' }).map(({ chaos }) => chaos)).toEqual([null, 'status', null]);
});

it('answers slowly', async () => {
  emulator.setChaos({ api: [{ kind: 'slow', delayMs: 120, count: 1 }] });
  const startedAt = Date.now();
  await create('k1');
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(115);
});

describe('the control panel', () => {
  const call = async (method: string, path: string, body?: object, headers = {}): Promise<[number, unknown]> => {
    const response = await fetch(`${emulator.url}/_emulator/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return [response.status, await response.json()];
  };

  it('sets and clears disturbances', async () => {
    const rule = { kind: 'status', status: 500 };
    expect(await call('POST', 'chaos', { api: [rule] })).toEqual([200, { api: [rule], webhooks: [] }]);
    expect((await failureOf(create('k1'))).statusCode).toBe(500);
    await call('DELETE', 'chaos');
    expect((await create('k1')).status).toBe('requires_payment_method');
  });

  it('plays the shopper and the person at the Dashboard', async () => {
    const params = { amount: 2000, currency: 'usd', confirm: true, return_url: 'https://shop.test/' };
    const waiting = await stripe.paymentIntents.create({ ...params, payment_method: 'pm_card_authenticationRequired' });
    const [status, approved] = await call('POST', 'actions/approve3ds', { payment_intent: waiting.id });
    expect([status, approved]).toMatchObject([200, { status: 'succeeded' }]);
    const refund = await call('POST', 'actions/dashboardRefund', { payment_intent: waiting.id, amount: 500 });
    expect(refund).toMatchObject([200, { amount: 500, status: 'succeeded' }]);
    const { id } = await create('k1');
    expect(await call('POST', 'actions/dashboardCancel', { payment_intent: id })).toMatchObject([
      200,
      { status: 'canceled' },
    ]);
    expect((await call('POST', 'actions/fail3ds', { payment_intent: id }))[0]).toBe(400);
    expect((await call('POST', 'actions/resend', { event: 'evt_no' }))[0]).toBe(404);
  });

  it('shows what happened and forgets it', async () => {
    await create('k1');
    const [, requests] = await call('GET', 'requests?method=POST');
    expect(requests).toMatchObject([{ path: '/v1/payment_intents', idempotencyKey: 'k1', status: 200 }]);
    const [, state] = await call('GET', 'state');
    expect(state).toMatchObject({ payment_intents: [{ amount: 2000 }] });
    expect(await call('GET', 'problems')).toMatchObject([200, { unknownRoutes: [], postsWithoutOwnKey: [] }]);
    await call('POST', 'reset');
    expect(await made()).toBe(0);
  });

  it('says what is wrong with an order', async () => {
    expect((await call('POST', 'nothing'))[0]).toBe(404);
    expect((await call('POST', 'actions/approve3ds', {}))[0]).toBe(400);
    expect((await call('POST', 'reset', undefined, { origin: 'https://evil.test' }))[0]).toBe(403);
  });
});

it('knows the lock that another call holds', async () => {
  emulator.setChaos({ api: [{ kind: 'lock_timeout', method: 'POST', path: '/v1/payment_intents', count: 1 }] });
  const failure = await failureOf(create('k1'));
  expect([failure.statusCode, failure.code]).toEqual([429, 'lock_timeout']);
  expect(failure.message).toContain('currently accessing it');
  expect((await create('k1')).object).toBe('payment_intent');
});

it('strikes by chance, the same for the same seed', async () => {
  const strikes = async (seed: number): Promise<boolean[]> => {
    const own = await createEmulator({ seed });
    own.setChaos({ api: [{ kind: 'status', status: 500, probability: 0.5 }] });
    const client = clientOf(own);
    const out: boolean[] = [];
    for (let call = 0; call < 20; call++)
      out.push(
        await client.balanceTransactions.list().then(
          () => false,
          () => true,
        ),
      );
    await own.close();
    return out;
  };
  const first = await strikes(7);
  expect(new Set(first).size).toBe(2);
  expect(await strikes(7)).toEqual(first);
  expect(await strikes(8)).not.toEqual(first);
});
