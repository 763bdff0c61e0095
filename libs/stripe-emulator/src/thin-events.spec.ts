import Stripe from 'stripe';
import type { Emulator } from './index.js';
import { clientOf, createEmulator, failureOf, Receiver } from './testing.js';

let emulator: Emulator;
let thin: Receiver;
let old: Receiver;
let stripe: Stripe;

beforeAll(async () => {
  thin = await Receiver.start();
  old = await Receiver.start();
  emulator = await createEmulator({
    settleDelayMs: 60_000,
    webhooks: [
      { url: thin.url, secret: 'whsec_thin', payload: 'thin', enabledEvents: ['v1.payment_intent.*', 'v1.charge.*'] },
      { url: old.url, secret: 'whsec_old', apiVersion: '2024-06-20', enabledEvents: ['payment_intent.succeeded'] },
    ],
  });
  stripe = clientOf(emulator);
});
afterAll(async () => {
  await emulator.close();
  await thin.close();
  await old.close();
});
beforeEach(async () => {
  await emulator.idle();
  emulator.reset();
  thin.clear();
  old.clear();
});

const pay = async (): Promise<Stripe.PaymentIntent> => {
  const intent = await stripe.paymentIntents.create(
    { amount: 2000, currency: 'usd', confirm: true, payment_method: 'pm_card_visa', return_url: 'https://shop.test' },
    { idempotencyKey: 'k1' },
  );
  await emulator.idle();
  return intent;
};

it('only names what changed; the SDK fetches it', async () => {
  const intent = await pay();
  expect(thin.types().toSorted()).toEqual([
    'v1.charge.succeeded',
    'v1.payment_intent.created',
    'v1.payment_intent.succeeded',
  ]);
  const { body, headers } = thin.ofType('v1.payment_intent.succeeded')[0]!;
  const signature = headers['stripe-signature']!;
  const notification = stripe.parseEventNotification(body, signature, 'whsec_thin');
  expect(notification).toMatchObject({
    object: 'v2.core.event',
    livemode: false,
    reason: { type: 'request', request: { idempotency_key: 'k1' } },
    related_object: { id: intent.id, type: 'payment_intent', url: `/v1/payment_intents/${intent.id}` },
  });
  expect(new Date(notification.created).getTime() / 1000).toBeCloseTo(intent.created, -1);
  if (notification.type !== 'v1.payment_intent.succeeded') throw new Error(notification.type);
  expect(await notification.fetchRelatedObject()).toMatchObject({ id: intent.id, status: 'succeeded' });
  expect((await notification.fetchEvent()).id).toBe(notification.id);
  expect((await stripe.events.retrieve(notification.snapshot_event!)).type).toBe('payment_intent.succeeded');
  expect(() => Stripe.webhooks.constructEvent(body, signature, 'whsec_thin')).toThrow('thin event notification');
  expect(() => stripe.parseEventNotification(body, signature, 'whsec_old')).toThrow();
  emulator.noUnknownRoutes();
});

it('every kind of object can be fetched', async () => {
  const { id: customer } = await stripe.customers.create();
  const paid = await stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    confirm: true,
    customer,
    payment_method: 'pm_card_createReview',
    setup_future_usage: 'off_session',
    return_url: 'https://shop.test',
  });
  await stripe.refunds.create({ payment_intent: paid.id, amount: 500 });
  emulator.warnOfFraud(paid.id);
  emulator.openDispute(paid.id);
  await stripe.setupIntents.create({ customer });
  const kinds = new Set<string>();
  for await (const event of stripe.v2.core.events.list({ limit: 3 })) {
    if (!('fetchRelatedObject' in event)) throw new Error(`${event.type} has no object`);
    const related = event as unknown as {
      related_object: { id: string };
      fetchRelatedObject(): Promise<{ id: string; object: string }>;
    };
    const found = await related.fetchRelatedObject();
    expect(found.id).toBe(related.related_object.id);
    kinds.add(found.object);
  }
  expect([...kinds].toSorted()).toEqual([
    'charge',
    'customer',
    'dispute',
    'payment_intent',
    'payment_method',
    'radar.early_fraud_warning',
    'refund',
    'review',
    'setup_intent',
  ]);
  const { data } = await stripe.v2.core.events.list({ object_id: paid.id, types: ['v1.payment_intent.succeeded'] });
  expect(data).toHaveLength(1);
  expect((await failureOf(stripe.v2.core.events.retrieve('evt_thin_none'))).statusCode).toBe(404);
});

it('snapshots name the API version of their endpoint', async () => {
  await pay();
  expect(old.types()).toEqual(['payment_intent.succeeded']);
  expect(old.received[0]!.event).toMatchObject({ api_version: '2024-06-20' });
});

it('is set up by HTTP', async () => {
  const receiver = await Receiver.start();
  const response = await fetch(`${emulator.url}/_emulator/webhook_endpoints`, {
    method: 'POST',
    body: JSON.stringify({
      url: receiver.url,
      secret: 'whsec_x',
      payload: 'thin',
      enabled_events: ['payment_intent.succeeded'],
    }),
  });
  const { id } = (await response.json()) as { id: string };
  await pay();
  expect(receiver.types()).toEqual(['v1.payment_intent.succeeded']);
  emulator.removeWebhookEndpoint(id);
  await receiver.close();
});
