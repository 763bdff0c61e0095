import type Stripe from 'stripe';
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

const pay = (params: Partial<Stripe.PaymentIntentCreateParams>): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({ amount: 2000, currency: 'usd', confirm: true, return_url: BACK, ...params });

describe('customers', () => {
  it('live, change and die', async () => {
    const made = await stripe.customers.create({
      email: 'ada@shop.test',
      name: 'Ada',
      address: { line1: 'Street 1', city: 'Graz', country: 'AT', postal_code: '8010' },
    });
    expect(made).toMatchObject({ object: 'customer', email: 'ada@shop.test', address: { city: 'Graz', line2: null } });
    await stripe.customers.update(made.id, { name: '', phone: '1' } as Stripe.CustomerUpdateParams);
    expect(await stripe.customers.retrieve(made.id)).toMatchObject({ name: null, phone: '1' });
    const [updated] = (await stripe.events.list({ type: 'customer.updated' })).data;
    expect(updated?.data.previous_attributes).toEqual({ name: 'Ada', phone: null });
    expect((await stripe.customers.list({ email: 'ada@shop.test' })).data).toHaveLength(1);
    expect(await stripe.customers.del(made.id)).toMatchObject({ deleted: true });
    expect(await stripe.customers.retrieve(made.id)).toEqual(expect.objectContaining({ deleted: true }));
    expect((await failureOf(stripe.customers.update(made.id, { name: 'x' }))).code).toBe('resource_missing');
    expect((await failureOf(pay({ customer: made.id, payment_method: 'pm_card_visa' }))).code).toBe('resource_missing');
  });

  it('keep the cards they agreed to keep', async () => {
    const { id: customer } = await stripe.customers.create();
    await pay({ customer, payment_method: 'pm_card_visa' });
    expect((await stripe.customers.listPaymentMethods(customer)).data).toEqual([]);
    await pay({ customer, payment_method: 'pm_card_visa', setup_future_usage: 'on_session' });
    const [saved] = (await stripe.customers.listPaymentMethods(customer)).data;
    expect(saved).toMatchObject({ customer, card: { last4: '4242' } });
    const again = await pay({ customer, payment_method: saved?.id });
    expect(again).toMatchObject({ status: 'succeeded', payment_method: saved?.id });
  });

  it('cannot pay with the card of somebody else', async () => {
    const ada = await stripe.customers.create();
    const bob = await stripe.customers.create();
    const card = await stripe.paymentMethods.attach('pm_card_visa', { customer: ada.id });
    const stolen = await failureOf(pay({ customer: bob.id, payment_method: card.id }));
    expect(stolen.message).toContain('does not belong to the Customer');
    expect((await failureOf(pay({ payment_method: card.id }))).message).toContain('Please include the Customer');
    const moved = await failureOf(stripe.paymentMethods.attach(card.id, { customer: bob.id }));
    expect(moved.code).toBe('payment_method_unexpected_state');
  });
});

describe('payment methods', () => {
  it('are made from test tokens, attached, listed and detached for good', async () => {
    const { id: customer } = await stripe.customers.create();
    const made = await stripe.paymentMethods.create({
      type: 'card',
      card: { token: 'tok_mastercard' },
      billing_details: { name: 'Ada' },
    });
    expect(made).toMatchObject({ card: { brand: 'mastercard', last4: '4444' }, billing_details: { name: 'Ada' } });
    await stripe.paymentMethods.attach(made.id, { customer });
    expect((await stripe.paymentMethods.list({ customer, type: 'card' })).data.map(({ id }) => id)).toEqual([made.id]);
    expect((await stripe.paymentMethods.detach(made.id)).customer).toBeNull();
    expect((await failureOf(stripe.paymentMethods.detach(made.id))).code).toBe('payment_method_unexpected_state');
    expect((await failureOf(stripe.paymentMethods.attach(made.id, { customer }))).message).toContain(
      'may not be used again',
    );
    expect((await stripe.paymentMethods.retrieve(made.id)).id).toBe(made.id);
  });

  it('are never made from card numbers by a server', async () => {
    const raw = stripe.paymentMethods.create({ type: 'card', card: { number: '4242424242424242' } });
    expect((await failureOf(raw)).message).toContain('unsafe');
  });
});

describe('confirmation tokens', () => {
  it('confirm one intent', async () => {
    const token = await stripe.testHelpers.confirmationTokens.create({
      payment_method: 'pm_card_visa',
      return_url: BACK,
      shipping: { name: 'Ada', address: { line1: 'Street 1' } },
    });
    expect(token.payment_method_preview?.card?.last4).toBe('4242');
    const params = { amount: 2000, currency: 'usd' };
    const intent = await stripe.paymentIntents.create(params);
    const paid = await stripe.paymentIntents.confirm(intent.id, { confirmation_token: token.id });
    expect(paid).toMatchObject({ status: 'succeeded', shipping: { name: 'Ada' } });
    expect((await stripe.confirmationTokens.retrieve(token.id)).payment_intent).toBe(intent.id);
    const other = await stripe.paymentIntents.create(params);
    const again = failureOf(stripe.paymentIntents.confirm(other.id, { confirmation_token: token.id }));
    expect((await again).message).toContain('already used');
  });

  it('carry what the card will do', async () => {
    const made = await stripe.testHelpers.confirmationTokens.create({
      payment_method: 'pm_card_chargeDeclined',
      return_url: BACK,
    });
    const intent = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' });
    const declined = failureOf(stripe.paymentIntents.confirm(intent.id, { confirmation_token: made.id }));
    expect((await declined).code).toBe('card_declined');
  });
});

describe('events', () => {
  it('tell who asked and what changed', async () => {
    const intent = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' }, { idempotencyKey: 'k1' });
    const [event] = (await stripe.events.list({ types: ['payment_intent.created', 'charge.failed'] })).data;
    expect(event).toMatchObject({
      type: 'payment_intent.created',
      request: { id: intent.lastResponse.requestId, idempotency_key: 'k1' },
      data: { object: { id: intent.id } },
    });
    expect((await stripe.events.retrieve(event!.id)).id).toBe(event!.id);
    expect((await stripe.events.list({ type: 'charge.*' })).data).toEqual([]);
  });

  it('keep the object as it was then', async () => {
    const { id } = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' });
    await stripe.paymentIntents.cancel(id);
    const [created] = (await stripe.events.list({ type: 'payment_intent.created' })).data;
    expect(created?.data.object).toMatchObject({ status: 'requires_payment_method' });
  });
});

describe('webhook endpoints', () => {
  it('show their secret once and go no further than this machine', async () => {
    const made = await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/hook', enabled_events: ['*'] });
    expect(made.secret).toMatch(/^whsec_/);
    expect(await stripe.webhookEndpoints.retrieve(made.id)).not.toHaveProperty('secret');
    const updated = await stripe.webhookEndpoints.update(made.id, { disabled: true });
    expect(updated.status).toBe('disabled');
    expect((await stripe.webhookEndpoints.list()).data).toHaveLength(1);
    expect(await stripe.webhookEndpoints.del(made.id)).toMatchObject({ deleted: true });
    const far = { url: 'https://example.com/hook', enabled_events: ['*' as const] };
    expect((await failureOf(stripe.webhookEndpoints.create(far))).code).toBe('url_invalid');
  });
});
