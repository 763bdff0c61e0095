/**
 * What the emulator and Stripe's test mode have in common, asked through the SDK only. Runs against the emulator;
 * `npm run test:stripe` runs the same against Stripe and so tells where the emulator is wrong.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import type { Emulator } from './index.js';
import { clientOf, createEmulator, failureOf } from './testing.js';

const key = process.env.CONFORMANCE_TARGET === 'stripe' ? process.env.STRIPE_TEST_SECRET_KEY : undefined;
if (key !== undefined && !/^(?:sk|rk)_test_/.test(key))
  throw new Error('This suite makes payments: it takes test keys only.');
const PATIENCE_MS = key === undefined ? 5000 : 50_000;
const BACK = 'https://shop.test/back';
let emulator: Emulator | undefined;
let stripe: Stripe;

beforeAll(async () => {
  if (key === undefined) emulator = await createEmulator({ settleDelayMs: 20 });
  stripe = emulator === undefined ? new Stripe(key!, { telemetry: false }) : clientOf(emulator);
});
afterAll(() => emulator?.close());

type CreateParams = Stripe.PaymentIntentCreateParams;
const create = (
  params: Partial<CreateParams> = {},
  idempotencyKey: string = randomUUID(),
): Promise<Stripe.Response<Stripe.PaymentIntent>> =>
  stripe.paymentIntents.create({ amount: 2000, currency: 'usd', ...params }, { idempotencyKey });
const pay = (method = 'pm_card_visa', params: Partial<CreateParams> = {}): Promise<Stripe.PaymentIntent> =>
  create({ confirm: true, payment_method: method, return_url: BACK, ...params });
const hold = (params: Partial<CreateParams> = {}): Promise<Stripe.PaymentIntent> =>
  pay('pm_card_visa', { capture_method: 'manual', ...params });
const refund = (intent: string, amount?: number): Promise<Stripe.Refund> =>
  stripe.refunds.create({ payment_intent: intent, ...(amount === undefined ? {} : { amount }) });
const chargeOf = async (id: string): Promise<Stripe.Charge> =>
  (await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })).latest_charge as Stripe.Charge;
const newCustomer = async (): Promise<string> => (await stripe.customers.create()).id;

/** What an error of the API tells. */
const told = async (call: Promise<unknown>): Promise<[status?: number, code?: string, param?: string]> => {
  const { statusCode, code, param } = await failureOf(call);
  return [statusCode, code, param];
};
/** The first answer of the kind that is waited for. */
async function eventually<T>(ask: () => Promise<T>, isGood: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (isGood(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`Not in time: ${JSON.stringify(answer)}`);
    await sleep(PATIENCE_MS / 100);
  }
}

