import Stripe from 'stripe';
import { API_VERSION, type Emulator } from './index.js';
import { clientOf, createEmulator, failureOf } from './testing.js';

const BACK = 'https://shop.test/back';
let emulator: Emulator;
let stripe: Stripe;

beforeAll(async () => {
  emulator = await createEmulator({ settleDelayMs: 60_000 });
  stripe = clientOf(emulator);
});
afterAll(() => emulator.close());
beforeEach(() => emulator.reset());

const create = (params: Partial<Stripe.PaymentIntentCreateParams> = {}): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({ amount: 2000, currency: 'usd', ...params });
const confirm = (id: string, method: string): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.confirm(id, { payment_method: method, return_url: BACK });
const read = (id: string): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
const typesOfEvents = async (): Promise<string[]> =>
  (await stripe.events.list({ limit: 100 })).data.map((event) => event.type).toSorted();

it('shapes objects as the version that the SDK is pinned to', () => {
  expect(API_VERSION).toBe(Stripe.API_VERSION);
});

describe('a payment by card', () => {
  it('succeeds', async () => {
    const intent = await create({ metadata: { order_id: 'o1' }, description: 'Order 1' });
    expect(intent).toMatchObject({ status: 'requires_payment_method', latest_charge: null, amount_received: 0 });
    await confirm(intent.id, 'pm_card_visa');
    expect(await read(intent.id)).toMatchObject({
      status: 'succeeded',
      amount_received: 2000,
      payment_method: expect.stringMatching(/^pm_\w{24}$/),
      latest_charge: { object: 'charge', status: 'succeeded', amount_captured: 2000, metadata: { order_id: 'o1' } },
    });
    expect(await typesOfEvents()).toEqual(['charge.succeeded', 'payment_intent.created', 'payment_intent.succeeded']);
  });

  it('succeeds in the call that creates it', async () => {
    const paid = await create({ confirm: true, payment_method: 'pm_card_amex', return_url: BACK });
    expect(paid.status).toBe('succeeded');
  });

  it('succeeds after a decline, with both attempts on record', async () => {
    const { id } = await create();
    const declined = await failureOf(confirm(id, 'pm_card_visa_chargeDeclinedInsufficientFunds'));
    expect(declined).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(declined).toMatchObject({ statusCode: 402, code: 'card_declined', decline_code: 'insufficient_funds' });
    expect(declined.payment_intent).toMatchObject({ status: 'requires_payment_method', payment_method: null });
    const open = await read(id);
    expect(open.last_payment_error).toMatchObject({ code: 'card_declined', decline_code: 'insufficient_funds' });
    expect(open.latest_charge).toMatchObject({ status: 'failed', paid: false });
    expect(await confirm(id, 'pm_card_mastercard')).toMatchObject({ status: 'succeeded', last_payment_error: null });
    const charges = await stripe.charges.list({ payment_intent: id });
    expect(charges.data.map((charge) => charge.status)).toEqual(['succeeded', 'failed']);
  });

  it.each([
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_visa_chargeDeclinedVelocityLimitExceeded', 'card_declined', 'card_velocity_exceeded'],
    ['pm_card_chargeDeclinedFraudulent', 'card_declined', 'fraudulent'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', ''],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', ''],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', ''],
    ['pm_card_chargeCustomerFail', 'card_declined', 'generic_decline'],
  ])('is declined with %s', async (method, code, declineCode) => {
    const { id } = await create();
    const declined = await failureOf(confirm(id, method));
    expect([declined.statusCode, declined.code, declined.decline_code]).toEqual([402, code, declineCode]);
  });

  it('books the money at once or, with automatic_async capture, a little later', async () => {
    const late = await create({ confirm: true, payment_method: 'pm_card_visa', return_url: BACK });
    const sync = { capture_method: 'automatic' } as const;
    const now = await create({ ...sync, confirm: true, payment_method: 'pm_card_visa', return_url: BACK });
    const balanceOf = async (id: string): Promise<unknown> =>
      ((await read(id)).latest_charge as Stripe.Charge).balance_transaction;
    expect(await balanceOf(late.id)).toBeNull();
    expect(await balanceOf(now.id)).toMatch(/^txn_/);
    emulator.settle();
    const transaction = await stripe.balanceTransactions.retrieve((await balanceOf(late.id)) as string);
    expect(transaction).toMatchObject({ amount: 2000, fee: 88, net: 1912, type: 'charge' });
    expect(await typesOfEvents()).toContain('charge.updated');
  });

  it('uses up a method that belongs to no customer', async () => {
    const method = await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
    await confirm((await create()).id, method.id);
    const again = await failureOf(confirm((await create()).id, method.id));
    expect(again.message).toContain('may not be used again');
  });
});

