import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import type { Emulator } from './index.js';
import { clientOf, createEmulator, failureOf, Receiver } from './testing.js';

const BACK = 'https://shop.test/back';
const DAY = 24 * 3600;
let emulator: Emulator;
let receiver: Receiver;
let stripe: Stripe;

beforeAll(async () => {
  receiver = await Receiver.start();
  emulator = await createEmulator({
    settleDelayMs: 3 * DAY * 1000,
    retryScheduleMs: 'live',
    webhooks: [{ url: receiver.url, secret: 'whsec_x' }],
  });
  stripe = clientOf(emulator);
});
afterAll(async () => {
  await emulator.close();
  await receiver.close();
});
beforeEach(async () => {
  await emulator.idle();
  emulator.reset();
  receiver.clear();
});

const pay = (params: Partial<Stripe.PaymentIntentCreateParams> = {}): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: BACK,
    ...params,
  });
const statusOf = async (id: string): Promise<string> => (await stripe.paymentIntents.retrieve(id)).status;
const types = async (): Promise<string[]> => {
  await emulator.idle();
  return receiver.types().toSorted();
};

it('lets a hold run out after seven days, at its time', async () => {
  const held = await pay({ capture_method: 'manual', expand: ['latest_charge'] });
  const until = (held.latest_charge as Stripe.Charge).payment_method_details!.card!.capture_before!;
  expect(until - held.created).toBe(7 * DAY);
  emulator.advance({ days: 6, hours: 23 });
  expect(await statusOf(held.id)).toBe('requires_capture');
  await emulator.idle();
  receiver.clear();
  emulator.advance({ days: 3 });
  const gone = await stripe.paymentIntents.retrieve(held.id, { expand: ['latest_charge'] });
  expect(gone).toMatchObject({
    status: 'canceled',
    cancellation_reason: 'automatic',
    canceled_at: until,
    amount_capturable: 0,
    latest_charge: { captured: false, refunded: true },
  });
  expect(await types()).toEqual(['charge.expired', 'payment_intent.canceled']);
  expect((await failureOf(stripe.paymentIntents.capture(held.id))).code).toBe('payment_intent_unexpected_state');
});

it('leaves a captured hold alone', async () => {
  const held = await pay({ capture_method: 'manual' });
  await stripe.paymentIntents.capture(held.id);
  emulator.advance({ days: 8 });
  expect(await statusOf(held.id)).toBe('succeeded');
});

it('forgets idempotency keys after a day', async () => {
  const params = { amount: 2000, currency: 'usd' };
  const { id } = await stripe.paymentIntents.create(params, { idempotencyKey: 'k1' });
  emulator.advance({ hours: 23, minutes: 59 });
  expect((await stripe.paymentIntents.create(params, { idempotencyKey: 'k1' })).id).toBe(id);
  emulator.advance({ minutes: 2 });
  expect((await stripe.paymentIntents.create(params, { idempotencyKey: 'k1' })).id).not.toBe(id);
});

it('lets banks come to their decisions', async () => {
  const paid = await pay({ payment_method: 'pm_emu_processing_then_succeed' });
  const unpaid = await pay({ payment_method: 'pm_emu_processing_then_fail' });
  expect([paid.status, unpaid.status]).toEqual(['processing', 'processing']);
  emulator.advance({ days: 2 });
  expect(await statusOf(paid.id)).toBe('processing');
  emulator.advance({ days: 1 });
  expect([await statusOf(paid.id), await statusOf(unpaid.id)]).toEqual(['succeeded', 'requires_payment_method']);
});

it('enters an asynchronous capture into the balance later, and says so', async () => {
  const { latest_charge: charge } = await pay();
  expect((await stripe.charges.retrieve(charge as string)).balance_transaction).toBeNull();
  await emulator.idle();
  receiver.clear();
  emulator.advance({ days: 3 });
  const later = await stripe.charges.retrieve(charge as string, { expand: ['balance_transaction'] });
  expect(later.balance_transaction).toMatchObject({ amount: 2000, fee: 88, net: 1912, type: 'charge' });
  expect(await types()).toEqual(['charge.updated']);
});