describe('a PaymentIntent', () => {
  it('begins without a method', async () => {
    expect(await create({ metadata: { order: '7' }, description: 'Order 7' })).toMatchObject({
      object: 'payment_intent',
      status: 'requires_payment_method',
      amount: 2000,
      amount_received: 0,
      amount_capturable: 0,
      currency: 'usd',
      livemode: false,
      latest_charge: null,
      capture_method: 'automatic_async',
      confirmation_method: 'automatic',
      metadata: { order: '7' },
      description: 'Order 7',
      automatic_payment_methods: { enabled: true, allow_redirects: 'always' },
    });
  });
  it('has a secret that begins with its id', async () => {
    const { id, client_secret: secret } = await create();
    expect(secret).toMatch(new RegExp(`^${id}_secret_`));
  });
  it('writes currencies small', async () => expect((await create({ currency: 'EUR' })).currency).toBe('eur'));
  it('is refused below the smallest amount', async () =>
    expect(await told(create({ amount: 10 }))).toEqual([400, 'amount_too_small', 'amount']));
  it('is refused above the largest amount', async () =>
    expect(await told(create({ amount: 100_000_000 }))).toEqual([400, 'amount_too_large', 'amount']));
  it('is refused without an amount', async () => {
    const [status, code, param] = await told(create({ amount: undefined }));
    expect([status, code, param]).toEqual([400, 'parameter_missing', 'amount']);
  });
  it('is refused with a broken amount', async () =>
    expect((await told(create({ amount: 20.5 })))[1]).toBe('parameter_invalid_integer'));
  it('is refused with a parameter that does not exist', async () =>
    expect(await told(create({ ammount: 1 } as object))).toEqual([400, 'parameter_unknown', 'ammount']));
  it('is refused with payment_method_types', async () =>
    expect((await told(create({ payment_method_types: ['card'] } as object)))[1]).toBe(
      'payment_method_types_no_longer_supported',
    ));
  it('is refused in an unknown currency', async () =>
    expect((await told(create({ currency: 'xxx' })))[2]).toBe('currency'));
  it('is refused with a foreign customer', async () =>
    expect(await told(create({ customer: 'cus_nobody' }))).toEqual([400, 'resource_missing', 'customer']));
  it('is not found by a wrong id', async () =>
    expect((await told(stripe.paymentIntents.retrieve('pi_nothing'))).slice(0, 2)).toEqual([404, 'resource_missing']));
  it('changes its amount while it is open', async () => {
    const { id } = await create();
    expect((await stripe.paymentIntents.update(id, { amount: 3000 })).amount).toBe(3000);
  });
  it('merges metadata and drops emptied keys', async () => {
    const { id } = await create({ metadata: { a: '1', b: '2' } });
    const changed = await stripe.paymentIntents.update(id, { metadata: { a: '', c: '3' } });
    expect(changed.metadata).toEqual({ b: '2', c: '3' });
  });
});

