import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { encodeId, newUuid } from '#libs/ids';
import { loadConfig } from '../../src/config/index.js';
import { usePaymentShop } from '../support/payments.js';
import { freePort, Processes } from '../support/processes.js';
import { race, SEED } from '../support/rounds.js';
import { WEBHOOK_SECRET } from '../support/shop.js';

const OTHER_SECRET = 'whsec_the_next_one_0123456789';
const signed = (payload: string, secret = WEBHOOK_SECRET, ageSeconds = 0) =>
  Stripe.webhooks.generateTestHeaderString({
    payload,
    secret,
    timestamp: Math.floor(Date.now() / 1000) - ageSeconds,
  });

/** Events of Stripe: doubled, lost, late, out of order, forged, early, and of things that are not ours. */
describe(`Events of Stripe (seed ${SEED})`, () => {
  const pay = usePaymentShop({ env: { STRIPE_WEBHOOK_SECRET: `${WEBHOOK_SECRET},${OTHER_SECRET}` } });

  const eventOf = (type: string, object: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    JSON.stringify({
      id: `evt_${newUuid()}`,
      object: 'event',
      api_version: Stripe.API_VERSION,
      created: Math.floor(Date.now() / 1000),
      livemode: false,
      type,
      data: { object },
      ...more,
    });

  race('S7 webhook x5 concurrent duplicates', async () => {
    pay.stripe.setChaos({ webhooks: [{ kind: 'duplicate', times: 5, isConcurrent: true }] });
    const sale = await pay.place();
    await pay.shop.confirm(sale.clientSecret);
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(await pay.told(sale, 'order.paid')).toBe(1);
    const [event] = pay.eventsOf(sale, 'payment_intent.succeeded');
    const deliveries = pay.stripe.deliveries({ event: event!.id });
    expect(deliveries.flatMap((d) => d.attempts.map((a) => a.status))).toEqual([200, 200, 200, 200, 200]);
  });

  it('S10 events out of order', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    await pay.shop.quiet();
    const history = await pay.history(sale);
    const old = (status: string) => ({ id: sale.intent, object: 'payment_intent', status, metadata: {} });
    for (const [type, object] of [
      ['payment_intent.processing', old('processing')],
      ['payment_intent.requires_action', old('requires_action')],
      ['payment_intent.payment_failed', old('requires_payment_method')],
      ['payment_intent.canceled', old('canceled')],
      ['payment_intent.created', old('requires_payment_method')],
    ] as const) {
      const payload = eventOf(type, object);
      expect((await pay.deliver(payload, signed(payload))).status).toBe(200);
    }
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(await pay.history(sale)).toEqual(history);
  });

  it('S10 events of one payment sent newest first', async () => {
    pay.stripe.setChaos({ webhooks: [{ kind: 'reorder', delayMs: 200 }] });
    const sale = await pay.place({ pay: 'pm_card_chargeDeclined' });
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await pay.told(sale, 'order.paid')).toBe(1);
  });

  it('S11 all webhooks dropped', async () => {
    pay.stripe.setChaos({ webhooks: [{ kind: 'drop' }] });
    const sale = await pay.place();
    await pay.shop.confirm(sale.clientSecret);
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    await pay.reconcile(sale);
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    const other = await pay.place();
    await pay.shop.confirm(other.clientSecret);
    expect(await pay.comeBack(other)).toMatchObject({ status: 200, body: { paymentStatus: 'paid' } });
    expect(await pay.standing(other)).toEqual(['confirmed', 'paid', 3, 0]);
  });

  it('S12 our endpoint down', async () => {
    const sale = await pay.place();
    const sick = await pay.place();
    await pay.shop.quiet();
    await pay.shop.db.query(`ALTER TABLE webhook_receipts RENAME TO webhook_receipts_away`);
    try {
      await pay.shop.confirm(sale.clientSecret);
      await pay.shop.confirm(sick.clientSecret);
      await pay.shop.until(async () => {
        const [event] = pay.eventsOf(sale, 'payment_intent.succeeded');
        return event && pay.stripe.deliveries({ event: event.id })[0]!.attempts.length >= 2;
      }, 'Stripe to try again');
      // Nothing stored, so nothing may be answered with 200: Stripe would never come again.
      const attempts = pay.stripe
        .deliveries({ type: 'payment_intent.succeeded' })
        .slice(-2)
        .flatMap((d) => d.attempts.map((a) => a.status));
      for (const status of attempts) expect(status).toBeGreaterThanOrEqual(500);
    } finally {
      await pay.shop.db.query(`ALTER TABLE webhook_receipts_away RENAME TO webhook_receipts`);
    }
    // One is heard of by the next try of Stripe, or by whoever looks first.
    await pay.reconcile(sick);
    for (const each of [sale, sick]) {
      await pay.becomes(each, 'confirmed', 'paid');
      expect(await pay.told(each, 'order.paid')).toBe(1);
    }
  });

  it('S23 forged / stale / replayed webhook', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    await pay.shop.quiet();
    const before = await pay.receipts();
    const payload = eventOf('payment_intent.succeeded', { id: sale.intent, object: 'payment_intent' });
    const refused = await Promise.all([
      pay.deliver(payload),
      pay.deliver(payload, signed(payload, 'whsec_somebody_else_012345')),
      pay.deliver(payload, signed(payload, WEBHOOK_SECRET, 600)),
      pay.deliver(JSON.stringify(JSON.parse(payload), null, 2), signed(payload)),
      pay.deliver(payload, signed(payload).replace('v1=', 'v0=')),
    ]);
    expect(refused.map((answer) => answer.status)).toEqual([400, 400, 400, 400, 400]);
    expect(await pay.receipts()).toBe(before);
    const history = await pay.history(sale);
    const header = signed(payload);
    expect((await pay.deliver(payload, header)).status).toBe(200);
    expect((await pay.deliver(payload, header)).status).toBe(200);
    await pay.shop.quiet();
    expect(await pay.receipts()).toBe(before + 1);
    expect(await pay.history(sale)).toEqual(history);
  });

  it('S23 signatures of the emulator that do not fit are tried again until they do', async () => {
    pay.stripe.setChaos({
      webhooks: [
        { kind: 'badSignature', count: 2 },
        { kind: 'staleTimestamp', count: 2 },
      ],
    });
    const sale = await pay.place();
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await pay.told(sale, 'order.paid')).toBe(1);
  });

  it('F5 a key that Stripe does not take at webhook time: the event waits and is worked on later', async () => {
    const sale = await pay.place();
    await pay.shop.quiet();
    pay.stripe.setChaos({ api: [{ kind: 'status', status: 401, method: 'GET' }] });
    await pay.shop.confirm(sale.clientSecret);
    const tried = () =>
      pay.shop.db.query(
        `SELECT FROM jobs j JOIN webhook_receipts w ON w.id::text = j.payload->>'receiptId'
         WHERE w.object_ref = $1 AND j.state = 'queued' AND j.attempts > 0`,
        [sale.intent],
      );
    await pay.shop.until(async () => (await tried()).length > 0, 'a try that fails');
    expect((await pay.order(sale)).paymentStatus).toBe('pending');
    pay.stripe.clearChaos();
    await pay.wake('payments.process-webhook');
    await pay.becomes(sale, 'confirmed', 'paid');
  });

  it('F6 the webhook comes before the answer of the call that caused it: paid within 2 s, without another delivery', async () => {
    pay.stripe.setChaos({ webhooks: [{ kind: 'deliverBeforeResponse' }] });
    const startedAt = Date.now();
    const sale = await pay.place({ pay: 'pm_card_visa' });
    await pay.becomes(sale, 'confirmed', 'paid', 2_000);
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    for (const type of ['payment_intent.created', 'payment_intent.succeeded'])
      expect(pay.stripe.deliveries({ event: pay.eventsOf(sale, type)[0]!.id })).toMatchObject([
        { status: 'succeeded', attempts: [{ status: 200 }] },
      ]);
  });

  it('F7 created, processing and requires_action change nothing, and leave no gap in the order numbers', async () => {
    const sale = await pay.place();
    const history = await pay.history(sale);
    for (const type of ['payment_intent.created', 'payment_intent.processing', 'payment_intent.requires_action']) {
      const payload = eventOf(type, { id: sale.intent, object: 'payment_intent' });
      expect((await pay.deliver(payload, signed(payload))).status).toBe(200);
    }
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    expect(await pay.history(sale)).toEqual(history);
    const next = await pay.place();
    expect(Number(next.number)).toBe(Number(sale.number) + 1);
  });

  it('F8 canceled in the dashboard or by expiry: the order ends and its stock comes back, once', async () => {
    const sale = await pay.place();
    pay.stripe.dashboardCancel(sale.intent);
    await pay.becomes(sale, 'canceled', 'canceled');
    for (const { id } of pay.eventsOf(sale, 'payment_intent.canceled')) pay.stripe.resend(id);
    await pay.comeBack(sale);
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    expect((await pay.history(sale)).filter((type) => type === 'order.canceled')).toHaveLength(1);
    const expired = await pay.place();
    await pay.expire(expired);
    await pay.becomes(expired, 'canceled', 'canceled');
    expect(pay.intentsOf(expired.orderId)).toMatchObject([{ status: 'canceled' }]);
    expect(await pay.standing(expired)).toEqual(['canceled', 'canceled', 5, 0]);
  });

  race('F13 three simultaneous deliveries settle once', async () => {
    pay.stripe.setChaos({
      webhooks: [{ kind: 'duplicate', types: ['payment_intent.succeeded'], times: 3, isConcurrent: true }],
    });
    const sale = await pay.place({ pay: 'pm_card_visa' });
    await pay.shop.quiet();
    expect((await pay.payment(sale)).captured.amount).toBe(2000);
    expect((await pay.history(sale)).filter((type) => type === 'payment.succeeded')).toHaveLength(1);
    expect(await pay.told(sale, 'order.paid')).toBe(1);
  });

  it('F15 a forged body is refused before anything is read', async () => {
    const sale = await pay.place();
    const [intent] = pay.intentsOf(sale.orderId);
    const payload = eventOf('payment_intent.succeeded', { ...intent, status: 'succeeded', amount_received: 2000 });
    // Whoever read or wrote one of these tables would wait.
    await pay.shop.db.transaction(async (tx) => {
      await tx.query(`LOCK TABLE orders, payments, webhook_receipts, jobs IN ACCESS EXCLUSIVE MODE`);
      const startedAt = Date.now();
      const answer = await pay.deliver(payload, signed(payload, 'whsec_somebody_else_012345'));
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: 'webhook_signature_invalid' });
      expect(Date.now() - startedAt).toBeLessThan(1_000);
    });
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
  });

  it('F15 Stripe is switched off while money is on the way: the webhook counts, and only new orders cannot have it', async () => {
    const [sale, waiting] = [await pay.place(), await pay.place()];
    await offerStripe(false);
    try {
      await pay.shop.confirm(sale.clientSecret);
      await pay.becomes(sale, 'confirmed', 'paid');
      const intents = pay.account.payment_intents.length;
      const { cart } = await pay.fill();
      expect(await pay.shop.checkout(cart)).toMatchObject({
        status: 422,
        body: { code: 'payment_method_unavailable', errors: [{ pointer: '/paymentMethod', code: 'not_offered' }] },
      });
      expect(pay.account.payment_intents).toHaveLength(intents);
      expect((await pay.pay(waiting, 'pm_card_visa')).status).toBe(201);
      await pay.becomes(waiting, 'confirmed', 'paid');
      expect((await pay.refund(sale, {})).status).toBe(201);
    } finally {
      await offerStripe(true);
    }
  });
  async function offerStripe(stripePayments: boolean): Promise<void> {
    const { bearer } = pay;
    const settings = await pay.shop.call('GET', '/v1/admin/settings', { bearer });
    const headers = { 'If-Match': settings.headers.get('etag')! };
    const changed = await pay.shop.call('PATCH', '/v1/admin/settings', { bearer, headers, body: { stripePayments } });
    expect(changed).toMatchObject({ status: 200, body: { stripePayments } });
    // Shoppers see a change of the settings within a second.
    await pay.shop.until(async () => {
      const { data } = (await pay.shop.call('GET', '/v1/payment-methods')).body as { data: { id: string }[] };
      return data.some(({ id }) => id === 'stripe') === stripePayments;
    }, 'the ways to pay');
  }

  it('F16 a payment that is not ours is answered with 200 and ignored', async () => {
    const card = { payment_method: 'pm_card_visa', return_url: 'http://localhost/done' };
    const foreign = await pay.atStripe('POST', '/v1/payment_intents', {
      amount: '1234',
      currency: 'usd',
      confirm: 'true',
      ...card,
    });
    pay.shop.foreign.add(foreign.id);
    const declined = await pay.atStripe('POST', '/v1/payment_intents', {
      amount: '777',
      currency: 'usd',
      confirm: 'true',
      ...card,
      payment_method: 'pm_card_chargeDeclined',
    });
    await pay.shop.quiet();
    for (const ref of [foreign.id, declined.error.payment_intent.id]) {
      const receipts = await pay.shop.db.query<{ outcome: string }>(
        `SELECT outcome FROM webhook_receipts WHERE object_ref = $1`,
        [ref],
      );
      expect(receipts.length).toBeGreaterThan(0);
      expect(new Set(receipts.map(({ outcome }) => outcome))).toEqual(new Set(['not_ours']));
    }
    const statuses = pay.stripe.deliveries().flatMap((d) => (d.attempts.length > 0 ? [d.attempts.at(-1)!.status] : []));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  describe('money of ours without an order is an alert when the event comes, once for each intent', () => {
    const strayOf = (params: Record<string, string>) =>
      pay.atStripe('POST', '/v1/payment_intents', {
        amount: '1234',
        currency: 'usd',
        confirm: 'true',
        payment_method: 'pm_card_visa',
        return_url: 'http://localhost/done',
        'metadata[shop]': 'emporium',
        ...params,
      });
    const alerts = (ref: string) =>
      pay.shop.db.query<{ payload: any; aggregate_id: string }>(
        `SELECT payload, aggregate_id FROM outbox WHERE topic = 'reconciliation.mismatch' AND payload->>'subject' = $1`,
        [ref],
      );
    const nobody = { 'metadata[order_id]': `ord_${'0'.repeat(26)}`, 'metadata[payment_id]': `pay_${'0'.repeat(26)}` };

    it.each([
      ['captured', nobody, { status: 'succeeded', kept: 1234, currency: 'USD' }],
      ['held', { ...nobody, capture_method: 'manual' }, { status: 'authorized', held: 1234, currency: 'USD' }],
      ['captured, and named after nothing', {}, { status: 'succeeded', kept: 1234, currency: 'USD' }],
    ] as [string, Record<string, string>, object][])('%s', async (_how, params, found) => {
      pay.stripe.setChaos({ webhooks: [{ kind: 'duplicate', times: 3, isConcurrent: true }] });
      const stray = await strayOf(params);
      pay.shop.foreign.add(stray.id);
      await pay.shop.quiet();
      const receipts = await pay.shop.db.query<{ id: string; outcome: string }>(
        `SELECT id, outcome FROM webhook_receipts WHERE object_ref = $1`,
        [stray.id],
      );
      expect(new Set(receipts.map(({ outcome }) => outcome))).toEqual(new Set(['unknown_payment']));
      const told = await alerts(stray.id);
      expect(told).toMatchObject([{ payload: { kind: 'captured_without_order', severity: 'critical' } }]);
      const report = await pay.shop.call('GET', `/v1/admin/reconciliations/${told[0]!.payload.reconciliationId}`, {
        bearer: pay.bearer,
      });
      expect(report).toMatchObject({ status: 200, body: { status: 'done', findings: [{ subject: stray.id, found }] } });
      // Not even after its announcement was forgotten.
      await pay.shop.db.query(`DELETE FROM outbox WHERE payload->>'subject' = $1`, [stray.id]);
      const again = await pay.shop.call(
        'POST',
        `/v1/admin/webhook-receipts/${encodeId('webhook', receipts[0]!.id)}/replay`,
        { bearer: pay.bearer },
      );
      expect(again).toMatchObject({ status: 200, body: { outcome: 'unknown_payment' } });
      expect(await alerts(stray.id)).toEqual([]);
    });

    it('but not an intent that nobody has paid', async () => {
      const { error } = await strayOf({ ...nobody, payment_method: 'pm_card_chargeDeclined' });
      await pay.shop.quiet();
      expect(await alerts(error.payment_intent.id)).toEqual([]);
    });
  });

  it('F21 the decline of an old try that is told late does not undo the success', async () => {
    pay.stripe.setChaos({ webhooks: [{ kind: 'hold', types: ['payment_intent.payment_failed', 'charge.failed'] }] });
    const sale = await pay.place({ pay: 'pm_card_chargeDeclined' });
    await pay.pay(sale, 'pm_card_visa');
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(pay.stripe.release()).toBeGreaterThan(0);
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(await pay.payment(sale)).toMatchObject({ status: 'succeeded', error: null });
  });

  it('F30 without a webhook secret the shop does not start', async () => {
    const settings = {
      STRIPE_SECRET_KEY: 'sk_test_emporium',
      STRIPE_PUBLISHABLE_KEY: 'pk_test_emporium',
      STRIPE_API_BASE: pay.stripe.url,
    };
    for (const blank of ['', '   ', ' , '])
      expect(() =>
        loadConfig({ DATA_DIR: pay.shop.config.dataDir, ...settings, STRIPE_WEBHOOK_SECRET: blank }),
      ).toThrow(/STRIPE_WEBHOOK_SECRET is missing/);
    const processes = new Processes();
    try {
      const child = processes.start('src/main.js', {
        ...settings,
        PORT: String(await freePort()),
        DATABASE_URL: pay.shop.database.url,
      });
      expect(await new Promise((done) => child.once('exit', done))).toBeGreaterThan(0);
      expect(processes.output).toContain('STRIPE_WEBHOOK_SECRET is missing');
    } finally {
      await processes.stop();
    }
  });

  it('while a secret is rolled, either signature is taken, and both at once', async () => {
    const sale = await pay.place();
    const payload = () => eventOf('payment_intent.created', { id: sale.intent, object: 'payment_intent' });
    const [old, next, both] = [payload(), payload(), payload()];
    const strange = signed(both, 'whsec_somebody_else_012345');
    const answers = await Promise.all([
      pay.deliver(old, signed(old)),
      pay.deliver(next, signed(next, OTHER_SECRET)),
      pay.deliver(both, `${strange},${signed(both).split(',')[1]}`),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  });

  it('an event of 150 kB is taken', async () => {
    const sale = await pay.place();
    await pay.shop.confirm(sale.clientSecret);
    const object = { id: sale.intent, object: 'payment_intent', description: 'x'.repeat(150_000) };
    const payload = eventOf('payment_intent.succeeded', object);
    expect((await pay.deliver(payload, signed(payload))).status).toBe(200);
    await pay.becomes(sale, 'confirmed', 'paid');
  });

  it('events in another API version are taken, because the payment is read from Stripe', async () => {
    pay.stripe.setChaos({ webhooks: [{ kind: 'oldApiVersion' }] });
    const sale = await pay.place();
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'confirmed', 'paid');
  });

  describe('While Stripe works on a call', () => {
    let witness: Server;
    let endpoint: string;
    /** Holds back Stripe's answer until this is so; then says what Postgres was doing meanwhile. */
    let isDone: (() => Promise<boolean>) | undefined;
    const seen: { isDone: boolean; openTransactions: number }[] = [];

    beforeAll(async () => {
      // The emulator answers a call only when everybody who is told of it has taken the event: this one takes its time.
      witness = createServer((request, response) => {
        request.resume().on('end', () => {
          void watch().then(() => response.writeHead(200).end());
        });
      });
      await new Promise<void>((done) => witness.listen(0, '127.0.0.1', done));
      const { port } = witness.address() as AddressInfo;
      endpoint = pay.stripe.addWebhookEndpoint({ url: `http://127.0.0.1:${port}/`, secret: OTHER_SECRET });
    });
    afterAll(async () => {
      pay.stripe.removeWebhookEndpoint(endpoint);
      witness.closeAllConnections();
      await new Promise((done) => witness.close(done));
    });
    beforeEach(() => {
      seen.length = 0;
    });
    afterEach(() => {
      isDone = undefined;
    });

    async function watch(): Promise<void> {
      if (!isDone) return;
      const deadline = Date.now() + 4_000;
      let done = false;
      while (!done && Date.now() < deadline) done = (await isDone?.()) ?? true;
      // A job may be at work at this very moment; one that waits for Stripe would stay as long as Stripe waits for us.
      const openTransactions = async () => {
        const [row] = await pay.shop.db.query<{ n: number }>(
          `SELECT count(*) AS n FROM pg_stat_activity
           WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND xact_start < now() - interval '100 ms'`,
        );
        return row!.n;
      };
      let open = await openTransactions();
      while (open > 0 && Date.now() < deadline) open = await openTransactions();
      seen.push({ isDone: done, openTransactions: open });
    }
    /** The shop's own call is answered after its webhook has been applied; a lock that it held would stop both. */
    async function during<T>(types: string[], isApplied: () => Promise<boolean>, call: () => Promise<T>): Promise<T> {
      pay.stripe.setChaos({ webhooks: [{ kind: 'deliverBeforeResponse', types }] });
      isDone = isApplied;
      const answer = await call();
      expect(seen.length).toBeGreaterThan(0);
      expect(seen).toEqual(seen.map(() => ({ isDone: true, openTransactions: 0 })));
      return answer;
    }

    it('no transaction is open: a confirm is applied by its webhook before it is answered', async () => {
      const sale = await pay.place();
      const answer = await during(
        ['payment_intent.succeeded'],
        async () => (await pay.order(sale)).paymentStatus === 'paid',
        () => pay.pay(sale, 'pm_card_visa'),
      );
      expect(answer).toMatchObject({ status: 201, body: { status: 'succeeded' } });
      expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
      expect(await pay.told(sale, 'order.paid')).toBe(1);
    });

    it('no transaction is open: a cancel is applied by its webhook before it is answered', async () => {
      const sale = await pay.place();
      const answer = await during(
        ['payment_intent.canceled'],
        async () => (await pay.order(sale)).status === 'canceled',
        () => pay.cancel(sale),
      );
      expect(answer).toMatchObject({ status: 200, body: { status: 'canceled' } });
      expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    });

    it('no transaction is open: a capture is applied by its webhook before it is answered', async () => {
      await pay.captureLater(true);
      const sale = await pay.place({ pay: 'pm_card_visa' }).finally(() => pay.captureLater(false));
      await pay.becomes(sale, 'confirmed', 'authorized');
      await pay.shop.quiet();
      const answer = await during(
        ['payment_intent.succeeded', 'charge.captured'],
        async () => (await pay.order(sale)).paymentStatus === 'paid',
        () => pay.capture(sale, { amount: 1500 }),
      );
      expect(answer).toMatchObject({ status: 201, body: { status: 'succeeded' } });
      expect(pay.charges(sale)).toMatchObject([{ amount_captured: 1500 }]);
      expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
      expect(await pay.told(sale, 'payment.captured')).toBe(1);
    });

    it('no transaction is open: a refund is applied by its webhook before it is answered', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      await pay.shop.quiet();
      const answer = await during(
        ['charge.refunded'],
        async () => (await pay.order(sale)).paymentStatus === 'partially_refunded',
        () => pay.refund(sale, { amount: 500 }),
      );
      expect(answer).toMatchObject({ status: 201, body: { status: 'succeeded' } });
      expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 500 }]);
    });
  });
});
