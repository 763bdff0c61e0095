import Stripe from 'stripe';
import type { Emulator } from './index.js';
import { clientOf, createEmulator, failureOf } from './testing.js';

const BACK = 'https://shop.test/cards';
let emulator: Emulator;
let stripe: Stripe;
let customer: string;

beforeAll(async () => {
  emulator = await createEmulator({ settleDelayMs: 60_000 });
  stripe = clientOf(emulator);
});
afterAll(() => emulator.close());
beforeEach(async () => {
  emulator.reset();
  customer = (await stripe.customers.create()).id;
});

const keep = (method: string, params: Partial<Stripe.SetupIntentCreateParams> = {}): Promise<Stripe.SetupIntent> =>
  stripe.setupIntents.create({ customer, confirm: true, payment_method: method, return_url: BACK, ...params });
const charge = (
  method: string,
  params: Partial<Stripe.PaymentIntentCreateParams> = {},
): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    customer,
    confirm: true,
    payment_method: method,
    return_url: BACK,
    ...params,
  });
const kept = async (): Promise<string[]> =>
  (await stripe.customers.listPaymentMethods(customer)).data.map(({ id }) => id);
const types = async (): Promise<string[]> => (await stripe.events.list()).data.map(({ type }) => type);

it('keeps a card without a payment, which is charged later', async () => {
  const intent = await stripe.setupIntents.create({ customer, metadata: { a: 'b' } });
  expect(intent).toMatchObject({ status: 'requires_payment_method', usage: 'off_session', metadata: { a: 'b' } });
  const done = await stripe.setupIntents.confirm(intent.id, {
    payment_method: 'pm_card_visa',
    return_url: BACK,
    expand: ['payment_method'],
  });
  const method = done.payment_method as Stripe.PaymentMethod;
  expect(done).toMatchObject({ status: 'succeeded', payment_method: { customer, card: { last4: '4242' } } });
  expect(await kept()).toEqual([method.id]);
  expect((await types()).slice(0, 3)).toEqual([
    'setup_intent.succeeded',
    'payment_method.attached',
    'setup_intent.created',
  ]);
  expect((await charge(method.id, { off_session: true })).status).toBe('succeeded');
  const again = await failureOf(stripe.setupIntents.confirm(intent.id, { return_url: BACK }));
  expect(again.code).toBe('setup_intent_unexpected_state');
  expect((again.raw as { setup_intent: Stripe.SetupIntent }).setup_intent.id).toBe(intent.id);
});

it('does not keep a declined card, and can be tried again', async () => {
  const intent = await stripe.setupIntents.create({ customer });
  const refused = await failureOf(
    stripe.setupIntents.confirm(intent.id, { payment_method: 'pm_card_chargeDeclined', return_url: BACK }),
  );
  expect(refused).toBeInstanceOf(Stripe.errors.StripeCardError);
  expect(await stripe.setupIntents.retrieve(intent.id)).toMatchObject({
    status: 'requires_payment_method',
    last_setup_error: { code: 'card_declined', decline_code: 'generic_decline' },
  });
  expect(await kept()).toEqual([]);
  const attached = await failureOf(stripe.paymentMethods.attach('pm_card_chargeDeclined', { customer }));
  expect([attached.statusCode, attached.code]).toEqual([402, 'card_declined']);
  await stripe.setupIntents.confirm(intent.id, { payment_method: 'pm_card_visa', return_url: BACK });
  expect(await kept()).toHaveLength(1);
});

it('keeps a card that declines every charge', async () => {
  const { payment_method: method } = await keep('pm_card_chargeCustomerFail');
  expect((await failureOf(charge(method as string))).code).toBe('card_declined');
});

describe('3D Secure', () => {
  it('is asked for once when the bank is content with that', async () => {
    const intent = await keep('pm_card_authenticationRequiredOnSetup');
    expect(intent).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
    expect(await kept()).toEqual([]);
    expect(emulator.finishSetup3ds(intent.id, true).status).toBe('succeeded');
    const [method] = await kept();
    expect((await charge(method!, { off_session: true })).status).toBe('succeeded');
  });

  it('is asked for each time by other banks: nobody is there to answer', async () => {
    const { id } = await keep('pm_card_authenticationRequired');
    emulator.finishSetup3ds(id, true);
    const [method] = await kept();
    const failure = await failureOf(charge(method!, { off_session: true }));
    expect([failure.statusCode, failure.code]).toEqual([402, 'authentication_required']);
    expect((failure.raw as { payment_intent: Stripe.PaymentIntent }).payment_intent.status).toBe(
      'requires_payment_method',
    );
  });

  it('fails', async () => {
    const { id } = await keep('pm_card_authenticationRequired');
    expect(emulator.finishSetup3ds(id, false)).toMatchObject({
      status: 'requires_payment_method',
      last_setup_error: { code: 'setup_intent_authentication_failure' },
    });
    expect(() => emulator.finishSetup3ds(id, true)).toThrow('no authentication is under way');
    expect(await types()).toContain('setup_intent.setup_failed');
  });

  it('is answered on a page that leads back to the shop', async () => {
    const intent = await keep('pm_card_authenticationRequired');
    const { url } = intent.next_action!.redirect_to_url!;
    expect(await (await fetch(url!)).text()).toContain('is it you who leaves this card?');
    const answer = await fetch(url!, {
      method: 'POST',
      body: new URLSearchParams({ result: 'approve' }),
      redirect: 'manual',
    });
    const back = new URL(answer.headers.get('location')!);
    expect(`${back.origin}${back.pathname}`).toBe(BACK);
    expect(Object.fromEntries(back.searchParams)).toEqual({
      setup_intent: intent.id,
      setup_intent_client_secret: intent.client_secret,
      redirect_status: 'succeeded',
    });
  });
});

