import type Stripe from 'stripe';
import type { Emulator } from './index.js';
import { clientOf, createEmulator, failureOf, Receiver } from './testing.js';

let emulator: Emulator;
let receiver: Receiver;
let stripe: Stripe;

beforeAll(async () => {
  receiver = await Receiver.start();
  emulator = await createEmulator({ settleDelayMs: 60_000, webhooks: [{ url: receiver.url, secret: 'whsec_x' }] });
  stripe = clientOf(emulator);
});
afterAll(async () => {
  await emulator.close();
  await receiver.close();
});
beforeEach(async () => {
  // What the last test caused is not to reach this one.
  await emulator.idle();
  emulator.reset();
  receiver.clear();
});

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
const disputeOf = async (intent: string): Promise<Stripe.Dispute> => {
  const { data } = await stripe.disputes.list({ payment_intent: intent });
  return data[0]!;
};
/** Types of the events about disputes, in the order of their alphabet, since the last call. */
const told = async (beginning = 'charge.dispute.'): Promise<string[]> => {
  await emulator.idle();
  const types = receiver.types().filter((type) => type.startsWith(beginning));
  receiver.clear();
  return types.toSorted();
};
const movements = async (): Promise<[type: string, category: string, amount: number, fee: number][]> =>
  (await stripe.balanceTransactions.list()).data.map((entry) => [
    entry.type,
    entry.reporting_category,
    entry.amount,
    entry.fee,
  ]);

it('opens a dispute for the card that stands for it, and takes the money with a fee', async () => {
  const { id } = await pay('pm_card_createDispute');
  expect((await stripe.disputes.list()).data).toEqual([]);
  emulator.settle();
  const dispute = await disputeOf(id);
  expect(dispute).toMatchObject({
    amount: 2000,
    currency: 'usd',
    payment_intent: id,
    reason: 'fraudulent',
    status: 'needs_response',
    is_charge_refundable: false,
    evidence_details: { has_evidence: false, past_due: false, submission_count: 0 },
    balance_transactions: [{ amount: -2000, fee: 1500, net: -3500, type: 'adjustment', source: dispute.id }],
  });
  expect(dispute.evidence_details.due_by! - dispute.created).toBe(7 * 24 * 3600);
  expect((await chargeOf(id)).disputed).toBe(true);
  expect(await told()).toEqual(['charge.dispute.created', 'charge.dispute.funds_withdrawn']);
  expect(await movements()).toEqual([
    ['adjustment', 'dispute', -2000, 1500],
    ['charge', 'charge', 2000, 88],
  ]);
  const found = await stripe.disputes.retrieve(dispute.id, { expand: ['charge', 'payment_intent'] });
  expect(found).toMatchObject({ charge: { object: 'charge' }, payment_intent: { id } });
});

it.each([
  ['pm_card_createDisputeProductNotReceived', 'product_not_received', 'needs_response'],
  ['pm_card_createDisputeInquiry', 'fraudulent', 'warning_needs_response'],
])('knows %s', async (method, reason, status) => {
  const { id } = await pay(method);
  emulator.settle();
  expect(await disputeOf(id)).toMatchObject({ reason, status });
});

it('refuses a refund of what is disputed, also after it is lost', async () => {
  const { id } = await pay();
  emulator.openDispute(id);
  const refund = (): Promise<unknown> => stripe.refunds.create({ payment_intent: id });
  const refused = await failureOf(refund());
  expect([refused.statusCode, refused.code]).toEqual([400, 'charge_disputed']);
  expect(emulator.loseDispute(id)).toMatchObject({ status: 'lost', is_charge_refundable: false });
  expect((await failureOf(refund())).code).toBe('charge_disputed');
  expect(await told()).toEqual(['charge.dispute.closed', 'charge.dispute.created', 'charge.dispute.funds_withdrawn']);
});