describe('a confirm', () => {
  it('takes the money', async () => {
    const paid = await pay('pm_card_visa', { expand: ['latest_charge'] });
    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 2000, next_action: null });
    expect(paid.latest_charge).toMatchObject({
      paid: true,
      captured: true,
      status: 'succeeded',
      disputed: false,
      outcome: { type: 'authorized', network_status: 'approved_by_network' },
      payment_method_details: { type: 'card', card: { brand: 'visa', last4: '4242' } },
    });
  });
  it('needs a return_url while redirects are allowed', async () => {
    const { id } = await create();
    expect((await told(stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' })))[0]).toBe(400);
  });
  it('needs none when redirects are not', async () => {
    const never = { enabled: true, allow_redirects: 'never' } as const;
    const paid = await create({ confirm: true, payment_method: 'pm_card_visa', automatic_payment_methods: never });
    expect(paid.status).toBe('succeeded');
  });
  it('needs a method', async () => {
    const { id } = await create();
    const [status, code] = await told(stripe.paymentIntents.confirm(id, { return_url: BACK }));
    expect([status, code]).toEqual([400, 'payment_intent_unexpected_state']);
  });
  it.each([
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', undefined],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', undefined],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', undefined],
  ])('with %s is declined: %s %s', async (method, code, declineCode) => {
    const failure = await failureOf(pay(method));
    expect(failure).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect([failure.statusCode, failure.code]).toEqual([402, code]);
    if (declineCode !== undefined) expect(failure.decline_code).toBe(declineCode);
    const { payment_intent: intent } = failure.raw as { payment_intent: Stripe.PaymentIntent };
    expect(intent).toMatchObject({ status: 'requires_payment_method', last_payment_error: { code } });
  });
  it('can be tried again after a decline', async () => {
    const { id } = await create();
    await failureOf(stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_chargeDeclined', return_url: BACK }));
    const paid = await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa', return_url: BACK });
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
    const { data } = await stripe.charges.list({ payment_intent: id });
    expect(data.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
  });
  it('is refused for what is paid', async () => {
    const { id } = await pay();
    const again = await failureOf(
      stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa', return_url: BACK }),
    );
    expect([again.statusCode, again.code]).toEqual([400, 'payment_intent_unexpected_state']);
    expect((again.raw as { payment_intent: Stripe.PaymentIntent }).payment_intent.status).toBe('succeeded');
  });
  it('makes a change of the amount impossible', async () => {
    const { id } = await pay();
    expect((await told(stripe.paymentIntents.update(id, { amount: 3000 })))[0]).toBe(400);
  });
});

describe('3D Secure', () => {
  it('asks for an action', async () => {
    expect(await pay('pm_card_threeDSecure2Required')).toMatchObject({
      status: 'requires_action',
      next_action: { type: 'redirect_to_url', redirect_to_url: { return_url: BACK } },
    });
  });
  it('is a decline when nobody is there', async () => {
    const customer = await newCustomer();
    const off = pay('pm_card_authenticationRequired', { customer, off_session: true });
    expect((await told(off)).slice(0, 2)).toEqual([402, 'authentication_required']);
  });
  it('is a decline when an action is unwanted', async () => {
    const unwanted = pay('pm_card_authenticationRequired', { error_on_requires_action: true });
    expect((await told(unwanted))[0]).toBe(402);
  });
  it('can be left: the intent is canceled', async () => {
    const { id } = await pay('pm_card_threeDSecure2Required');
    expect((await stripe.paymentIntents.cancel(id)).status).toBe('canceled');
  });
});

describe('manual capture', () => {
  it('holds the money for days', async () => {
    const held = await hold({ expand: ['latest_charge'] });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 2000, amount_received: 0 });
    const charge = held.latest_charge as Stripe.Charge;
    expect(charge).toMatchObject({ captured: false, paid: true, amount_captured: 0 });
    expect(charge.payment_method_details!.card!.capture_before! - held.created).toBeGreaterThan(4 * 24 * 3600);
  });
  it('takes all', async () => {
    const { id } = await hold();
    expect(await stripe.paymentIntents.capture(id)).toMatchObject({
      status: 'succeeded',
      amount_received: 2000,
      amount_capturable: 0,
    });
  });
  it('takes a part and lets go of the rest', async () => {
    const { id } = await hold();
    const part = await stripe.paymentIntents.capture(id, { amount_to_capture: 700 });
    expect(part).toMatchObject({ status: 'succeeded', amount: 2000, amount_received: 700 });
    expect(await chargeOf(id)).toMatchObject({ amount_captured: 700, amount_refunded: 1300, refunded: false });
  });
  it('takes no more than is held', async () => {
    const { id } = await hold();
    expect((await told(stripe.paymentIntents.capture(id, { amount_to_capture: 2001 })))[0]).toBe(400);
  });
  it('takes once', async () => {
    const { id } = await hold();
    await stripe.paymentIntents.capture(id);
    const [status, code] = await told(stripe.paymentIntents.capture(id));
    expect([status, code]).toEqual([400, 'payment_intent_unexpected_state']);
  });
  it('lets go of the hold by a cancel', async () => {
    const { id } = await hold();
    const canceled = await stripe.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' });
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned', amount_capturable: 0 });
    expect(await chargeOf(id)).toMatchObject({ captured: false, refunded: true });
  });
});

describe('a cancel', () => {
  it('ends an open intent', async () => {
    const { id } = await create();
    const canceled = await stripe.paymentIntents.cancel(id);
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: null });
    expect(canceled.canceled_at).toEqual(expect.any(Number));
  });
  it('is refused for what is paid or canceled', async () => {
    const { id } = await pay();
    expect((await told(stripe.paymentIntents.cancel(id))).slice(0, 2)).toEqual([
      400,
      'payment_intent_unexpected_state',
    ]);
    const gone = await create();
    await stripe.paymentIntents.cancel(gone.id);
    expect((await told(stripe.paymentIntents.cancel(gone.id)))[0]).toBe(400);
  });
});