it('has a page to leave a card on', async () => {
  const { id, client_secret: secret } = await stripe.setupIntents.create({ customer });
  const url = emulator.payUrl(secret!, BACK);
  expect(await (await fetch(url)).text()).toContain('Keep a card for later');
  const press = async (card: string): Promise<string> =>
    (
      await fetch(url, { method: 'POST', body: new URLSearchParams({ payment_method: card, return_url: BACK }) })
    ).text();
  expect(await press('pm_card_chargeDeclined')).toContain('Your card was declined.');
  expect(await press('pm_card_authenticationRequired')).toContain('is it you who leaves this card?');
  expect(await press('pm_card_visa')).toContain('The card is kept.');
  expect((await stripe.setupIntents.retrieve(id)).status).toBe('succeeded');
  const other = await stripe.setupIntents.create({ customer });
  await stripe.setupIntents.cancel(other.id);
  expect(await (await fetch(emulator.payUrl(other.client_secret!))).text()).toContain('no card is kept');
});

it('is confirmed by a browser, which sees and may send only what concerns it', async () => {
  const intent = await stripe.setupIntents.create({ customer, metadata: { secret: 'x' } });
  const browser = new Stripe('pk_test_x', { ...addressOf(emulator), maxNetworkRetries: 0, telemetry: false });
  const secret = { client_secret: intent.client_secret! };
  const seen = await browser.setupIntents.retrieve(intent.id, secret);
  expect(seen).not.toHaveProperty('metadata');
  expect((await failureOf(browser.setupIntents.retrieve(intent.id, { client_secret: 'x' }))).code).toBe(
    'setup_intent_invalid_parameter',
  );
  const done = await browser.setupIntents.confirm(intent.id, { ...secret, payment_method: 'pm_card_visa' } as object);
  expect(done.status).toBe('succeeded');
  expect(done).not.toHaveProperty('customer');
});

it('is made with a confirmation token, each good for one intent', async () => {
  const token = await stripe.testHelpers.confirmationTokens.create({
    payment_method: 'pm_card_visa',
    return_url: BACK,
  });
  const intent = await stripe.setupIntents.create({ customer, confirm: true, confirmation_token: token.id });
  expect(intent.status).toBe('succeeded');
  expect((await stripe.confirmationTokens.retrieve(token.id)).setup_intent).toBe(intent.id);
  const again = stripe.setupIntents.create({ customer, confirm: true, confirmation_token: token.id });
  expect((await failureOf(again)).param).toBe('confirmation_token');
});

it('pays with a kept card through a confirmation token, only for its customer', async () => {
  const method = (await keep('pm_card_visa')).payment_method as string;
  const make = async (): Promise<string> =>
    (await stripe.testHelpers.confirmationTokens.create({ payment_method: method, return_url: BACK })).id;
  const params = { amount: 2000, currency: 'usd', confirm: true };
  const paid = await stripe.paymentIntents.create({ ...params, customer, confirmation_token: await make() });
  expect(paid).toMatchObject({ status: 'succeeded', payment_method: method });
  const { id: stranger } = await stripe.customers.create();
  const stolen = stripe.paymentIntents.create({ ...params, customer: stranger, confirmation_token: await make() });
  expect((await failureOf(stolen)).message).toContain('does not belong to the Customer');
});

it('is canceled, changed and listed', async () => {
  const first = await stripe.setupIntents.create({ usage: 'on_session' });
  await stripe.setupIntents.update(first.id, { customer, description: 'later', payment_method: 'pm_card_visa' });
  expect(await stripe.setupIntents.retrieve(first.id, { expand: ['customer'] })).toMatchObject({
    status: 'requires_confirmation',
    customer: { id: customer },
    description: 'later',
  });
  const canceled = await stripe.setupIntents.cancel(first.id, { cancellation_reason: 'abandoned' });
  expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' });
  expect((await failureOf(stripe.setupIntents.cancel(first.id))).code).toBe('setup_intent_unexpected_state');
  await stripe.setupIntents.create({});
  expect((await stripe.setupIntents.list({ customer })).data.map(({ id }) => id)).toEqual([first.id]);
});

it('needs a place to send the shopper to', async () => {
  const failure = await failureOf(stripe.setupIntents.create({ confirm: true, payment_method: 'pm_card_visa' }));
  expect(failure.param).toBe('return_url');
  const never = { enabled: true, allow_redirects: 'never' } as const;
  const params = { confirm: true, payment_method: 'pm_card_visa', automatic_payment_methods: never };
  expect((await stripe.setupIntents.create(params)).status).toBe('succeeded');
});

function addressOf(of: Emulator): { host: string; port: number; protocol: 'http' } {
  return { host: '127.0.0.1', port: of.port, protocol: 'http' };
}