it('takes its fee in whole units of currencies that have nothing smaller', async () => {
  const { latest_charge: charge } = await pay({ amount: 50_000, currency: 'isk' });
  emulator.advance({ days: 3 });
  const { balance_transaction: line } = await stripe.charges.retrieve(charge as string, {
    expand: ['balance_transaction'],
  });
  expect(line).toMatchObject({ amount: 50_000, fee: 1500, net: 48_500, currency: 'isk' });
});

it('loses a dispute that nobody answers, closes such an inquiry, and gives an escalated one more time', async () => {
  const first = await pay();
  const second = await pay();
  const third = await pay();
  emulator.openDispute(first.id);
  emulator.openDispute(second.id, { kind: 'inquiry' });
  emulator.openDispute(third.id, { kind: 'inquiry' });
  emulator.advance({ days: 5 });
  emulator.escalateDispute(third.id);
  emulator.advance({ days: 2, seconds: 1 });
  const statuses = async (): Promise<unknown> =>
    (await stripe.disputes.list()).data.map(({ status, evidence_details: { past_due: isPast } }) => [status, isPast]);
  expect(await statuses()).toEqual([
    ['needs_response', false],
    ['warning_closed', true],
    ['lost', true],
  ]);
  emulator.advance({ days: 5 });
  expect((await stripe.disputes.list({ payment_intent: third.id })).data[0]!.status).toBe('lost');
});

it('tries deliveries again for three days, as the live mode does', async () => {
  receiver.respond = () => 500;
  const { id } = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' });
  await emulator.idle();
  expect(receiver.received).toHaveLength(1);
  emulator.advance({ minutes: 5 });
  await emulator.idle();
  expect(receiver.received).toHaveLength(2);
  receiver.respond = () => 200;
  emulator.advance({ minutes: 30 });
  await emulator.idle();
  expect(emulator.deliveries()).toMatchObject([{ status: 'succeeded', attempts: [{}, {}, {}] }]);
  // Signed with the time of this machine, not with that of the emulator.
  const { body, headers } = receiver.received[2]!;
  expect(Stripe.webhooks.constructEvent(body, headers['stripe-signature']!, 'whsec_x').data.object).toMatchObject({
    id,
  });
});

it('goes forward only, is read and put by HTTP, and is real again after a reset', async () => {
  expect(() => emulator.advance({ days: -1 })).toThrow(RangeError);
  const advance = (body: object): Promise<Response> =>
    fetch(`${emulator.url}/_emulator/clock/advance`, { method: 'POST', body: JSON.stringify(body) });
  expect((await advance({ days: -1 })).status).toBe(400);
  const { timestamp } = (await (await advance({ days: 30 })).json()) as { timestamp: number };
  expect(timestamp - Date.now() / 1000).toBeGreaterThan(30 * DAY - 5);
  const { created } = await stripe.customers.create();
  expect(created - timestamp).toBeLessThan(5);
  emulator.reset();
  const read = (await (await fetch(`${emulator.url}/_emulator/clock`)).json()) as { timestamp: number; now: string };
  expect(Math.abs(read.timestamp - Date.now() / 1000)).toBeLessThan(5);
  expect(new Date(read.now).getTime() / 1000).toBeCloseTo(read.timestamp, -1);
});

it('keeps its time over a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stripe-emulator-'));
  const snapshotFile = join(folder, 'state.jsonl');
  const first = await createEmulator({ snapshotFile });
  first.advance({ days: 10 });
  await first.close();
  const second = await createEmulator({ snapshotFile });
  expect(second.time().timestamp - Date.now() / 1000).toBeGreaterThan(10 * DAY - 5);
  await second.close();
  rmSync(folder, { recursive: true });
});