describe('an idempotency key', () => {
  it('answers the same call the same, and says so', async () => {
    const own = randomUUID();
    const first = await create({}, own);
    const again = await create({}, own);
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
  });
  it('answers a decline again', async () => {
    const { id } = await create();
    const own = { idempotencyKey: randomUUID() };
    const params = { payment_method: 'pm_card_chargeDeclined', return_url: BACK };
    await failureOf(stripe.paymentIntents.confirm(id, params, own));
    expect((await told(stripe.paymentIntents.confirm(id, params, own))).slice(0, 2)).toEqual([402, 'card_declined']);
    expect((await stripe.charges.list({ payment_intent: id })).data).toHaveLength(1);
  });
  it('is refused with other parameters', async () => {
    const own = randomUUID();
    await create({}, own);
    expect(await failureOf(create({ amount: 3000 }, own))).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
  });
  it('is refused at another operation', async () => {
    const own = { idempotencyKey: randomUUID() };
    const { id } = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' }, own);
    expect(await failureOf(stripe.paymentIntents.cancel(id, undefined, own))).toBeInstanceOf(
      Stripe.errors.StripeIdempotencyError,
    );
  });
  it('is free again after a request that was wrong in itself', async () => {
    const own = randomUUID();
    await failureOf(create({ amount: 10 }, own));
    expect((await create({}, own)).amount).toBe(2000);
  });
});

describe('a refund', () => {
  it('gives all back', async () => {
    const { id } = await pay();
    expect(await refund(id)).toMatchObject({ object: 'refund', status: 'succeeded', amount: 2000, payment_intent: id });
    expect(await chargeOf(id)).toMatchObject({ refunded: true, amount_refunded: 2000 });
  });
  it('gives parts back, and no more than was paid', async () => {
    const { id } = await pay();
    await refund(id, 1500);
    expect((await told(refund(id, 600)))[0]).toBe(400);
    expect((await refund(id, 500)).amount).toBe(500);
    expect((await told(refund(id))).slice(0, 2)).toEqual([400, 'charge_already_refunded']);
  });
  it('is not possible before there is money', async () => {
    const { id } = await create();
    expect((await told(refund(id)))[0]).toBe(400);
  });
  it('keeps its reason and its metadata', async () => {
    const { id } = await pay();
    const made = await stripe.refunds.create({
      payment_intent: id,
      reason: 'requested_by_customer',
      metadata: { refund: '1' },
    });
    expect(await stripe.refunds.retrieve(made.id)).toMatchObject({
      reason: 'requested_by_customer',
      metadata: { refund: '1' },
    });
  });
  it('is listed by its payment', async () => {
    const { id } = await pay();
    const first = await refund(id, 100);
    const second = await refund(id, 200);
    const { data } = await stripe.refunds.list({ payment_intent: id });
    expect(data.map((entry) => entry.id)).toEqual([second.id, first.id]);
  });
  it('to a closed card fails later, and the money is back', async () => {
    const { id } = await pay('pm_card_refundFail');
    const { id: made } = await refund(id);
    const failed = await eventually(
      () => stripe.refunds.retrieve(made),
      ({ status }) => status === 'failed',
    );
    expect(failed.failure_reason).toEqual(expect.any(String));
    expect((await chargeOf(id)).amount_refunded).toBe(0);
  });
  it('by pm_card_pendingRefund waits first', async () => {
    const { id } = await pay('pm_card_pendingRefund');
    const made = await refund(id);
    expect(made.status).toBe('pending');
    await eventually(
      () => stripe.refunds.retrieve(made.id),
      ({ status }) => status === 'succeeded',
    );
  });
});