it('gives the money back when the shop wins, without the fee; then it can be refunded', async () => {
  const { id } = await pay();
  const { id: dispute } = emulator.openDispute(id, { reason: 'product_not_received' });
  await told();
  expect(emulator.winDispute(dispute)).toMatchObject({ status: 'won', balance_transactions: [{}, { amount: 2000 }] });
  expect(await told()).toEqual(['charge.dispute.closed', 'charge.dispute.funds_reinstated']);
  expect((await movements()).slice(0, 2)).toEqual([
    ['adjustment', 'dispute_reversal', 2000, 0],
    ['adjustment', 'dispute', -2000, 1500],
  ]);
  expect((await stripe.refunds.create({ payment_intent: id })).status).toBe('succeeded');
});

it('moves the money apart from the decision when asked to', async () => {
  const { id } = await pay();
  emulator.openDispute(id, { withdraw: false, amount: 700 });
  expect(await told()).toEqual(['charge.dispute.created']);
  expect(() => emulator.reinstateFunds(id)).toThrow('not withdrawn');
  emulator.withdrawFunds(id);
  expect(() => emulator.withdrawFunds(id)).toThrow('withdrawn already');
  emulator.winDispute(id, { reinstate: false });
  emulator.reinstateFunds(id);
  expect(await told()).toEqual([
    'charge.dispute.closed',
    'charge.dispute.funds_reinstated',
    'charge.dispute.funds_withdrawn',
  ]);
  expect((await disputeOf(id)).balance_transactions.map(({ amount }) => amount)).toEqual([-700, 700]);
});

describe('evidence', () => {
  it('is staged, sent once and decides by the words of the test mode', async () => {
    const { id } = await pay();
    const { id: dispute } = emulator.openDispute(id);
    await told();
    const staged = await stripe.disputes.update(dispute, {
      evidence: { uncategorized_text: 'winning_evidence', shipping_tracking_number: 'T1' },
      submit: false,
      metadata: { case: '7' },
    });
    expect(staged).toMatchObject({
      status: 'needs_response',
      metadata: { case: '7' },
      evidence: { shipping_tracking_number: 'T1' },
      evidence_details: { has_evidence: true, submission_count: 0 },
    });
    const sent = await stripe.disputes.update(dispute, { submit: true });
    expect(sent).toMatchObject({ status: 'under_review', evidence_details: { submission_count: 1 } });
    const late = await failureOf(stripe.disputes.update(dispute, { evidence: { customer_name: 'Ada' } }));
    expect(late.statusCode).toBe(400);
    expect(await told()).toEqual(['charge.dispute.updated', 'charge.dispute.updated']);
    emulator.settle();
    expect((await stripe.disputes.retrieve(dispute)).status).toBe('won');
  });

  it('that loses', async () => {
    const { id } = await pay();
    const { id: dispute } = emulator.openDispute(id);
    await stripe.disputes.update(dispute, { evidence: { uncategorized_text: 'losing_evidence' } });
    emulator.settle();
    expect((await stripe.disputes.retrieve(dispute)).status).toBe('lost');
  });

  it('refuses fields that Stripe does not have', async () => {
    const { id } = await pay();
    const { id: dispute } = emulator.openDispute(id);
    const failure = await failureOf(stripe.disputes.update(dispute, { evidence: { excuse: 'none' } as object }));
    expect([failure.code, failure.param]).toEqual(['parameter_unknown', 'evidence[excuse]']);
  });
});

it('closes: the shop gives in', async () => {
  const { id } = await pay();
  const { id: dispute } = emulator.openDispute(id);
  expect((await stripe.disputes.close(dispute)).status).toBe('lost');
  const again = await failureOf(stripe.disputes.close(dispute));
  expect([again.statusCode, again.code]).toEqual([400, 'dispute_already_closed']);
});

describe('an inquiry', () => {
  it('moves no money and is closed by a full refund', async () => {
    const { id } = await pay();
    const inquiry = emulator.openDispute(id, { kind: 'inquiry' });
    expect(inquiry).toMatchObject({ status: 'warning_needs_response', is_charge_refundable: true });
    expect(await movements()).toHaveLength(1);
    await stripe.refunds.create({ payment_intent: id });
    expect((await disputeOf(id)).status).toBe('warning_closed');
    expect(await told()).toEqual(['charge.dispute.closed', 'charge.dispute.created']);
  });

  it('becomes a chargeback', async () => {
    const { id } = await pay();
    const { id: dispute } = emulator.openDispute(id, { kind: 'inquiry' });
    await stripe.disputes.update(dispute, { evidence: { uncategorized_text: 'escalate_inquiry_evidence' } });
    expect((await stripe.disputes.retrieve(dispute)).status).toBe('warning_under_review');
    await told();
    emulator.settle();
    expect(await disputeOf(id)).toMatchObject({ status: 'needs_response', is_charge_refundable: false });
    expect(await told()).toEqual(['charge.dispute.funds_withdrawn', 'charge.dispute.updated']);
    expect(() => emulator.escalateDispute(dispute)).toThrow('no inquiry');
  });
});

