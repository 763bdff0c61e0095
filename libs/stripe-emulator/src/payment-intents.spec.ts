import Stripe from 'stripe';
import { API_VERSION, createEmulator, type Emulator } from './index.js';

let emulator: Emulator;
let stripe: Stripe;

beforeAll(async () => {
  emulator = await createEmulator({ settleDelayMs: 30 });
  stripe = new Stripe('sk_test_anything', {
    host: '127.0.0.1',
    port: emulator.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.reset());

const create = (params: Partial<Stripe.PaymentIntentCreateParams> = {}): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({ amount: 2000, currency: 'usd', ...params });
const confirm = (id: string, method: string): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.confirm(id, { payment_method: method, return_url: 'https://shop.test/back' });
/** The error of a call that must fail. */
async function failureOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    return error as Stripe.errors.StripeError;
  }
  throw new Error('The call succeeded');
}

it('shapes objects as the version that the SDK is pinned to', () => {
  expect(API_VERSION).toBe(Stripe.API_VERSION);
});

describe('a payment', () => {
  it('succeeds with a good card', async () => {
    const intent = await create({ metadata: { order_id: 'o1' } });
    expect(intent).toMatchObject({ status: 'requires_payment_method', latest_charge: null, amount_received: 0 });
    const paid = await stripe.paymentIntents.confirm(intent.id, {
      payment_method: 'pm_card_visa',
      return_url: 'https://shop.test/back',
      expand: ['latest_charge', 'payment_method'],
    });
    expect(paid).toMatchObject({
      status: 'succeeded',
      amount_received: 2000,
      latest_charge: { object: 'charge', status: 'succeeded', amount_captured: 2000, metadata: { order_id: 'o1' } },
      payment_method: { object: 'payment_method', card: { last4: '4242', brand: 'visa' } },
    });
    expect((await stripe.paymentIntents.retrieve(intent.id)).latest_charge).toMatch(/^ch_/);
  });

  it('succeeds after a decline, with both attempts on record', async () => {
    const intent = await create();
    const declined = await failureOf(confirm(intent.id, 'pm_card_visa_chargeDeclinedInsufficientFunds'));
    expect(declined).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(declined).toMatchObject({ statusCode: 402, code: 'card_declined', decline_code: 'insufficient_funds' });
    expect(declined.payment_intent).toMatchObject({ status: 'requires_payment_method', payment_method: null });
    const open = await stripe.paymentIntents.retrieve(intent.id);
    expect(open.last_payment_error).toMatchObject({ code: 'card_declined', decline_code: 'insufficient_funds' });
    const paid = await confirm(intent.id, 'pm_card_mastercard');
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
    const charges = await stripe.charges.list({ payment_intent: intent.id });
    expect(charges.data.map((charge) => charge.status)).toEqual(['succeeded', 'failed']);
  });
});