describe('lists', () => {
  it('are newest first and go on from an object', async () => {
    const customer = await newCustomer();
    const ids = [(await create({ customer })).id, (await create({ customer })).id, (await create({ customer })).id];
    const page = await stripe.paymentIntents.list({ customer, limit: 2 });
    expect(page).toMatchObject({ object: 'list', has_more: true, url: '/v1/payment_intents' });
    expect(page.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const rest = await stripe.paymentIntents.list({ customer, starting_after: ids[1] });
    expect(rest.data.map(({ id }) => id)).toEqual([ids[0]]);
    const before = await stripe.paymentIntents.list({ customer, ending_before: ids[0], limit: 1 });
    expect(before.data.map(({ id }) => id)).toEqual([ids[1]]);
  });
  it('take limits from 1 to 100', async () =>
    expect((await told(stripe.paymentIntents.list({ limit: 101 })))[0]).toBe(400));
  it('expand what they hold', async () => {
    const customer = await newCustomer();
    await pay('pm_card_visa', { customer });
    const { data } = await stripe.paymentIntents.list({ customer, expand: ['data.latest_charge'] });
    expect(data[0]!.latest_charge).toMatchObject({ object: 'charge' });
  });
  it('refuse to expand what does not exist', async () =>
    expect((await told(stripe.paymentIntents.list({ expand: ['data.cake'] })))[0]).toBe(400));
});

describe('saved cards', () => {
  it('stay after a payment that says so, and only then', async () => {
    const customer = await newCustomer();
    await pay('pm_card_visa', { customer });
    expect((await stripe.customers.listPaymentMethods(customer)).data).toEqual([]);
    await pay('pm_card_visa', { customer, setup_future_usage: 'off_session' });
    const { data } = await stripe.customers.listPaymentMethods(customer);
    expect(data).toMatchObject([{ customer, card: { last4: '4242' } }]);
    expect((await pay(data[0]!.id, { customer, off_session: true })).status).toBe('succeeded');
  });
  it('belong to one customer', async () => {
    const [mine, other] = [await newCustomer(), await newCustomer()];
    const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer: mine });
    expect((await told(stripe.paymentMethods.attach(id, { customer: other })))[0]).toBe(400);
    expect((await told(pay(id, { customer: other })))[0]).toBe(400);
    expect((await told(pay(id)))[0]).toBe(400);
  });
  it('are forgotten', async () => {
    const customer = await newCustomer();
    const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer });
    expect((await stripe.paymentMethods.detach(id)).customer).toBeNull();
    expect((await told(pay(id, { customer })))[0]).toBe(400);
  });
  it('are not kept when the bank declines', async () => {
    const customer = await newCustomer();
    const attached = stripe.paymentMethods.attach('pm_card_chargeDeclined', { customer });
    expect((await told(attached)).slice(0, 2)).toEqual([402, 'card_declined']);
  });
  it('go with their customer', async () => {
    const customer = await newCustomer();
    expect(await stripe.customers.del(customer)).toMatchObject({ id: customer, deleted: true });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ deleted: true });
  });
  it('are set up without a payment', async () => {
    const customer = await newCustomer();
    const intent = await stripe.setupIntents.create({ customer });
    expect(intent).toMatchObject({ status: 'requires_payment_method', usage: 'off_session' });
    const done = await stripe.setupIntents.confirm(intent.id, { payment_method: 'pm_card_visa', return_url: BACK });
    expect(done.status).toBe('succeeded');
    expect((await stripe.customers.listPaymentMethods(customer)).data).toHaveLength(1);
    expect((await told(stripe.setupIntents.cancel(intent.id))).slice(0, 2)).toEqual([
      400,
      'setup_intent_unexpected_state',
    ]);
  });
  it('are not set up when the bank declines', async () => {
    const setup = stripe.setupIntents.create({
      confirm: true,
      payment_method: 'pm_card_chargeDeclined',
      return_url: BACK,
    });
    expect((await told(setup)).slice(0, 2)).toEqual([402, 'card_declined']);
  });
});

