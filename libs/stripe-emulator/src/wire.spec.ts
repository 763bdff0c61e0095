import Stripe from 'stripe';
import type { Emulator } from './index.js';
import { clientOf, createEmulator, failureOf } from './testing.js';

const BACK = 'https://shop.test/back';
let emulator: Emulator;
let stripe: Stripe;

beforeAll(async () => {
  emulator = await createEmulator();
  stripe = clientOf(emulator);
});
afterAll(() => emulator.close());
beforeEach(() => emulator.reset());

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { error?: Record<string, unknown> };
}

async function call(method: string, path: string, form = '', headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${emulator.url}${path}`, {
    method,
    ...(form === '' ? {} : { body: form }),
    headers: {
      authorization: 'Bearer sk_test_x',
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}
const refusal = async (form: string): Promise<unknown[]> => {
  const { status, body } = await call('POST', '/v1/payment_intents', form);
  return [status, body.error?.['code'], body.error?.['param']];
};

describe('keys', () => {
  it.each([
    ['a live secret key', 'sk_live_abc'],
    ['a live publishable key', 'pk_live_abc'],
    ['something else', 'hello'],
  ])('refuses %s', async (_what, key) => {
    const { status, body } = await call('GET', '/v1/charges', '', { authorization: `Bearer ${key}` });
    expect(status).toBe(401);
    expect(body.error?.['message']).toMatch(/^Invalid API Key provided/);
    expect(JSON.stringify(body)).not.toContain('sk_live_abc');
  });

  it('takes the key by Basic too, and asks for one', async () => {
    const basic = `Basic ${Buffer.from('sk_test_y:').toString('base64')}`;
    expect((await call('GET', '/v1/charges', '', { authorization: basic })).status).toBe(200);
    const without = await call('GET', '/v1/charges', '', { authorization: '' });
    expect([without.status, without.body.error?.['type']]).toEqual([401, 'invalid_request_error']);
  });

  it('is an authentication error for the SDK', async () => {
    const wrong = new Stripe('sk_live_x', { host: '127.0.0.1', port: emulator.port, protocol: 'http' });
    expect(await failureOf(wrong.charges.list())).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
  });
});

describe('a browser with a publishable key', () => {
  const browser = { authorization: 'Bearer pk_test_x' };
  const pathOf = (intent: Stripe.PaymentIntent): string => `/v1/payment_intents/${intent.id}`;

  it('reads and confirms the intent whose secret it knows, and sees less of it', async () => {
    const intent = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd', metadata: { order_id: 'o1' } });
    const secret = `client_secret=${intent.client_secret}`;
    const shown = await call('GET', `${pathOf(intent)}?${secret}`, '', browser);
    expect(shown.body).toMatchObject({ id: intent.id, amount: 2000, status: 'requires_payment_method' });
    expect(shown.body).not.toHaveProperty('metadata');
    const card = 'payment_method_data[type]=card&payment_method_data[card][number]=4242 4242 4242 4242';
    const paid = await call('POST', `${pathOf(intent)}/confirm`, `${secret}&${card}`, browser);
    expect([paid.status, paid.body['status']]).toEqual([200, 'succeeded']);
    expect(paid.body).not.toHaveProperty('latest_charge');
  });

  it('sees no more of it in an error', async () => {
    const intent = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd', metadata: { order_id: 'o1' } });
    const form = `client_secret=${intent.client_secret}&payment_method=pm_card_chargeDeclined`;
    const declined = await call('POST', `${pathOf(intent)}/confirm`, form, browser);
    expect(declined.status).toBe(402);
    expect(declined.body.error?.['payment_intent']).toMatchObject({ id: intent.id });
    expect(declined.body.error?.['payment_intent']).not.toHaveProperty('metadata');
  });

  it('may do nothing else', async () => {
    const intent = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' });
    const secret = `client_secret=${intent.client_secret}`;
    const codeOf = async (method: string, path: string, form = ''): Promise<unknown> =>
      (await call(method, path, form, browser)).body.error?.['code'];
    expect(await codeOf('GET', '/v1/charges')).toBe('secret_key_required');
    expect(await codeOf('POST', '/v1/refunds', 'payment_intent=pi_x')).toBe('secret_key_required');
    expect(await codeOf('POST', pathOf(intent), `${secret}&amount=1`)).toBe('secret_key_required');
    expect(await codeOf('GET', pathOf(intent))).toBe('payment_intent_invalid_parameter');
    expect(await codeOf('GET', `${pathOf(intent)}?client_secret=wrong`)).toBe('payment_intent_invalid_parameter');
    expect(await codeOf('POST', `${pathOf(intent)}/confirm`, `${secret}&off_session=true`)).toBe('parameter_unknown');
  });
});

describe('parameters', () => {
  it.each([
    ['an unknown one', 'amount=2000&currency=usd&foo=1', 'parameter_unknown', 'foo'],
    [
      'an unknown nested one',
      'amount=2000&currency=usd&automatic_payment_methods[enabled]=true&automatic_payment_methods[x]=1',
      'parameter_unknown',
      'automatic_payment_methods[x]',
    ],
    ['a missing one', 'amount=2000', 'parameter_missing', 'currency'],
    ['a missing nested one', 'amount=2000&currency=usd&shipping[name]=x', 'parameter_missing', 'shipping[address]'],
    ['a fraction', 'amount=20.5&currency=usd', 'parameter_invalid_integer', 'amount'],
    ['an array for a number', 'amount=1&amount=2&currency=usd', 'parameter_invalid_integer', 'amount'],
    ['a negative amount', 'amount=-1&currency=usd', 'parameter_invalid_integer', 'amount'],
    [
      'an empty value that cannot be unset',
      'amount=2000&currency=usd&customer=',
      'parameter_invalid_empty',
      'customer',
    ],
    ['an amount below the minimum', 'amount=49&currency=usd', 'amount_too_small', 'amount'],
    ['an amount below the minimum of its currency', 'amount=49&currency=jpy', 'amount_too_small', 'amount'],
    ['an amount above the maximum', 'amount=100000000&currency=usd', 'amount_too_large', 'amount'],
    ['an unknown currency', 'amount=2000&currency=zzz', undefined, 'currency'],
    ['a third decimal digit', 'amount=5123&currency=kwd', undefined, 'amount'],
    ['an unknown customer', 'amount=2000&currency=usd&customer=cus_no', 'resource_missing', 'customer'],
    [
      'method types, which the version no longer takes',
      'amount=2000&currency=usd&payment_method_types[]=card',
      'payment_method_types_no_longer_supported',
      'payment_method_types',
    ],
    [
      'what the emulator has not got',
      'amount=2000&currency=usd&transfer_data[x]=1',
      'emulator_unsupported',
      'transfer_data',
    ],
  ])('refuses %s', async (_what, form, code, param) => {
    expect(await refusal(form)).toEqual([400, code, param]);
  });

  it('refuses request options that slipped into the parameters', async () => {
    const { id } = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' });
    const old = failureOf(stripe.paymentIntents.capture(id, { idempotencyKey: 'k' } as object));
    expect((await old).code).toBe('parameter_unknown');
  });

  it('limits metadata', async () => {
    const keys = Array.from({ length: 51 }, (_, n) => `metadata[k${n}]=1`).join('&');
    expect((await refusal(`amount=2000&currency=usd&${keys}`))[0]).toBe(400);
    expect((await refusal(`amount=2000&currency=usd&metadata[${'k'.repeat(41)}]=1`))[0]).toBe(400);
    expect((await refusal(`amount=2000&currency=usd&metadata[k]=${'v'.repeat(501)}`))[0]).toBe(400);
  });

  it('asks for a return address when a server confirms and methods may redirect', async () => {
    const { id } = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' });
    const without = await failureOf(stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' }));
    expect(without.param).toBe('return_url');
    const never = { enabled: true, allow_redirects: 'never' } as const;
    const strict = await stripe.paymentIntents.create({
      amount: 2000,
      currency: 'usd',
      automatic_payment_methods: never,
    });
    expect((await stripe.paymentIntents.confirm(strict.id, { payment_method: 'pm_card_visa' })).status).toBe(
      'succeeded',
    );
  });

  it('expands four levels and no more', async () => {
    const paid = await stripe.paymentIntents.create({
      amount: 2000,
      currency: 'usd',
      capture_method: 'automatic',
      confirm: true,
      payment_method: 'pm_card_visa',
      return_url: BACK,
      expand: ['latest_charge.balance_transaction'],
    });
    expect(paid.latest_charge).toMatchObject({ balance_transaction: { object: 'balance_transaction', amount: 2000 } });
    const listed = await stripe.paymentIntents.list({ expand: ['data.latest_charge'] });
    expect(listed.data[0]?.latest_charge).toMatchObject({ object: 'charge' });
    const wrong = await failureOf(stripe.paymentIntents.retrieve(paid.id, { expand: ['charges'] }));
    expect(wrong.message).toContain('cannot be expanded');
    const deep = 'latest_charge.payment_intent.latest_charge.payment_intent.latest_charge';
    expect((await failureOf(stripe.paymentIntents.retrieve(paid.id, { expand: [deep] }))).message).toContain(
      '4 levels',
    );
    expect((await stripe.paymentIntents.retrieve(paid.id)).latest_charge).toMatch(/^ch_/);
  });
});

describe('answers', () => {
  it('carry the headers of Stripe', async () => {
    const intent = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' }, { idempotencyKey: 'k1' });
    expect(intent.lastResponse).toMatchObject({
      requestId: expect.stringMatching(/^req_/),
      idempotencyKey: 'k1',
      apiVersion: Stripe.API_VERSION,
      statusCode: 200,
    });
  });

  it('put every error in the envelope, also for what does not exist', async () => {
    for (const [method, path] of [
      ['GET', '/v1/nothing'],
      ['PUT', '/v1/payment_intents'],
      ['GET', '/v2/core/accounts'],
      ['GET', '/v1/payment_intents/search?query=x'],
      ['POST', '/v1/payment_intents//capture'],
    ] as const) {
      const { status, body } = await call(method, path);
      expect([status, body.error?.['type']]).toEqual([404, 'invalid_request_error']);
      expect(body.error?.['message']).toContain('Unrecognized request URL');
    }
    expect(() => emulator.noUnknownRoutes()).toThrow('GET /v1/nothing');
    const missing = await failureOf(stripe.paymentIntents.retrieve('pi_no'));
    expect([missing.statusCode, missing.code, missing.param]).toEqual([404, 'resource_missing', 'id']);
  });

  it('refuse a body above the limit', async () => {
    expect((await call('POST', '/v1/customers', `name=${'x'.repeat(1_100_000)}`)).status).toBe(413);
  });
});

describe('idempotency keys', () => {
  const create = (key: string, amount = 2000): Promise<Stripe.Response<Stripe.PaymentIntent>> =>
    stripe.paymentIntents.create({ amount, currency: 'usd' }, { idempotencyKey: key });

  it('replay the answer to the same request', async () => {
    const first = await create('k1');
    const again = await create('k1');
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.lastResponse.requestId,
    });
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
    expect(() => emulator.noKeyReuse()).not.toThrow();
  });

  it('replay a decline too, so that a new attempt needs a new key', async () => {
    const { id } = await create('k1');
    const attempt = (method: string, key: string): Promise<unknown> =>
      stripe.paymentIntents.confirm(id, { payment_method: method, return_url: BACK }, { idempotencyKey: key });
    await failureOf(attempt('pm_card_chargeDeclined', 'a1'));
    expect(await failureOf(attempt('pm_card_chargeDeclined', 'a1'))).toMatchObject({ statusCode: 402 });
    expect((await stripe.charges.list()).data).toHaveLength(1);
    expect(await attempt('pm_card_visa', 'a2')).toMatchObject({ status: 'succeeded' });
  });

  it('refuse other parameters and another endpoint', async () => {
    const { id } = await create('k1');
    const other = await failureOf(create('k1', 2001));
    expect(other).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect(other.statusCode).toBe(400);
    const elsewhere = await failureOf(stripe.paymentIntents.cancel(id, undefined, { idempotencyKey: 'k1' }));
    expect(elsewhere.message).toContain('same endpoint');
    expect(() => emulator.noKeyReuse()).toThrow('k1');
  });

  it('answer 409 while the first request runs, and the SDK gets the result by trying again', async () => {
    emulator.setChaos({ api: [{ kind: 'slow', delayMs: 1200, count: 1 }] });
    const first = create('k1');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const during = await failureOf(create('k1'));
    expect(during).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    const patient = clientOf(emulator, { maxNetworkRetries: 3 });
    const params = { amount: 2000, currency: 'usd' };
    const second = await patient.paymentIntents.create(params, { idempotencyKey: 'k1' });
    expect(second.id).toBe((await first).id);
  });

  it('stay free when the request failed validation', async () => {
    await failureOf(create('k1', 1));
    expect((await create('k1')).status).toBe('requires_payment_method');
  });

  it('are forgotten after a day', async () => {
    let now = Date.now();
    const young = await createEmulator({ clock: { now: () => now } });
    const client = clientOf(young);
    const make = (): Promise<Stripe.PaymentIntent> =>
      client.paymentIntents.create({ amount: 2000, currency: 'usd' }, { idempotencyKey: 'k1' });
    const first = await make();
    now += 23 * 3600_000;
    expect((await make()).id).toBe(first.id);
    now += 2 * 3600_000;
    expect((await make()).id).not.toBe(first.id);
    await young.close();
  });

  it('are missed where the application left them to the SDK', async () => {
    await create('k1');
    expect(() => emulator.everyPostHadExplicitKey()).not.toThrow();
    await stripe.customers.create();
    expect(() => emulator.everyPostHadExplicitKey()).toThrow('POST /v1/customers');
  });
});

it('serves 200 confirms at once', async () => {
  const intents = await Promise.all(
    Array.from({ length: 200 }, () => stripe.paymentIntents.create({ amount: 2000, currency: 'usd' })),
  );
  const paid = await Promise.all(
    intents.map(({ id }) => stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa', return_url: BACK })),
  );
  expect(new Set(paid.map(({ status }) => status))).toEqual(new Set(['succeeded']));
  expect(new Set(paid.map(({ latest_charge: charge }) => charge)).size).toBe(200);
});
