import type Stripe from 'stripe';
import { Contract } from './schema/contract.js';
import { clientOf, createEmulator } from './testing.js';

let contract: Contract;
let intent: Stripe.PaymentIntent;

beforeAll(async () => {
  contract = await Contract.load();
  const emulator = await createEmulator();
  intent = await clientOf(emulator).paymentIntents.create({ amount: 2000, currency: 'usd' });
  await emulator.close();
});
beforeEach(() => contract.clear());

const answered = (body: object, status = 200, params: Record<string, unknown> = {}): string[] => {
  contract.observe({
    method: 'GET',
    pattern: '/v1/payment_intents/:id',
    params,
    isBrowser: false,
    status,
    body: JSON.parse(JSON.stringify(body)) as object,
  });
  return contract.violations();
};

describe('an answer', () => {
  it('is good as the SDK types it, alone and in a list', () => {
    expect(answered(intent)).toEqual([]);
    expect(answered({ object: 'list', data: [intent, intent], has_more: false, url: '/v1/payment_intents' })).toEqual(
      [],
    );
  });

  it.each<[string, object, string]>([
    ['lacks a field', { currency: undefined }, "must have required property 'currency'"],
    ['has one that Stripe does not have', { invoice: null }, 'must NOT have additional properties'],
    ['shows nothing where something has to be', { capture_method: null }, 'capture_method'],
    ['shows half a cent', { amount: 20.5 }, '/amount must be integer'],
    ['has a bad field deep inside', { amount_details: { tip: { amount: 'x' } } }, '/amount_details'],
    ['is of no kind that is known', { object: 'cake' }, 'no such object'],
  ])('that %s is found', (_name, change, complaint) => {
    expect(answered({ ...intent, ...change }).join()).toContain(complaint);
    expect(() => contract.assertKept()).toThrow(complaint);
  });

  it('that is an error is in the envelope', () => {
    expect(answered({ error: { type: 'card_error', message: 'no' } }, 402)).toEqual([]);
    expect(answered({ message: 'no' }, 404)).toHaveLength(1);
    expect(answered({ error: { type: 'card_error', message: 'no', hint: 'x' } }, 402)).toHaveLength(2);
  });
});

describe('a request', () => {
  it.each<[string, object]>([
    ['POST /v1/refunds', { payment_intent: 'pi_1', amount: '500', metadata: { a: '1' } }],
    ['POST /v1/payment_intents', { amount: '2000', currency: 'usd', automatic_payment_methods: { enabled: 'true' } }],
    ['POST /v1/payment_intents/:id/confirm', { off_session: 'recurring' }],
    ['POST /v1/payment_intents/:id/confirm', { off_session: 'true', receipt_email: '' }],
    ['GET /v1/events', { created: { gte: '1' }, types: ['charge.updated'], expand: ['data.x'] }],
    ['POST /v1/disputes/:id/close', {}],
  ])('%s may say %j', (call, params) => {
    expect(contract.request(call, params)).toBeUndefined();
  });

  it.each<[string, object]>([
    ['POST /v1/refunds', { payment_intent: 'pi_1', ammount: '500' }],
    ['POST /v1/refunds', { payment_intent: 'pi_1', amount: 'all' }],
    ['POST /v1/payment_intents', { currency: 'usd' }],
    ['POST /v1/payment_intents', { amount: '2000', currency: 'usd', payment_method_types: ['card'] }],
    ['POST /v1/payment_intents', { amount: '2000', currency: 'usd', automatic_payment_methods: { on: 'true' } }],
    ['POST /v1/payment_intents/:id/cancel', { cancelation_reason: 'abandoned' }],
    ['POST /v1/disputes/:id/close', { idempotencyKey: 'k1' }],
  ])('%s may not say %j', (call, params) => {
    expect(contract.request(call, params)).toEqual(expect.any(String));
  });
});