describe('a confirmation token', () => {
  const make = (): Promise<Stripe.ConfirmationToken> =>
    stripe.testHelpers.confirmationTokens.create({ payment_method: 'pm_card_visa', return_url: BACK });
  it('confirms one intent', async () => {
    const token = await make();
    expect(token).toMatchObject({ object: 'confirmation_token', payment_intent: null });
    const paid = await create({ confirm: true, confirmation_token: token.id });
    expect(paid.status).toBe('succeeded');
    expect((await stripe.confirmationTokens.retrieve(token.id)).payment_intent).toBe(paid.id);
    expect((await told(create({ confirm: true, confirmation_token: token.id })))[0]).toBe(400);
  });
});

describe('disputes', () => {
  const disputed = (id: string): Promise<Stripe.Dispute> =>
    eventually(
      async () => (await stripe.disputes.list({ payment_intent: id })).data,
      ({ length }) => length > 0,
    ).then((data) => data[0]!);
  it('take the money and block refunds', async () => {
    const { id } = await pay('pm_card_createDispute');
    const dispute = await disputed(id);
    expect(dispute).toMatchObject({ amount: 2000, reason: 'fraudulent', status: 'needs_response' });
    expect(dispute.balance_transactions).toMatchObject([{ amount: -2000, type: 'adjustment' }]);
    expect((await chargeOf(id)).disputed).toBe(true);
    expect((await told(refund(id))).slice(0, 2)).toEqual([400, 'charge_disputed']);
  });
  it('are lost when they are closed', async () => {
    const { id } = await pay('pm_card_createDisputeProductNotReceived');
    const { id: dispute, reason } = await disputed(id);
    expect(reason).toBe('product_not_received');
    expect((await stripe.disputes.close(dispute)).status).toBe('lost');
  });
  it('are won by good evidence', async () => {
    const { id } = await pay('pm_card_createDispute');
    const { id: dispute } = await disputed(id);
    await stripe.disputes.update(dispute, { evidence: { uncategorized_text: 'winning_evidence' } });
    await eventually(
      () => stripe.disputes.retrieve(dispute),
      ({ status }) => status === 'won',
    );
  });
  it('begin with an inquiry that moves no money', async () => {
    const { id } = await pay('pm_card_createDisputeInquiry');
    expect(await disputed(id)).toMatchObject({ status: 'warning_needs_response', balance_transactions: [] });
  });
});

describe('the account', () => {
  it('tells of a payment by events', async () => {
    const { id } = await pay();
    const types = await eventually(
      async () => {
        const { data } = await stripe.events.list({ types: ['payment_intent.created', 'payment_intent.succeeded'] });
        return data.filter((event) => (event.data.object as { id?: string }).id === id).map(({ type }) => type);
      },
      ({ length }) => length === 2,
    );
    expect(types.toSorted()).toEqual(['payment_intent.created', 'payment_intent.succeeded']);
  });
  it('books a charge with its fee', async () => {
    const { id } = await pay('pm_card_bypassPending');
    const charge = await eventually(
      () => chargeOf(id),
      ({ balance_transaction: entry }) => entry !== null,
    );
    const entry = await stripe.balanceTransactions.retrieve(charge.balance_transaction as string);
    expect(entry).toMatchObject({ type: 'charge', source: charge.id });
    expect(entry.net).toBe(entry.amount - entry.fee);
  });
  it('warns of fraud', async () => {
    const { id } = await pay('pm_card_createIssuerFraudRecord');
    const { data } = await eventually(
      () => stripe.radar.earlyFraudWarnings.list({ payment_intent: id }),
      (list) => list.data.length > 0,
    );
    expect(data[0]).toMatchObject({ actionable: true, payment_intent: id });
  });
  it('refuses a wrong key', async () => {
    const config = emulator === undefined ? {} : { host: '127.0.0.1', port: emulator.port, protocol: 'http' as const };
    const stranger = new Stripe('sk_live_wrong', { ...config, telemetry: false });
    expect(await failureOf(stranger.customers.list())).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
  });
  it('does not know what it has not got', async () =>
    expect((await told(stripe.rawRequest('GET', '/v1/cakes')))[0]).toBe(404));
});