describe('3D Secure', () => {
  it('takes the money after approval', async () => {
    const { id } = await create();
    const waiting = await confirm(id, 'pm_card_threeDSecure2Required');
    expect(waiting).toMatchObject({
      status: 'requires_action',
      latest_charge: null,
      next_action: { type: 'redirect_to_url', redirect_to_url: { return_url: BACK } },
    });
    expect(emulator.approve3ds(id).status).toBe('succeeded');
    const charge = (await read(id)).latest_charge as Stripe.Charge;
    expect(charge.payment_method_details?.card?.three_d_secure?.result).toBe('authenticated');
    expect(() => emulator.approve3ds(id)).toThrow('no authentication is under way');
  });

  it('asks for another method after a failed check', async () => {
    const { id } = await create();
    await confirm(id, 'pm_card_authenticationRequired');
    emulator.fail3ds(id);
    const open = await read(id);
    expect(open).toMatchObject({ status: 'requires_payment_method', payment_method: null, next_action: null });
    expect(open.last_payment_error?.code).toBe('payment_intent_authentication_failure');
    expect(await confirm(id, 'pm_card_visa')).toMatchObject({ status: 'succeeded' });
  });

  it.each([{ off_session: true }, { error_on_requires_action: true }])('is a decline with %p', async (how) => {
    const { id } = await create();
    const params = { payment_method: 'pm_card_authenticationRequired', return_url: BACK, ...how };
    const declined = await failureOf(stripe.paymentIntents.confirm(id, params));
    expect([declined.statusCode, declined.code]).toEqual([402, 'authentication_required']);
    expect((await read(id)).status).toBe('requires_payment_method');
  });
});

describe('a method that takes its time', () => {
  it('succeeds in the end', async () => {
    const { id } = await create();
    expect(await confirm(id, 'pm_emu_processing_then_succeed')).toMatchObject({
      status: 'processing',
      amount_received: 0,
    });
    const early = await failureOf(stripe.paymentIntents.cancel(id));
    expect(early.payment_intent?.status).toBe('processing');
    emulator.settle();
    expect(await read(id)).toMatchObject({ status: 'succeeded', amount_received: 2000, latest_charge: { paid: true } });
  });

  it('fails in the end', async () => {
    const { id } = await create();
    await confirm(id, 'pm_emu_processing_then_fail');
    emulator.settle();
    const open = await read(id);
    expect(open).toMatchObject({ status: 'requires_payment_method', latest_charge: { status: 'failed' } });
    expect(await typesOfEvents()).toEqual(
      ['charge.failed', 'charge.pending', 'payment_intent.created', 'payment_intent.payment_failed'].concat(
        'payment_intent.processing',
      ),
    );
  });
});

describe('manual capture', () => {
  const hold = (): Promise<Stripe.PaymentIntent> =>
    create({ capture_method: 'manual', confirm: true, payment_method: 'pm_card_visa', return_url: BACK });

  it('takes all of a hold', async () => {
    const held = await hold();
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 2000, amount_received: 0 });
    expect((await read(held.id)).latest_charge).toMatchObject({ captured: false, amount_captured: 0 });
    const taken = await stripe.paymentIntents.capture(held.id);
    expect(taken).toMatchObject({ status: 'succeeded', amount_capturable: 0, amount_received: 2000 });
    const again = await failureOf(stripe.paymentIntents.capture(held.id));
    expect(again.code).toBe('payment_intent_unexpected_state');
    expect(again.payment_intent?.status).toBe('succeeded');
  });

  it('takes a part and releases the rest', async () => {
    const { id } = await hold();
    const taken = await stripe.paymentIntents.capture(id, { amount_to_capture: 700 });
    expect(taken.amount_received).toBe(700);
    expect((await read(id)).latest_charge).toMatchObject({ amount_captured: 700, amount_refunded: 1300 });
    const over = await failureOf(stripe.refunds.create({ payment_intent: id, amount: 701 }));
    expect(over.code).toBe('amount_too_large');
  });

  it('refuses more than is held', async () => {
    const { id } = await hold();
    const over = await failureOf(stripe.paymentIntents.capture(id, { amount_to_capture: 2001 }));
    expect([over.code, over.param]).toEqual(['amount_too_large', 'amount_to_capture']);
  });

  it('releases the hold on cancel', async () => {
    const { id } = await hold();
    const reason = { cancellation_reason: 'requested_by_customer' } as const;
    expect(await stripe.paymentIntents.cancel(id, reason)).toMatchObject({
      status: 'canceled',
      amount_capturable: 0,
      ...reason,
    });
    expect(await typesOfEvents()).toEqual(expect.arrayContaining(['charge.refunded', 'payment_intent.canceled']));
  });
});

