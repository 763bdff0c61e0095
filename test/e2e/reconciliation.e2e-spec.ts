import { decodeId, encodeId, newUuid } from '#libs/ids';
import { Ledger, type Posting } from '../../src/modules/ledger/index.js';
import { MISMATCHES } from '../../src/modules/notifications/mails/mismatch.mail.js';
import { FINDING_KINDS, FINDINGS } from '../../src/modules/payments/reconciliation/findings.js';
import { ReportsRepository } from '../../src/modules/payments/reconciliation/reports.repository.js';
import { RunReconciliation } from '../../src/modules/payments/reconciliation/run-reconciliation.service.js';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { RACE_ROUNDS } from '../support/rounds.js';
import { type Answer, SETTLE_DELAY_MS } from '../support/shop.js';

interface Finding {
  kind: string;
  severity: string;
  subject: string;
  paymentId: string | null;
  orderId: string | null;
  expected: Record<string, unknown> | null;
  found: Record<string, unknown> | null;
  action: string;
}

interface Report {
  id: string;
  status: string;
  counts: Record<string, number>;
  findingCounts: Record<string, number>;
  findings: Finding[];
}

describe('reconciliation', () => {
  const payments = usePaymentShop();
  const call = (method: string, path: string, options: { body?: unknown; key?: string } = {}): Promise<Answer> =>
    payments.shop.call(method, path, { bearer: payments.bearer, ...options });
  const start = (body: unknown = {}, key?: string) =>
    call('POST', '/v1/admin/reconciliations', { body, ...(key ? { key } : {}) });
  const report = async (id: string) => (await call('GET', `/v1/admin/reconciliations/${id}`)).body as Report;

  /** Runs the whole comparison and waits for its report. */
  async function full(): Promise<Report> {
    const started = await start();
    expect(started.status).toBe(202);
    return payments.shop.until(async () => {
      const now = await report(started.body.id);
      return now.status === 'done' && now;
    }, 'the reconciliation');
  }
  const quick = (quietFor?: string) => payments.shop.app.get(RunReconciliation, { strict: false }).quick(quietFor);
  const about = (found: Report, sale: Sale) => found.findings.filter((f) => f.orderId === sale.orderId);
  const loseEverything = () => payments.stripe.setChaos({ webhooks: [{ kind: 'drop', types: ['*'] }] });
  /** How often something that does not add up was announced on each day: once, also where a test goes on past midnight. */
  const alerts = async (subject: string) =>
    (
      await payments.shop.db.query<{ n: number }>(
        `SELECT count(*) AS n FROM outbox WHERE topic = 'reconciliation.mismatch' AND payload->>'subject' = $1
         GROUP BY right(event_key, ${'yyyy-mm-dd'.length})`,
        [subject],
      )
    ).map(({ n }) => n);
  const onceADay = (counts: number[]) => {
    expect(counts.length).toBeGreaterThan(0);
    expect(new Set(counts)).toEqual(new Set([1]));
  };
  /** Mails to the shop about something that does not add up. */
  const mailsAbout = (subject: string) =>
    payments.shop.db.query<{ recipient: string; subject: string; text: string }>(
      `SELECT recipient, subject, text_body AS text FROM mailbox WHERE subject LIKE '%: ' || $1 ORDER BY id`,
      [subject],
    );
  async function book(sale: Sale): Promise<Record<string, number>> {
    const { data } = (await call('GET', `/v1/admin/ledger/entries?limit=100&orderId=${sale.orderId}`)).body;
    const sums: Record<string, number> = {};
    for (const { account, amount } of data as { account: string; amount: { amount: number } }[])
      sums[account] = (sums[account] ?? 0) + amount.amount;
    return Object.fromEntries(Object.entries(sums).filter(([, amount]) => amount !== 0));
  }
  /** How often the word of the payment was taken in past the endpoint; by this test's runs or by those of the shop itself. */
  const takenIn = async (sale: Sale) =>
    (
      await payments.shop.db.query<{ n: number }>(
        `SELECT count(*) AS n FROM reconciliation_findings WHERE kind = 'event_undelivered' AND subject = $1`,
        [payments.eventsOf(sale, 'payment_intent.succeeded')[0]!.id],
      )
    )[0]!.n;
  const onlyQuickReport = async (sale: Sale) => {
    const { data } = (await call('GET', '/v1/admin/reconciliations?kind=quick&limit=100')).body;
    for (const { id } of data as { id: string }[]) {
      const found = await report(id);
      if (about(found, sale).length > 0) return found;
    }
    return null;
  };

  it('scenario 11: all webhooks dropped: paid within one cycle', async () => {
    loseEverything();
    const sale = await payments.place();
    await payments.shop.confirm(sale.clientSecret);
    await payments.shop.quiet();
    await quick();
    await payments.becomes(sale, 'confirmed', 'paid');
    expect(await takenIn(sale)).toBe(1);
    expect(await payments.told(sale, 'order.paid')).toBe(1);
    expect(payments.charges(sale)).toHaveLength(1);
  });

  it('scenario 12: an endpoint that takes nothing for a while: what Stripe gave up delivering is taken in, once', async () => {
    payments.stripe.setChaos({ webhooks: [{ kind: 'badSignature', types: ['*'] }] });
    const sale = await payments.place();
    await payments.shop.confirm(sale.clientSecret);
    await payments.shop.quiet();
    await Promise.all([quick(), quick(), quick()]);
    await payments.becomes(sale, 'confirmed', 'paid');
    expect(await takenIn(sale)).toBe(1);
    await payments.shop.quiet();
    const before = await payments.receipts();
    await quick();
    expect(await payments.receipts()).toBe(before);
    expect(await payments.told(sale, 'order.paid')).toBe(1);
  });

  it('finds a payment whose events are lost by comparing the lists, and tells of it', async () => {
    loseEverything();
    const sale = await payments.place();
    await payments.shop.confirm(sale.clientSecret);
    await payments.shop.db.query(`UPDATE webhook_receipts SET processed_at = coalesce(processed_at, now())`);
    // Events older than Stripe keeps them are not listed any more: only the comparison is left.
    for (const event of payments.eventsOf(sale, 'payment_intent.succeeded')) await forget(event.id);
    const found = await full();
    expect(await payments.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    const mine = about(found, sale);
    expect(mine.map((f) => f.kind)).toContain('payment_behind');
    expect(mine.find((f) => f.kind === 'payment_behind')).toMatchObject({
      severity: 'warning',
      subject: sale.intent,
      paymentId: sale.paymentId,
      expected: { status: 'succeeded', kept: 2000 },
      found: { status: 'requires_payment_method', kept: 0 },
      action: 'read from Stripe and applied',
    });
    onceADay(await alerts(sale.intent));
    expect((await full()).findings.filter((f) => f.orderId === sale.orderId)).toEqual([]);
    expect(found.counts.intentsCompared).toBeGreaterThan(0);
  });
  /** As if the event had been taken and nothing had come of it. */
  const forget = (eventId: string) =>
    payments.shop.db.query(
      `INSERT INTO webhook_receipts (id, provider, event_id, type, processed_at, outcome) VALUES ($1, 'stripe', $2, 'payment_intent.succeeded', now(), 'ignored')
       ON CONFLICT DO NOTHING`,
      [newUuid(), eventId],
    );

  it('takes in a refund made in the dashboard of which no word came', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    await payments.shop.quiet();
    loseEverything();
    payments.stripe.dashboardRefund(sale.intent, 700);
    const found = await full();
    expect((await payments.order(sale)).paymentStatus).toBe('partially_refunded');
    expect(about(found, sale).length).toBeGreaterThan(0);
    expect(await book(sale)).toMatchObject({ refunds: 700, 'provider_balance:stripe': 2000 - 88 - 700 });
  });

  it('takes in a dispute of which no word came', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    await payments.shop.quiet();
    loseEverything();
    payments.stripe.openDispute(sale.intent);
    await full();
    await payments.shop.quiet();
    expect((await call('GET', `/v1/admin/orders/${sale.orderId}`)).body.disputed).toBe(true);
    expect(await book(sale)).toMatchObject({ disputes: 2000, dispute_fees: 1500 });
    payments.stripe.winDispute(sale.intent);
    await full();
    await payments.shop.quiet();
    expect(await book(sale)).not.toHaveProperty('disputes');
  });

  it('enters fees that come late', async () => {
    payments.stripe.setChaos({ webhooks: [{ kind: 'drop', types: ['charge.updated'] }] });
    let sale!: Sale;
    await payments.withLateFees(async () => {
      sale = await payments.place({ pay: 'pm_card_visa' });
      await payments.shop.quiet();
      expect(await book(sale)).not.toHaveProperty('provider_fees');
      return sale;
    });
    await quick('0 seconds');
    await payments.shop.quiet();
    expect(await book(sale)).toMatchObject({ provider_fees: 88 });
  });

  it('brings back a line of Stripe that is in no book here, and enters its fee once', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    await payments.shop.quiet();
    payments.stripe.dashboardRefund(sale.intent, 700);
    await payments.becomes(sale, 'confirmed', 'partially_refunded');
    await payments.shop.quiet();
    const before = await book(sale);
    const { db } = payments.shop;
    const lines = () =>
      db.query(
        `SELECT ref, type, amount, fee, currency FROM provider_transactions WHERE payment_id = $1 ORDER BY type`,
        [decodeId('payment', sale.paymentId)],
      );
    const there = await lines();
    expect(there).toMatchObject([
      { type: 'charge', amount: 2000, fee: 88 },
      { type: 'refund', amount: -700, fee: 0 },
    ]);
    await db.query(`DELETE FROM provider_transactions WHERE payment_id = $1`, [decodeId('payment', sale.paymentId)]);
    await payments.shop.settleUp();
    expect(await lines()).toEqual(there);
    expect(await book(sale)).toEqual(before);
  });

  it('a charge of which the bank has not said what it comes to is no alert, though its refund is settled already', async () => {
    payments.stripe.setChaos({ webhooks: [{ kind: 'drop', types: ['charge.updated'] }] });
    payments.stripe.settleDelayMs = 600_000;
    let sale!: Sale;
    try {
      sale = await payments.place({ pay: 'pm_card_visa' });
      payments.stripe.dashboardRefund(sale.intent, 300);
      await payments.becomes(sale, 'confirmed', 'partially_refunded');
      expect(payments.charges(sale)).toMatchObject([{ balance_transaction: null }]);
      expect(about(await full(), sale).filter(({ severity }) => severity === 'critical')).toEqual([]);
      const { db } = payments.shop;
      await db.query(`ALTER TABLE ledger_transactions DISABLE TRIGGER USER`);
      await db.query(`UPDATE ledger_transactions SET created_at = now() - interval '25 hours' WHERE fact = $1`, [
        `capture:${decodeId('payment', sale.paymentId)}`,
      ]);
      await db.query(`ALTER TABLE ledger_transactions ENABLE TRIGGER USER`);
      expect(about(await full(), sale)).toContainEqual(expect.objectContaining({ kind: 'ledger_differs' }));
    } finally {
      payments.stripe.settleDelayMs = SETTLE_DELAY_MS;
      payments.stripe.settle();
    }
    // The fee is looked for, whatever else is known of the payment.
    await quick('0 seconds');
    expect(await book(sale)).toMatchObject({ provider_fees: 88 });
    expect(about(await full(), sale)).toEqual([]);
  });

  it('scenario 13: finds the intent whose making was never answered, and makes no second one', async () => {
    payments.stripe.setChaos({ api: [{ kind: 'reset_after', method: 'POST', path: '/v1/payment_intents' }] });
    const { variantId, quantity, cart } = await payments.fill();
    const answer = await payments.shop.checkout(cart);
    expect(answer.status).toBe(503);
    payments.stripe.clearChaos();
    const orderId = decodeId('order', answer.body.orderId)!;
    await payments.shop.db.query(`UPDATE payments SET created_at = now() - interval '25 hours' WHERE order_id = $1`, [
      orderId,
    ]);
    const posts = payments.posts('/v1/payment_intents');
    await quick();
    const [row] = await payments.shop.db.query<{ provider_ref: string | null }>(
      `SELECT provider_ref FROM payments WHERE order_id = $1`,
      [orderId],
    );
    expect(row!.provider_ref).toBe(payments.intentsOf(answer.body.orderId)[0]!.id);
    expect(payments.posts('/v1/payment_intents')).toBe(posts);
    expect(payments.intentsOf(answer.body.orderId)).toHaveLength(1);
    expect([variantId, quantity]).toEqual([expect.any(String), 2]);
  });

  it('paying an old order whose intent was never answered for uses that intent, whatever Stripe has forgotten', async () => {
    payments.stripe.setChaos({ api: [{ kind: 'reset_after', method: 'POST', path: '/v1/payment_intents' }] });
    const { cart } = await payments.fill();
    const answer = await payments.shop.checkout(cart);
    expect(answer.status).toBe(503);
    payments.stripe.clearChaos();
    const { orderId } = answer.body;
    await payments.shop.db.query(
      `UPDATE payments SET created_at = now() - interval '25 hours', updated_at = now() WHERE order_id = $1`,
      [decodeId('order', orderId)],
    );
    const posts = payments.posts('/v1/payment_intents');
    const again = await payments.shop.call('POST', `/v1/orders/${orderId}/payments`, {
      token: cart.token,
      key: newUuid(),
      body: {},
    });
    expect(again.body.clientSecret).toContain(payments.intentsOf(orderId)[0]!.id);
    expect(payments.posts('/v1/payment_intents')).toBe(posts);
    expect(payments.intentsOf(orderId)).toHaveLength(1);
  });

  it('a create that never reached Stripe is not made again blindly', async () => {
    payments.stripe.setChaos({
      api: [{ kind: 'reset_before', method: 'POST', path: '/v1/payment_intents' }],
    });
    const { cart } = await payments.fill();
    const answer = await payments.shop.checkout(cart);
    expect(answer.status).toBe(503);
    payments.stripe.clearChaos();
    await payments.shop.db.query(`UPDATE payments SET created_at = now() - interval '25 hours' WHERE order_id = $1`, [
      decodeId('order', answer.body.orderId),
    ]);
    const posts = payments.posts('/v1/payment_intents');
    await quick();
    expect(payments.posts('/v1/payment_intents')).toBe(posts);
    const sale = { orderId: answer.body.orderId } as Sale;
    expect(about((await onlyQuickReport(sale))!, sale)).toMatchObject([{ kind: 'create_unknown', severity: 'info' }]);
  });

  it('money without an order is an alert', async () => {
    const intent = await payments.atStripe('POST', '/v1/payment_intents', {
      amount: '4200',
      currency: 'usd',
      confirm: 'true',
      payment_method: 'pm_card_visa',
      return_url: 'http://localhost/done',
      'metadata[shop]': 'emporium',
      'metadata[order_id]': `ord_${'0'.repeat(26)}`,
      'metadata[payment_id]': `pay_${'0'.repeat(26)}`,
    });
    payments.shop.foreign.add(intent.id);
    await payments.shop.quiet();
    const found = await full();
    expect(found.findings.find((f) => f.subject === intent.id)).toMatchObject({
      kind: 'captured_without_order',
      severity: 'critical',
      found: { status: 'succeeded', kept: 4200, currency: 'USD' },
    });
    expect(found.findings[0]!.severity).toBe('critical');
    expect(found.findingCounts.critical).toBeGreaterThan(0);
    await full();
    onceADay(await alerts(intent.id));
    await payments.shop.quiet();
    expect(await mailsAbout(intent.id)).toEqual([
      {
        recipient: 'shop@emporium.example',
        subject: `Money that does not add up: ${intent.id}`,
        text: expect.stringMatching(/leads to no order[^]*GET \/v1\/admin\/reconciliations\/rec_\w{26}/),
      },
    ]);
    await payments.atStripe('POST', '/v1/refunds', { payment_intent: intent.id });
    expect((await full()).findings.filter((f) => f.subject === intent.id)).toEqual([]);
  });

  it('a day that finds very much writes ten mails about it, of which the last says that there is more', async () => {
    const reports = payments.shop.app.get(ReportsRepository, { strict: false });
    await payments.shop.db.query(`UPDATE reconciliations SET created_at = created_at - interval '2 days'`);
    const now = new Date();
    // In four reports: some that find money write one for each.
    for (const first of [1, 4, 7, 10]) {
      const { id } = await reports.create(payments.shop.db, { kind: 'quick', actor: 'system', from: now, to: now });
      await reports.add(id, { kind: 'payment_behind', subject: 'pi_behind', action: 'read from Stripe and applied' });
      for (let i = first; i < first + 3; i += 1)
        await reports.add(id, { kind: 'missing_at_provider', subject: `pi_lost_${i}`, action: 'none' });
      await reports.finish(id);
    }
    await payments.shop.quiet();
    expect(await mailsAbout('pi_behind')).toEqual([]);
    const mails = [];
    for (let i = 1; i <= 12; i += 1) mails.push(...(await mailsAbout(`pi_lost_${i}`)));
    expect(mails).toHaveLength(10);
    expect(mails.map(({ text }) => text.includes('There may be more'))).toEqual([
      ...Array.from({ length: 9 }, () => false),
      true,
    ]);
  });

  it('what each night finds again is told in one mail, and takes no room from what is new', async () => {
    const { db } = payments.shop;
    const reports = payments.shop.app.get(ReportsRepository, { strict: false });
    await db.query(`UPDATE reconciliations SET created_at = created_at - interval '2 days'`);
    const now = new Date();
    const night = async (subjects: string[], isClosed = true) => {
      const { id } = await reports.create(db, { kind: 'quick', actor: 'system', from: now, to: now });
      for (const subject of subjects) await reports.add(id, { kind: 'missing_at_provider', subject, action: 'none' });
      // It is told when the report is complete, and not before.
      await payments.shop.quiet();
      const before = await mailsAbout('12');
      if (isClosed) await reports.finish(id);
      await payments.wake('notifications.standing-mismatches');
      await payments.shop.quiet();
      return { id, before };
    };
    /** Everything was a day earlier, also what was announced. */
    const sleep = async () => {
      await db.query(`UPDATE reconciliations SET created_at = created_at - interval '1 day'`);
      await db.query(`UPDATE reconciliation_findings SET created_at = created_at - interval '1 day'`);
      await db.query(
        `UPDATE outbox SET event_key = event_key || ':' || event_id WHERE topic = 'reconciliation.mismatch'`,
      );
      await db.query(`UPDATE jobs SET dedupe_key = dedupe_key || ':' || id WHERE name = 'notifications.mismatch'`);
    };
    const old = Array.from({ length: 12 }, (_, i) => `pi_stands_${i}`);
    const sent = async (subjects: string[]) => (await Promise.all(subjects.map(mailsAbout))).map((m) => m.length);
    await night(old);
    expect((await sent(old)).toSorted()).toEqual([0, 0, ...Array.from({ length: 10 }, () => 1)]);
    expect(await mailsAbout('12')).toEqual([]);
    const first = await sent(old);
    for (const fresh of ['pi_fresh_1', 'pi_fresh_2']) {
      await sleep();
      await db.query(`DELETE FROM mailbox WHERE subject LIKE '%: 12'`);
      const { id, before } = await night([...old, fresh]);
      expect(before).toEqual([]);
      expect(await sent([...old, fresh])).toEqual([...first, 1]);
      const told = await mailsAbout(fresh === 'pi_fresh_1' ? '12' : '13');
      expect(told).toMatchObject([{ recipient: 'shop@emporium.example' }]);
      expect(told[0]!.subject).toMatch(/^Money that still does not add up: 1[23]$/);
      for (const subject of old) expect(told[0]!.text).toContain(`${subject}: missing_at_provider, since `);
      expect(told[0]!.text).not.toContain(`${fresh}:`);
      expect(told[0]!.text).toContain(encodeId('reconciliation', id));
      old.push(fresh);
      first.push(1);
    }
    // The process that wrote the report ended before it closed it.
    await sleep();
    await db.query(`DELETE FROM mailbox WHERE subject LIKE '%: 14'`);
    const { id: left, before } = await night(old, false);
    expect([...before, ...(await mailsAbout('14'))]).toEqual([]);
    for (const table of ['reconciliations', 'reconciliation_findings'])
      await db.query(
        `UPDATE ${table} SET created_at = created_at - interval '61 minutes' WHERE ${table === 'reconciliations' ? 'id' : 'reconciliation_id'} = $1`,
        [left],
      );
    await payments.wake('notifications.standing-mismatches');
    await payments.shop.quiet();
    expect(await mailsAbout('14')).toMatchObject([{ text: expect.stringContaining(encodeId('reconciliation', left)) }]);
  });

  it('each kind of finding that needs a person has words in its mail', () => {
    const critical = FINDING_KINDS.filter((kind) => FINDINGS[kind] === 'critical');
    expect(Object.keys(MISMATCHES).toSorted()).toEqual(critical.toSorted());
  });

  it('a payment that Stripe does not know is an alert', async () => {
    const sale = await payments.place();
    const id = decodeId('payment', sale.paymentId);
    const set = (ref: string) =>
      payments.shop.db.query(
        `UPDATE payments SET provider_ref = $2, created_at = now() - interval '1 hour' WHERE id = $1`,
        [id, ref],
      );
    await set('pi_nobody_knows');
    const found = await full();
    await set(sale.intent);
    expect(about(found, sale).find((f) => f.subject === 'pi_nobody_knows')).toMatchObject({
      kind: 'missing_at_provider',
      severity: 'critical',
    });
  });

  it('a ledger that does not agree with the balance at Stripe is an alert', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    await payments.shop.quiet();
    const post = (fact: string, amount: number): Promise<boolean> => {
      const posting: Posting = {
        fact: `${fact}:${sale.paymentId}`,
        kind: 'correction',
        orderId: decodeId('order', sale.orderId),
        paymentId: decodeId('payment', sale.paymentId),
        entries: [
          { account: 'provider_balance:stripe', currency: 'USD', amount },
          { account: 'unallocated_receipts', currency: 'USD', amount: -amount },
        ],
      };
      return payments.shop.db.transaction((tx) => payments.shop.app.get(Ledger, { strict: false }).post(tx, posting));
    };
    await post('wrong', 5);
    expect(about(await full(), sale)).toMatchObject([
      { kind: 'ledger_differs', severity: 'critical', expected: { balance: 1912 }, found: { balance: 1917 } },
    ]);
    await post('mended', -5);
    expect(about(await full(), sale)).toEqual([]);
  });

  it('enters money that a version without a ledger has captured', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    await payments.shop.quiet();
    await payments.forgetCapture(sale);
    expect(await book(sale)).not.toHaveProperty('customer_payments');
    await quick();
    expect(await book(sale)).toMatchObject({ customer_payments: -2000, 'provider_balance:stripe': 1912 });
  });

  it('goes on where Stripe stopped answering, and does not begin again', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    await payments.shop.quiet();
    payments.stripe.setChaos({ api: [{ kind: 'status', status: 500, method: 'GET', path: '/v1/disputes' }] });
    const lists = () => payments.stripe.requests({ method: 'GET', path: '/v1/payment_intents' }).length;
    const { id } = (await start()).body;
    const stopped = await payments.shop.until(async () => {
      const now = (await call('GET', `/v1/admin/reconciliations/${id}`)).body;
      return now.failure && now;
    }, 'the run to stop');
    expect(stopped.status).toBe('running');
    const before = lists();
    payments.stripe.clearChaos();
    await payments.shop.until(async () => {
      await payments.wake('payments.reconciliation', 'reconciliationId', decodeId('reconciliation', id));
      return (await report(id)).status === 'done';
    }, 'the run to end');
    expect(lists()).toBe(before);
    expect(await report(id)).toMatchObject({ failure: null, finishedAt: expect.any(String) });
    expect(about(await report(id), sale)).toEqual([]);
  });

  it('runs that overlap, with events at the same time, enter everything once', async () => {
    for (let round = 0; round < RACE_ROUNDS; round += 1) {
      payments.stripe.setChaos({
        webhooks: [{ kind: 'duplicate', types: ['*'], times: 3, isConcurrent: true }],
      });
      const sale = await payments.place();
      await payments.shop.confirm(sale.clientSecret);
      await Promise.all([full(), full(), quick('0 seconds'), quick('0 seconds'), payments.comeBack(sale)]);
      await payments.shop.quiet();
      expect(await payments.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
      expect(await payments.told(sale, 'order.paid')).toBe(1);
      expect(await book(sale)).toEqual({
        'provider_balance:stripe': 1912,
        customer_payments: -2000,
        provider_fees: 88,
      });
    }
  });

  it('is started once for each key, for a period that makes sense, by staff who may', async () => {
    const key = newUuid();
    const [first, second] = [await start({ from: '2026-01-01' }, key), await start({ from: '2026-01-01' }, key)];
    expect(first).toMatchObject({ status: 202, body: { kind: 'full', actor: expect.stringMatching(/^staff:usr_/) } });
    expect(first.headers.get('location')).toBe(`/v1/admin/reconciliations/${first.body.id}`);
    expect(second.body.id).toBe(first.body.id);
    expect((await start({ from: '2026-02-01', to: '2026-01-01' })).body).toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: '/from', code: 'invalid_period' }],
    });
    expect((await payments.shop.call('GET', '/v1/admin/reconciliations')).status).toBe(401);
    const viewer = await payments.shop.staff('viewer');
    expect((await payments.shop.call('POST', '/v1/admin/reconciliations', { bearer: viewer, body: {} })).status).toBe(
      403,
    );
    const list = (await call('GET', '/v1/admin/reconciliations?kind=full&limit=2&include=total')).body;
    expect(list.data).toHaveLength(2);
    expect(list.page.total).toBeGreaterThan(2);
    expect(list.data[0]).not.toHaveProperty('findings');
    expect((await call('GET', `/v1/admin/reconciliations/rec_${'0'.repeat(26)}`)).status).toBe(404);
  });

  it('runs by itself', async () => {
    const jobs = await payments.shop.db.query<{ name: string }>(
      `SELECT DISTINCT name FROM jobs WHERE name LIKE 'payments.reconcil%' ORDER BY 1`,
    );
    expect(jobs.map((job) => job.name)).toEqual(
      expect.arrayContaining(['payments.reconcile', 'payments.reconcile-nightly', 'payments.reconcile-quick']),
    );
    const runs: { actor: string }[] = [];
    for (let cursor = ''; ;) {
      const { data, page } = (await call('GET', `/v1/admin/reconciliations?kind=full&limit=100${cursor}`)).body;
      runs.push(...data);
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(runs.filter((run) => run.actor === 'system')).toHaveLength(1);
  });
});
