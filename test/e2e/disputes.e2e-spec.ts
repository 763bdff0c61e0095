import type Stripe from 'stripe';
import { decodeId, newUuid } from '#libs/ids';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { race } from '../support/rounds.js';
import type { Answer } from '../support/shop.js';

/** What the emulator takes for a dispute, and for a charge of 20.00. */
const DISPUTE_FEE = 1500;
const FEE = 88;

describe('disputes', () => {
  const payments = usePaymentShop();
  const call = (method: string, path: string, options: { body?: unknown; key?: string } = {}): Promise<Answer> =>
    payments.shop.call(method, path, { bearer: payments.bearer, ...options });
  const staffOrder = async (sale: Sale) => (await call('GET', `/v1/admin/orders/${sale.orderId}`)).body;
  const ship = (sale: Sale) => call('POST', `/v1/admin/orders/${sale.orderId}/fulfillments`, { body: {} });
  const disputesOf = async (sale: Sale) =>
    (await call('GET', `/v1/admin/disputes?orderId=${sale.orderId}`)).body.data as any[];
  const timeline = async (sale: Sale): Promise<string[]> =>
    (await call('GET', `/v1/admin/orders/${sale.orderId}/events`)).body.data.map((e: { type: string }) => e.type);
  const told = async (sale: Sale, topic: string) => payments.told(sale, topic);

  /** What the accounts hold of the sale. */
  async function book(sale: Sale): Promise<Record<string, number>> {
    const { data } = (await call('GET', `/v1/admin/ledger/entries?limit=100&orderId=${sale.orderId}`)).body;
    const sums: Record<string, number> = {};
    for (const { account, amount } of data as { account: string; amount: { amount: number } }[])
      sums[account] = (sums[account] ?? 0) + amount.amount;
    return Object.fromEntries(Object.entries(sums).filter(([, amount]) => amount !== 0));
  }

  /** A paid order of 20.00 whose payment stands like this at the bank. */
  async function disputed(status: string, open: Parameters<typeof payments.stripe.openDispute>[1] = {}) {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    await payments.shop.quiet();
    const dispute = payments.stripe.openDispute(sale.intent, open);
    const row = await stands(sale, status);
    return { sale, dispute, row };
  }
  const stands = (sale: Sale, status: string) =>
    payments.shop.until(
      async () => (await disputesOf(sale)).find((d) => d.status === status) as Record<string, any> | undefined,
      `the dispute to be ${status}`,
    );

  it('scenario 28: a disputed order is flagged and held, its payment is not refunded, and what is lost is lost with its fee', async () => {
    const { sale, row } = await disputed('needs_response');
    expect(await staffOrder(sale)).toMatchObject({ status: 'confirmed', paymentStatus: 'paid', disputed: true });
    expect(row).toMatchObject({
      reason: 'fraudulent',
      amount: { amount: 2000, currency: 'USD' },
      withdrawn: { amount: 2000 },
      reinstated: { amount: 0 },
      fee: { amount: DISPUTE_FEE },
      task: { action: 'send_evidence', dueAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
    expect(await ship(sale)).toMatchObject({
      status: 409,
      body: { code: 'order_on_hold', detail: expect.stringMatching(/once the dispute is won/), reasons: ['disputed'] },
    });
    const before = payments.posts('/v1/refunds');
    expect(await payments.refund(sale, { amount: 500 })).toMatchObject({
      status: 409,
      body: { code: 'payment_disputed', disputeId: row.id, disputeStatus: 'needs_response' },
    });
    expect(await payments.cancel(sale)).toMatchObject({ status: 409, body: { code: 'payment_disputed' } });
    expect(payments.posts('/v1/refunds')).toBe(before);

    payments.stripe.loseDispute(sale.intent);
    await stands(sale, 'lost');
    await payments.shop.quiet();
    expect(await staffOrder(sale)).toMatchObject({ disputed: true });
    expect((await payments.refund(sale, { amount: 500 })).body.code).toBe('payment_disputed');
    expect(await book(sale)).toEqual({
      'provider_balance:stripe': 2000 - FEE - 2000 - DISPUTE_FEE,
      customer_payments: -2000,
      provider_fees: FEE,
      disputes: 2000,
      dispute_fees: DISPUTE_FEE,
    });
    expect([await told(sale, 'dispute.opened'), await told(sale, 'dispute.closed')]).toEqual([1, 1]);
    expect(await timeline(sale)).toEqual(expect.arrayContaining(['dispute.opened', 'dispute.closed']));
    const [closed] = await disputesOf(sale);
    expect(closed).toMatchObject({ task: null, closedAt: expect.any(String) });
  });

  it('scenario 28: a dispute that is won gives the money back, clears the flag, and the order is shipped', async () => {
    const { sale } = await disputed('needs_response');
    payments.stripe.winDispute(sale.intent);
    await stands(sale, 'won');
    await payments.shop.quiet();
    expect(await staffOrder(sale)).toMatchObject({ disputed: false, paymentStatus: 'paid' });
    expect(await book(sale)).toEqual({
      'provider_balance:stripe': 2000 - FEE - DISPUTE_FEE,
      customer_payments: -2000,
      provider_fees: FEE,
      dispute_fees: DISPUTE_FEE,
    });
    expect((await ship(sale)).status).toBe(201);
    expect((await payments.refund(sale, { amount: 500 })).status).toBe(201);
  });

  it('money that comes back later than the word of it is entered when it comes', async () => {
    const { sale } = await disputed('needs_response', { withdraw: false });
    expect(await book(sale)).not.toHaveProperty('disputes');
    payments.stripe.withdrawFunds(sale.intent);
    await payments.shop.until(async () => (await book(sale)).disputes === 2000, 'the funds to leave');
    payments.stripe.winDispute(sale.intent, { reinstate: false });
    await stands(sale, 'won');
    expect(await book(sale)).toMatchObject({ disputes: 2000 });
    payments.stripe.reinstateFunds(sale.intent);
    await payments.shop.until(async () => (await book(sale)).disputes === undefined, 'the funds to return');
    expect((await disputesOf(sale))[0]).toMatchObject({ withdrawn: { amount: 2000 }, reinstated: { amount: 2000 } });
  });

  it('an inquiry moves no money and can be answered by a refund; when it grows into a dispute the money leaves', async () => {
    const { sale } = await disputed('warning_needs_response', { kind: 'inquiry' });
    expect(await staffOrder(sale)).toMatchObject({ disputed: true });
    expect((await ship(sale)).body.code).toBe('order_on_hold');
    expect(await book(sale)).not.toHaveProperty('disputes');
    payments.stripe.escalateDispute(sale.intent);
    await stands(sale, 'needs_response');
    await payments.shop.until(async () => (await book(sale)).disputes === 2000, 'the funds to leave');
    expect(await told(sale, 'dispute.opened')).toBe(1);

    const asked = await disputed('warning_needs_response', { kind: 'inquiry' });
    expect((await payments.refund(asked.sale, {})).status).toBe(201);
    await stands(asked.sale, 'warning_closed');
    await payments.shop.until(async () => !(await staffOrder(asked.sale)).disputed, 'the flag to go');
    expect(await book(asked.sale)).not.toHaveProperty('disputes');
  });

  it('a prevented dispute flags nothing', async () => {
    const { sale } = await disputed('prevented', { kind: 'prevented' });
    expect(await staffOrder(sale)).toMatchObject({ disputed: false });
    expect((await disputesOf(sale))[0]).toMatchObject({ task: null, withdrawn: { amount: 0 } });
    expect((await ship(sale)).status).toBe(201);
  });

  it('staff send evidence, once, and win; what is decided takes no more answers', async () => {
    const { sale, row } = await disputed('needs_response');
    const path = `/v1/admin/disputes/${row.id}/evidence`;
    expect((await call('POST', path, { key: newUuid(), body: {} })).body).toMatchObject({ code: 'validation_failed' });
    expect((await call('POST', path, { body: { uncategorizedText: 'x' } })).body.code).toBe('idempotency_key_missing');
    expect(
      await call('POST', path, { key: newUuid(), body: { shippingCarrier: 'UPS', shippingTrackingNumber: '1Z999' } }),
    ).toMatchObject({ status: 200, body: { status: 'needs_response', hasEvidence: true, submissions: 0 } });
    const key = newUuid();
    const submit = () => call('POST', path, { key, body: { uncategorizedText: 'winning_evidence', submit: true } });
    const first = await submit();
    expect(first).toMatchObject({ status: 200, body: { status: 'under_review', submissions: 1, task: null } });
    expect((await submit()).body).toEqual(first.body);
    const state = payments.stripe.state() as unknown as { disputes: Stripe.Dispute[] };
    expect(state.disputes.find((d) => d.payment_intent === sale.intent)).toMatchObject({
      evidence: { shipping_tracking_number: '1Z999', uncategorized_text: 'winning_evidence' },
      evidence_details: { submission_count: 1 },
    });
    payments.stripe.settle();
    await stands(sale, 'won');
    expect(await call('POST', path, { key: newUuid(), body: { uncategorizedText: 'more' } })).toMatchObject({
      status: 409,
      body: { code: 'dispute_closed', disputeStatus: 'won' },
    });
    expect(await timeline(sale)).toEqual(
      expect.arrayContaining(['dispute.evidence_kept', 'dispute.evidence_submitted']),
    );
  });

  it('staff give up, twice by mistake', async () => {
    const { sale, row } = await disputed('needs_response');
    const accept = () => call('POST', `/v1/admin/disputes/${row.id}/accept`, { body: {} });
    expect(await accept()).toMatchObject({ status: 200, body: { status: 'lost' } });
    expect(await accept()).toMatchObject({ status: 200, body: { status: 'lost' } });
    expect(payments.posts('/close')).toBeGreaterThan(0);
    expect(await staffOrder(sale)).toMatchObject({ disputed: true });
  });

  it('while Stripe is away an answer is 503, and comes through afterwards', async () => {
    const { row } = await disputed('needs_response');
    payments.stripe.setChaos({ api: [{ kind: 'status', status: 500, path: '/v1/disputes', count: 2 }] });
    const key = newUuid();
    const send = () =>
      call('POST', `/v1/admin/disputes/${row.id}/evidence`, { key, body: { uncategorizedText: 'here', submit: true } });
    expect(await send()).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
    payments.stripe.clearChaos();
    await payments.shop.until(async () => (await send()).status === 200, 'the circuit to close');
  });

  it('events that come twice, late and in any order tell the same story once', async () => {
    payments.stripe.setChaos({
      webhooks: [{ kind: 'duplicate', types: ['charge.dispute.*'], times: 4, isConcurrent: true }],
    });
    const { sale, dispute } = await disputed('needs_response');
    payments.stripe.loseDispute(dispute.id);
    await stands(sale, 'lost');
    await payments.shop.quiet();
    for (const event of (payments.stripe.state() as unknown as { events: Stripe.Event[] }).events) {
      if (event.type === 'charge.dispute.created') payments.stripe.resend(event.id);
    }
    await payments.shop.quiet();
    expect((await disputesOf(sale)).map((d) => d.status)).toEqual(['lost']);
    expect([await told(sale, 'dispute.opened'), await told(sale, 'dispute.closed')]).toEqual([1, 1]);
    expect((await book(sale)).disputes).toBe(2000);
  });

  it('the shop gets one mail about it', async () => {
    const { sale, row } = await disputed('needs_response', { reason: 'product_not_received' });
    await payments.shop.quiet();
    const [settings] = await payments.shop.db.query<{ sender_email: string }>(`SELECT sender_email FROM shop_settings`);
    const mails = await payments.shop.db.query<{ subject: string; text: string }>(
      `SELECT subject, text_body AS text FROM mailbox WHERE recipient = $1 AND text_body LIKE $2`,
      [settings!.sender_email, `%${row.id}%`],
    );
    expect(mails).toEqual([
      {
        subject: `A payment is disputed: order ${sale.number}`,
        text: expect.stringMatching(/product not received[\s\S]*/),
      },
    ]);
    expect(mails[0]!.text).toContain('$20.00');
    expect(mails[0]!.text).toContain(row.task.dueAt.slice(0, 10));
  });

  it('an early fraud warning holds the order until staff release it', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    await payments.shop.quiet();
    payments.stripe.warnOfFraud(sale.intent);
    await payments.shop.until(async () => (await staffOrder(sale)).hold === 'fraud_warning', 'the hold');
    expect(await ship(sale)).toMatchObject({
      status: 409,
      body: { code: 'order_on_hold', detail: expect.stringMatching(/release-hold/), reasons: ['fraud_warning'] },
    });
    expect(await told(sale, 'order.fraud_warning')).toBe(1);
    const shopper = await payments.order(sale);
    expect(shopper).not.toHaveProperty('hold');
    expect(shopper).not.toHaveProperty('disputed');
    const events = (await payments.shop.call('GET', `/v1/orders/${sale.orderId}/events`, { token: sale.token })).body;
    expect(events.data.map((e: { type: string }) => e.type)).not.toContain('order.fraud_warning');

    const release = () =>
      call('POST', `/v1/admin/orders/${sale.orderId}/release-hold`, { body: { note: 'spoke with them' } });
    expect(await release()).toMatchObject({ status: 200, body: { hold: null } });
    expect(await release()).toMatchObject({ status: 200, body: { hold: null } });
    expect((await timeline(sale)).filter((type) => type === 'order.hold_released')).toHaveLength(1);
    await payments.comeBack(sale);
    expect((await ship(sale)).status).toBe(201);
  });

  it('a review that Radar asks for holds the order until somebody approves it at Stripe', async () => {
    const sale = await payments.place({ pay: 'pm_card_createReview' });
    await payments.shop.until(async () => (await staffOrder(sale)).hold === 'fraud_warning', 'the hold');
    expect(await ship(sale)).toMatchObject({ status: 409, body: { code: 'order_on_hold' } });
    expect(await told(sale, 'order.fraud_warning')).toBe(1);
    const [intent] = payments.intentsOf(sale.orderId);
    await payments.atStripe('POST', `/v1/reviews/${intent!.review as string}/approve`);
    await payments.shop.until(async () => (await staffOrder(sale)).hold === null, 'the release');
    expect((await timeline(sale)).filter((type) => type === 'order.hold_released')).toHaveLength(1);
    for (const type of ['review.opened', 'review.closed']) payments.stripe.resend(payments.eventsOf(sale, type)[0]!.id);
    await payments.shop.quiet();
    expect((await staffOrder(sale)).hold).toBeNull();
    expect((await ship(sale)).status).toBe(201);
  });

  it('a review that ends otherwise leaves the order held, until staff release it', async () => {
    const sale = await payments.place({ pay: 'pm_card_createReview' });
    await payments.shop.until(async () => (await staffOrder(sale)).hold === 'fraud_warning', 'the hold');
    payments.stripe.openDispute(sale.intent);
    await stands(sale, 'needs_response');
    payments.stripe.winDispute(sale.intent);
    await stands(sale, 'won');
    expect(await staffOrder(sale)).toMatchObject({ hold: 'fraud_warning', disputed: false });
    const released = await call('POST', `/v1/admin/orders/${sale.orderId}/release-hold`, { body: {} });
    expect(released).toMatchObject({ status: 200, body: { hold: null } });
    await payments.shop.quiet();
    expect((await ship(sale)).status).toBe(201);
  });

  it('a warning about what is shipped holds nothing, and is told all the same', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    expect((await ship(sale)).status).toBe(201);
    payments.stripe.warnOfFraud(sale.intent);
    await payments.shop.until(async () => (await told(sale, 'order.fraud_warning')) === 1, 'the word of it');
    expect(await staffOrder(sale)).toMatchObject({ hold: null });
  });

  race('an order cannot be shipped past a dispute that comes at the same time', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    await payments.shop.quiet();
    payments.stripe.openDispute(sale.intent);
    const shipped = await ship(sale);
    await stands(sale, 'needs_response');
    const order = await staffOrder(sale);
    expect(order.disputed).toBe(true);
    expect([201, 409]).toContain(shipped.status);
    expect(order.fulfillments.length).toBe(shipped.status === 201 ? 1 : 0);
    expect((await ship(sale)).status).toBe(409);
  });

  it('are for staff who may see payments, found by status', async () => {
    const { sale, row } = await disputed('needs_response');
    expect((await payments.shop.call('GET', '/v1/admin/disputes')).status).toBe(401);
    const support = await payments.shop.staff('support');
    expect(
      (await payments.shop.call('POST', `/v1/admin/disputes/${row.id}/accept`, { bearer: support, body: {} })).status,
    ).toBe(403);
    const open = (await call('GET', `/v1/admin/disputes?status=needs_response&limit=100&include=total`)).body;
    expect(open.data.map((d: { id: string }) => d.id)).toContain(row.id);
    expect(open.page.total).toBe(open.data.length);
    const won = (await call('GET', `/v1/admin/disputes?status=won&orderId=${sale.orderId}`)).body;
    expect(won.data).toEqual([]);
    expect((await call('GET', `/v1/admin/disputes/${row.id}`)).body).toMatchObject({
      id: row.id,
      orderId: sale.orderId,
      paymentId: sale.paymentId,
      orderNumber: sale.number,
    });
    expect((await call('GET', `/v1/admin/disputes/dsp_${'0'.repeat(26)}`)).status).toBe(404);
    expect(decodeId('dispute', row.id)).not.toBeNull();
  });
});