it('disputes what is left, once at a time', async () => {
  const { id } = await pay();
  await stripe.refunds.create({ payment_intent: id, amount: 500 });
  expect(emulator.openDispute(id).amount).toBe(1500);
  expect(() => emulator.openDispute(id)).toThrow('disputed already');
  const whole = await pay();
  await stripe.refunds.create({ payment_intent: whole.id });
  expect(() => emulator.openDispute(whole.id)).toThrow('cannot be disputed');
});

describe('an early fraud warning', () => {
  it('comes with its card, and asks for nothing once the money is back', async () => {
    const { id } = await pay('pm_card_createIssuerFraudRecord');
    emulator.settle();
    const { data } = await stripe.radar.earlyFraudWarnings.list({ payment_intent: id });
    expect(data).toMatchObject([{ actionable: true, fraud_type: 'unauthorized_use_of_card', payment_intent: id }]);
    await stripe.refunds.create({ payment_intent: id });
    expect((await stripe.radar.earlyFraudWarnings.retrieve(data[0]!.id)).actionable).toBe(false);
    expect(await told('radar.')).toEqual(['radar.early_fraud_warning.created', 'radar.early_fraud_warning.updated']);
  });

  it('comes by hand', async () => {
    const { id } = await pay();
    const warning = emulator.warnOfFraud(id, 'made_with_stolen_card');
    expect(await stripe.radar.earlyFraudWarnings.retrieve(warning.id, { expand: ['charge'] })).toMatchObject({
      fraud_type: 'made_with_stolen_card',
      charge: { payment_intent: id },
    });
  });
});

it('asks for a review, which is approved once or overtaken by a refund', async () => {
  const first = await pay('pm_card_createReview');
  const review = first.review as string;
  expect(await stripe.reviews.retrieve(review)).toMatchObject({ open: true, reason: 'rule', payment_intent: first.id });
  expect((await chargeOf(first.id)).review).toBe(review);
  expect(await stripe.reviews.approve(review)).toMatchObject({ open: false, closed_reason: 'approved' });
  expect((await failureOf(stripe.reviews.approve(review))).statusCode).toBe(400);
  const second = await pay('pm_card_createReview');
  expect((await stripe.reviews.list()).data.map(({ payment_intent: intent }) => intent)).toEqual([second.id]);
  await stripe.refunds.create({ payment_intent: second.id });
  expect((await stripe.reviews.list()).data).toEqual([]);
  expect(await told('review.')).toEqual(['review.closed', 'review.closed', 'review.opened', 'review.opened']);
});

it('is steered by HTTP', async () => {
  const { id } = await pay();
  const act = async (action: string, body: object): Promise<{ status: number; answer: Record<string, unknown> }> => {
    const response = await fetch(`${emulator.url}/_emulator/actions/${action}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  };
  const opened = await act('openDispute', { payment_intent: id, kind: 'inquiry', reason: 'duplicate', due_in_days: 3 });
  expect(opened).toMatchObject({ status: 200, answer: { status: 'warning_needs_response', reason: 'duplicate' } });
  expect((await act('escalateDispute', { payment_intent: id })).answer['status']).toBe('needs_response');
  expect((await act('winDispute', { dispute: opened.answer['id'] })).answer['status']).toBe('won');
  expect((await act('loseDispute', { payment_intent: id })).status).toBe(400);
  expect((await act('openDispute', { payment_intent: id, kind: 'sulk' })).status).toBe(400);
  expect((await act('warnOfFraud', { payment_intent: id })).answer['object']).toBe('radar.early_fraud_warning');
});
