import type Stripe from 'stripe';
import type { Emulator } from './index.js';
import { clientOf, createEmulator, failureOf } from './testing.js';

let emulator: Emulator;
let stripe: Stripe;

beforeAll(async () => {
  emulator = await createEmulator({ settleDelayMs: 60_000 });
  stripe = clientOf(emulator);
});
afterAll(() => emulator.close());
beforeEach(() => emulator.reset());

const pay = (method = 'pm_card_visa'): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    capture_method: 'automatic',
    confirm: true,
    payment_method: method,
    return_url: 'https://shop.test/back',
  });
const chargeOf = async (id: string): Promise<Stripe.Charge> =>
  (await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })).latest_charge as Stripe.Charge;
const refund = (id: string, amount?: number): Promise<Stripe.Refund> =>
  stripe.refunds.create({ payment_intent: id, ...(amount === undefined ? {} : { amount }) });

it('sends all of it back', async () => {
  const { id } = await pay();
  const made = await stripe.refunds.create({
    payment_intent: id,
    reason: 'requested_by_customer',
    metadata: { refund_id: 'r1' },
    expand: ['balance_transaction'],
  });
  expect(made).toMatchObject({
    status: 'succeeded',
    amount: 2000,
    payment_intent: id,
    metadata: { refund_id: 'r1' },
    balance_transaction: { amount: -2000, type: 'refund' },
  });
  expect(await chargeOf(id)).toMatchObject({ refunded: true, amount_refunded: 2000 });
  expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
  expect((await failureOf(refund(id))).code).toBe('charge_already_refunded');
});

it('sends parts back until all is back, never more', async () => {
  const { id } = await pay();
  await refund(id, 500);
  await refund(id, 1000);
  expect(await chargeOf(id)).toMatchObject({ refunded: false, amount_refunded: 1500 });
  const over = await failureOf(refund(id, 600));
  expect([over.statusCode, over.code, over.param]).toEqual([400, 'amount_too_large', 'amount']);
  expect((await refund(id)).amount).toBe(500);
  const listed = await stripe.refunds.list({ payment_intent: id });
  expect(listed.data.map(({ amount }) => amount)).toEqual([500, 1000, 500]);
});

it('cannot be overdrawn by two at once', async () => {
  const { id } = await pay();
  const results = await Promise.allSettled([refund(id, 1500), refund(id, 1500)]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

it('refuses zero, an unpaid intent and an intent that does not exist', async () => {
  const { id } = await pay();
  expect((await failureOf(refund(id, 0))).code).toBe('parameter_invalid_integer');
  const open = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' });
  expect((await failureOf(refund(open.id))).message).toContain('does not have a successful charge');
  expect(await failureOf(refund('pi_no'))).toMatchObject({ statusCode: 400, code: 'resource_missing' });
});

it('may fail later: the money is with the shop again', async () => {
  const { id } = await pay('pm_card_refundFail');
  const made = await refund(id, 700);
  expect(made.status).toBe('succeeded');
  emulator.settle();
  const failed = await stripe.refunds.retrieve(made.id, { expand: ['failure_balance_transaction'] });
  expect(failed).toMatchObject({
    status: 'failed',
    failure_reason: 'expired_or_canceled_card',
    failure_balance_transaction: { amount: 700 },
  });
  expect(await chargeOf(id)).toMatchObject({ refunded: false, amount_refunded: 0 });
  const events = await stripe.events.list({ type: 'refund.failed' });
  expect(events.data[0]?.data.object).toMatchObject({ id: made.id, status: 'failed' });
});

it('may be pending for a while', async () => {
  const { id } = await pay('pm_card_pendingRefund');
  const made = await refund(id);
  expect(made).toMatchObject({ status: 'pending', pending_reason: 'processing' });
  emulator.settle();
  expect((await stripe.refunds.retrieve(made.id)).status).toBe('succeeded');
  const events = await stripe.events.list({ type: 'refund.updated' });
  expect(events.data[0]?.data.previous_attributes).toEqual({ status: 'pending' });
});

it('can be made past the application, in the Dashboard', async () => {
  const { id } = await pay();
  emulator.dashboardRefund(id, 300);
  expect(await chargeOf(id)).toMatchObject({ amount_refunded: 300 });
  const [event] = (await stripe.events.list({ type: 'refund.created' })).data;
  expect(event?.request).toEqual({ id: null, idempotency_key: null });
});

it('keeps metadata apart from the rest, and cannot be canceled once it is on its way', async () => {
  const { id } = await pay();
  const made = await refund(id);
  expect((await stripe.refunds.update(made.id, { metadata: { a: '1' } })).metadata).toEqual({ a: '1' });
  expect((await failureOf(stripe.refunds.cancel(made.id))).message).toContain('requires_action');
});