describe('cancel', () => {
  it('ends an open intent for good', async () => {
    const { id } = await create();
    expect((await stripe.paymentIntents.cancel(id)).status).toBe('canceled');
    expect((await failureOf(confirm(id, 'pm_card_visa'))).payment_intent?.status).toBe('canceled');
    expect((await failureOf(stripe.paymentIntents.cancel(id))).code).toBe('payment_intent_unexpected_state');
  });

  it('is refused once the money moved, and tells the true state', async () => {
    const { id } = await create({ confirm: true, payment_method: 'pm_card_visa', return_url: BACK });
    const refusal = await failureOf(stripe.paymentIntents.cancel(id));
    expect([refusal.statusCode, refusal.code]).toEqual([400, 'payment_intent_unexpected_state']);
    expect(refusal.payment_intent).toMatchObject({ id, status: 'succeeded' });
  });
});

describe('update', () => {
  it('merges metadata and unsets by an empty value', async () => {
    const { id } = await create({ metadata: { a: '1', b: '2' } });
    await stripe.paymentIntents.update(id, { metadata: { b: '', c: '3' } });
    expect((await read(id)).metadata).toEqual({ a: '1', c: '3' });
    expect((await stripe.paymentIntents.update(id, { metadata: '' })).metadata).toEqual({});
  });

  it('changes the amount of an open intent only', async () => {
    const { id } = await create();
    expect((await stripe.paymentIntents.update(id, { amount: 2500 })).amount).toBe(2500);
    await confirm(id, 'pm_card_visa');
    const late = await failureOf(stripe.paymentIntents.update(id, { amount: 1 }));
    expect(late.code).toBe('payment_intent_unexpected_state');
    expect((await stripe.paymentIntents.update(id, { description: 'Order 7' })).description).toBe('Order 7');
  });
});

describe('list', () => {
  it('pages from the newest to the oldest', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++) made.unshift((await create()).id);
    const first = await stripe.paymentIntents.list({ limit: 2 });
    expect([first.data.map(({ id }) => id), first.has_more]).toEqual([made.slice(0, 2), true]);
    const all: string[] = [];
    for await (const { id } of stripe.paymentIntents.list({ limit: 2 })) all.push(id);
    expect(all).toEqual(made);
    const before = await stripe.paymentIntents.list({ ending_before: made[4], limit: 2 });
    expect(before.data.map(({ id }) => id)).toEqual([made[2], made[3]]);
  });

  it('filters by time and customer', async () => {
    const customer = (await stripe.customers.create()).id;
    const { id, created } = await create({ customer });
    await create();
    const mine = await stripe.paymentIntents.list({ customer, created: { gte: created } });
    expect(mine.data.map((intent) => intent.id)).toEqual([id]);
    expect((await stripe.paymentIntents.list({ created: { gt: created + 60 } })).data).toEqual([]);
  });
});

it('cancels an intent that is confirmed too often', async () => {
  const strict = await createEmulator({ confirmLimit: 2 });
  const client = clientOf(strict);
  const { id } = await client.paymentIntents.create({ amount: 100, currency: 'eur' });
  const attempt = (): Promise<Stripe.PaymentIntent> =>
    client.paymentIntents.confirm(id, { payment_method: 'pm_card_chargeDeclined', return_url: BACK });
  await failureOf(attempt());
  await failureOf(attempt());
  expect(await attempt()).toMatchObject({ status: 'canceled', cancellation_reason: 'automatic' });
  await strict.close();
});
