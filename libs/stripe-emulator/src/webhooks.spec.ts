import Stripe from 'stripe';
import type { Emulator } from './index.js';
import { clientOf, createEmulator, Receiver } from './testing.js';

const SECRET = 'whsec_first';
const BACK = 'https://shop.test/back';
const RETRIES = [20, 40, 60];
let emulator: Emulator;
let receiver: Receiver;
let stripe: Stripe;

beforeAll(async () => {
  receiver = await Receiver.start();
  emulator = await createEmulator({
    settleDelayMs: 60_000,
    retryScheduleMs: RETRIES,
    deliveryTimeoutMs: 500,
    webhooks: [{ url: receiver.url, secret: SECRET }],
  });
  stripe = clientOf(emulator);
});
afterAll(async () => {
  await emulator.close();
  await receiver.close();
});
beforeEach(() => {
  emulator.reset();
  receiver.clear();
});

const create = (): Promise<Stripe.PaymentIntent> => stripe.paymentIntents.create({ amount: 2000, currency: 'usd' });
const pay = (): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: BACK,
  });

describe('a delivery', () => {
  it('is signed so that the SDK believes it, and looks like one of Stripe', async () => {
    const intent = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' }, { idempotencyKey: 'k1' });
    await emulator.idle();
    const [got] = receiver.received;
    const event = Stripe.webhooks.constructEvent(got!.body, got!.headers['stripe-signature']!, SECRET);
    expect(event).toMatchObject({
      object: 'event',
      type: 'payment_intent.created',
      api_version: Stripe.API_VERSION,
      livemode: false,
      pending_webhooks: 1,
      request: { id: intent.lastResponse.requestId, idempotency_key: 'k1' },
      data: { object: { id: intent.id, object: 'payment_intent', amount: 2000 } },
    });
    expect(got!.body).toContain('\n  "id": "evt_');
    expect(got!.headers['user-agent']).toContain('Stripe/1.0');
    expect(got!.headers['stripe-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64},v0=[0-9a-f]{64}$/);
    expect(() => Stripe.webhooks.constructEvent(`${got!.body} `, got!.headers['stripe-signature']!, SECRET)).toThrow();
    expect((await stripe.events.retrieve(event.id)).pending_webhooks).toBe(0);
  });

  it('is tried again until it is taken, signed anew each time', async () => {
    receiver.respond = (_received, index) => (index < 2 ? 500 : 200);
    await create();
    await emulator.idle();
    expect(receiver.received).toHaveLength(3);
    expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1);
    const [delivery] = emulator.deliveries();
    expect(delivery).toMatchObject({
      status: 'succeeded',
      attempts: [{ status: 500 }, { status: 500 }, { status: 200 }],
    });
    const [first, second] = receiver.received;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(RETRIES[0]! - 2);
    for (const { body, headers } of receiver.received) {
      expect(() => Stripe.webhooks.constructEvent(body, headers['stripe-signature']!, SECRET)).not.toThrow();
    }
  });

  it('fails after the last try; then the list of undelivered events has it, and it can be sent again', async () => {
    receiver.respond = () => 500;
    const { id } = await create();
    await emulator.idle();
    expect(emulator.deliveries()).toMatchObject([{ status: 'failed', nextAttemptAt: null }]);
    expect(receiver.received).toHaveLength(RETRIES.length + 1);
    const { data: missed } = await stripe.events.list({ delivery_success: false });
    expect(missed.map(({ data }) => (data.object as { id: string }).id)).toEqual([id]);
    receiver.clear();
    expect(emulator.resend(missed[0]!.id)).toBe(1);
    await emulator.idle();
    expect(receiver.types()).toEqual(['payment_intent.created']);
  });

  it('does not follow redirects', async () => {
    receiver.respond = (_received, index) => (index === 0 ? 302 : 200);
    await create();
    await emulator.idle();
    expect(emulator.deliveries()[0]?.attempts.map(({ status }) => status)).toEqual([302, 200]);
  });

  it('gives up an endpoint that does not answer in time', async () => {
    receiver.respond = async (_received, index) => {
      if (index === 0) await new Promise((resolve) => setTimeout(resolve, 900));
      return 200;
    };
    await create();
    await emulator.idle();
    expect(emulator.deliveries()[0]?.attempts).toMatchObject([{ status: null, error: 'timed out' }, { status: 200 }]);
  });
});

it('serves several endpoints, each with its secret and its events', async () => {
  const other = await Receiver.start();
  const id = emulator.addWebhookEndpoint({
    url: other.url,
    secret: 'whsec_other',
    enabledEvents: ['payment_intent.succeeded'],
  });
  await pay();
  await emulator.idle();
  expect(other.types()).toEqual(['payment_intent.succeeded']);
  const [got] = other.received;
  expect(() => Stripe.webhooks.constructEvent(got!.body, got!.headers['stripe-signature']!, SECRET)).toThrow();
  expect(() =>
    Stripe.webhooks.constructEvent(got!.body, got!.headers['stripe-signature']!, 'whsec_other'),
  ).not.toThrow();
  expect(receiver.types().toSorted()).toEqual([
    'charge.succeeded',
    'payment_intent.created',
    'payment_intent.succeeded',
  ]);
  emulator.removeWebhookEndpoint(id);
  await other.close();
});

it('signs with the old secret too while it is being rolled', async () => {
  emulator.addWebhookEndpoint({ url: receiver.url, secret: 'whsec_new', previousSecret: SECRET });
  await create();
  await emulator.idle();
  const [{ body, headers }] = receiver.received as [(typeof receiver.received)[0]];
  for (const secret of ['whsec_new', SECRET]) {
    expect(Stripe.webhooks.constructEvent(body, headers['stripe-signature']!, secret).object).toBe('event');
  }
  emulator.addWebhookEndpoint({ url: receiver.url, secret: SECRET });
  receiver.clear();
  await create();
  await emulator.idle();
  expect(String(receiver.received[0]!.headers['stripe-signature']).match(/v1=/g)).toHaveLength(1);
});

describe('disturbed', () => {
  it.each([
    { kind: 'duplicate', isConcurrent: true } as const,
    { kind: 'duplicate', delayMs: 5 } as const,
    { kind: 'concurrentDuplicates' } as const,
  ])('duplicates by %p', async (rule) => {
    emulator.setChaos({ webhooks: [{ ...rule, types: ['payment_intent.succeeded'], times: 5 }] });
    await pay();
    await emulator.idle();
    const copies = receiver.ofType('payment_intent.succeeded');
    expect(copies).toHaveLength(5);
    expect(new Set(copies.map(({ event }) => event.id)).size).toBe(1);
    expect(receiver.ofType('charge.succeeded')).toHaveLength(1);
  });

  it('drops', async () => {
    emulator.setChaos({ webhooks: [{ kind: 'drop' }] });
    await pay();
    await emulator.idle();
    expect(receiver.received).toEqual([]);
    expect((await stripe.events.list({ delivery_success: false })).data).toHaveLength(3);
  });

  it('delays', async () => {
    emulator.setChaos({ webhooks: [{ kind: 'delay', delayMs: 150, count: 1 }] });
    const startedAt = Date.now();
    await create();
    await emulator.idle();
    expect(receiver.received[0]!.at - startedAt).toBeGreaterThanOrEqual(145);
  });

  it('turns the order round', async () => {
    emulator.setChaos({ webhooks: [{ kind: 'reorder', delayMs: 100 }] });
    const { id } = await create();
    await stripe.paymentIntents.cancel(id);
    await emulator.idle();
    expect(receiver.types()).toEqual(['payment_intent.canceled', 'payment_intent.created']);
  });

  it('holds until it is released', async () => {
    emulator.setChaos({ webhooks: [{ kind: 'hold', types: ['payment_intent.*'] }] });
    await pay();
    await emulator.idle();
    expect(receiver.types()).toEqual(['charge.succeeded']);
    expect(emulator.release(['payment_intent.succeeded'])).toBe(1);
    await emulator.idle();
    expect(receiver.types()).toEqual(['charge.succeeded', 'payment_intent.succeeded']);
    expect(emulator.deliveries({ status: 'held' })).toHaveLength(1);
  });

  it('delivers before the call is answered', async () => {
    let isAnswered = false;
    const seen: boolean[] = [];
    receiver.respond = () => {
      seen.push(isAnswered);
      return 200;
    };
    emulator.setChaos({ webhooks: [{ kind: 'deliverBeforeResponse' }] });
    await create();
    isAnswered = true;
    await emulator.idle();
    expect(seen).toEqual([false]);
  });

  it.each(['badSignature', 'staleTimestamp'] as const)('sends a %s once, then a good one', async (kind) => {
    const { webhooks } = Stripe;
    receiver.respond = ({ body, headers }) => {
      try {
        webhooks.constructEvent(body, headers['stripe-signature']!, SECRET);
        return 200;
      } catch {
        return 400;
      }
    };
    emulator.setChaos({ webhooks: [{ kind, count: 1 }] });
    await create();
    await emulator.idle();
    expect(emulator.deliveries()[0]?.attempts.map(({ status }) => status)).toEqual([400, 200]);
  });

  it('grows beyond what receivers may be set up for', async () => {
    emulator.setChaos({ webhooks: [{ kind: 'inflate', bytes: 200_000, count: 1 }] });
    await create();
    await emulator.idle();
    const [{ body, headers }] = receiver.received as [(typeof receiver.received)[0]];
    expect(body.length).toBeGreaterThan(200_000);
    expect(Stripe.webhooks.constructEvent(body, headers['stripe-signature']!, SECRET).type).toBe(
      'payment_intent.created',
    );
  });

  it('renders an old API version', async () => {
    emulator.setChaos({ webhooks: [{ kind: 'oldApiVersion', count: 1 }] });
    await create();
    await emulator.idle();
    expect(receiver.received[0]!.event).toMatchObject({ api_version: '2020-08-27' });
  });
});

it('sends nothing that was on its way before a reset', async () => {
  receiver.respond = () => 500;
  await create();
  emulator.reset();
  receiver.clear();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(receiver.received).toEqual([]);
  expect(emulator.deliveries()).toEqual([]);
});