describe('by hand', () => {
  it('ends a hold, captures a part, decides a payment', async () => {
    const held = await pay({ capture_method: 'manual' });
    expect(emulator.expireHold(held.id)).toMatchObject({ status: 'canceled', cancellation_reason: 'automatic' });
    expect(() => emulator.expireHold(held.id)).toThrow('No money is held');
    const other = await pay({ capture_method: 'manual' });
    expect(emulator.dashboardCapture(other.id, 500)).toMatchObject({ status: 'succeeded', amount_received: 500 });
    const slow = await pay({ payment_method: 'pm_emu_processing_then_succeed' });
    expect(emulator.finishProcessing(slow.id, 'failed').status).toBe('requires_payment_method');
    expect(() => emulator.finishProcessing(slow.id)).toThrow('not being processed');
  });

  it('changes what the application must not trust', async () => {
    const { id } = await stripe.paymentIntents.create({
      amount: 9000,
      currency: 'usd',
      metadata: { order: '1', a: 'b' },
    });
    expect(emulator.dashboardUpdate(id, { amount: 100, metadata: { order: '2', a: '' } })).toMatchObject({
      amount: 100,
      metadata: { order: '2' },
    });
    await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa', return_url: BACK });
    expect(() => emulator.dashboardUpdate(id, { amount: 200 })).toThrow('status of succeeded');
  });

  it('decides a refund late', async () => {
    const { id } = await pay();
    const refund = await stripe.refunds.create({ payment_intent: id, amount: 700 });
    await emulator.idle();
    receiver.clear();
    expect(emulator.refundOutcome(id, 'failed')).toMatchObject({ id: refund.id, status: 'failed' });
    expect(await types()).toEqual(['charge.refund.updated', 'charge.updated', 'refund.failed']);
    const failed = await stripe.refunds.retrieve(refund.id, { expand: ['charge', 'failure_balance_transaction'] });
    expect(failed).toMatchObject({
      charge: { amount_refunded: 0, refunded: false },
      failure_balance_transaction: { amount: 700, type: 'refund_failure' },
    });
    expect(() => emulator.refundOutcome(refund.id, 'succeeded')).toThrow('cannot become succeeded');
    const pending = await pay({ payment_method: 'pm_card_pendingRefund' });
    await stripe.refunds.create({ payment_intent: pending.id });
    expect(emulator.refundOutcome(pending.id, 'canceled').status).toBe('canceled');
    expect((await stripe.refunds.create({ payment_intent: pending.id })).amount).toBe(2000);
  });

  it('is steered by HTTP', async () => {
    const act = async (action: string, body: object): Promise<Record<string, unknown>> => {
      const init = { method: 'POST', body: JSON.stringify(body) };
      return (await (await fetch(`${emulator.url}/_emulator/actions/${action}`, init)).json()) as Record<
        string,
        unknown
      >;
    };
    const { id } = await stripe.paymentIntents.create({ amount: 9000, currency: 'usd' });
    expect(await act('dashboardUpdate', { payment_intent: id, amount: 100, metadata: { a: 'b' } })).toMatchObject({
      amount: 100,
      metadata: { a: 'b' },
    });
    const held = await pay({ capture_method: 'manual' });
    expect(await act('dashboardCapture', { payment_intent: held.id })).toMatchObject({ status: 'succeeded' });
    const other = await pay({ capture_method: 'manual' });
    expect(await act('expireHold', { payment_intent: other.id })).toMatchObject({ status: 'canceled' });
    const slow = await pay({ payment_method: 'pm_emu_processing_then_fail' });
    expect(await act('finishProcessing', { payment_intent: slow.id, outcome: 'succeeded' })).toMatchObject({
      status: 'succeeded',
    });
    const { id: refund } = await stripe.refunds.create({ payment_intent: slow.id });
    expect(await act('refundOutcome', { refund, outcome: 'failed' })).toMatchObject({ status: 'failed' });
  });
});

it('has no payouts to filter its balance by', async () => {
  await pay({ capture_method: 'automatic' });
  const { data } = await stripe.balanceTransactions.list({ type: 'charge', currency: 'usd', created: { gte: 1 } });
  expect(data).toHaveLength(1);
  const failure = await failureOf(stripe.balanceTransactions.list({ payout: 'po_1' }));
  expect([failure.code, failure.param]).toEqual(['resource_missing', 'payout']);
});
