import { decodeId, encodeId, newUuid } from '#libs/ids';
import { circuitReports } from '#libs/vitals';
import { RunReconciliation } from '../../src/modules/payments/reconciliation/run-reconciliation.service.js';
import { FindLostIntent } from '../../src/modules/payments/reconciliation/find-lost-intent.service.js';
import { PaymentsRepository } from '../../src/modules/payments/payments.repository.js';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { SEED } from '../support/rounds.js';
import { SETTLE_DELAY_MS } from '../support/shop.js';

/** What the bank, Stripe or a dead job leaves behind, and how it comes right all the same. */
describe(`Payments that got stuck (seed ${SEED})`, () => {
  const pay = usePaymentShop();
  const paymentId = (sale: Sale) => decodeId('payment', sale.paymentId)!;
  const orderId = (sale: Sale) => decodeId('order', sale.orderId)!;
  const cancelCalls = (sale: Sale) =>
    pay.stripe.requests({ method: 'POST' }).filter((request) => request.path.includes(`${sale.intent}/cancel`)).length;
  const job = async (name: string, field: string, id: string) =>
    (
      await pay.shop.db.query<{ state: string; attempts: number; next_at: Date }>(
        `SELECT state, attempts, next_at FROM jobs WHERE name = $1 AND payload->>$2 = $3 ORDER BY created_at DESC LIMIT 1`,
        [name, field, id],
      )
    )[0];
  /** What a job that has used up its tries leaves behind. */
  const dies = (name: string, field: string, id: string) =>
    pay.shop.db.query(`UPDATE jobs SET state = 'dead' WHERE name = $1 AND payload->>$2 = $3`, [name, field, id]);
  const age = (table: string, column: string, id: string, interval: string) =>
    pay.shop.db.query(`UPDATE ${table} SET ${column} = now() - $2::interval WHERE id = $1`, [id, interval]);

  describe('canceling', () => {
    // The bank takes its time until it is told to come to an end.
    beforeEach(() => (pay.stripe.settleDelayMs = 60_000));
    afterEach(() => (pay.stripe.settleDelayMs = SETTLE_DELAY_MS));

    it('a bank that says no after Stripe refused to cancel: the order is canceled at the next try', async () => {
      const sale = await pay.place({ pay: 'pm_emu_processing_then_fail' });
      expect(await pay.cancel(sale)).toMatchObject({ status: 409, body: { code: 'order_not_cancelable' } });
      pay.stripe.finishProcessing(sale.intent, 'failed');
      await pay.shop.quiet();
      expect(await pay.cancel(sale)).toMatchObject({ status: 200, body: { status: 'canceled' } });
      expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
      expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled' }]);
    });

    it('the expiry was refused, then the shopper cancels: another reason, and no misuse of a key', async () => {
      const sale = await pay.place({ pay: 'pm_emu_processing_then_fail' });
      await pay.expire(sale);
      await pay.shop.until(async () => cancelCalls(sale) === 1, 'the expiry to ask Stripe');
      pay.stripe.finishProcessing(sale.intent, 'failed');
      await pay.shop.quiet();
      const answer = await pay.shop.call('POST', `/v1/orders/${sale.orderId}/cancel`, { token: sale.token, body: {} });
      expect(answer).toMatchObject({ status: 200, body: { status: 'canceled' } });
      expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    });

    it('Stripe does not cancel what can still be paid: the expiry comes again and loses no try', async () => {
      const sale = await pay.place();
      pay.stripe.setChaos({ api: [{ kind: 'status', status: 400, contains: '/cancel', count: 1 }] });
      await pay.expire(sale);
      await pay.shop.until(async () => cancelCalls(sale) === 1, 'the expiry to ask Stripe');
      await pay.shop.until(
        async () => (await job('payments.expire-order', 'orderId', orderId(sale)))?.state === 'queued',
        'the expiry to wait',
      );
      const waiting = await job('payments.expire-order', 'orderId', orderId(sale));
      expect(waiting!.next_at.getTime()).toBeGreaterThan(Date.now() + 10_000);
      expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
      await pay.wake('payments.expire-order', 'orderId', orderId(sale));
      await pay.becomes(sale, 'canceled', 'canceled');
      expect((await pay.shop.stock(sale.variantId)).reserved).toBe(0);
    });

    it('one decline is one try, also when the order is canceled after it', async () => {
      const sale = await pay.place();
      expect((await pay.pay(sale, 'pm_card_chargeDeclined')).status).toBe(201);
      await pay.shop.quiet();
      expect(await pay.cancel(sale)).toMatchObject({ status: 200 });
      await pay.shop.quiet();
      const attempts = await pay.shop.db.query(`SELECT provider_ref FROM payment_attempts WHERE payment_id = $1`, [
        paymentId(sale),
      ]);
      expect(attempts).toHaveLength(1);
      expect((await pay.history(sale)).filter((type) => type === 'payment.failed')).toHaveLength(1);
    });
  });

  it('a refund that Stripe took a day ago, and whose key is forgotten, is found and not sent again', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    pay.stripe.setChaos({
      api: [{ kind: 'truncate', path: '/v1/refunds', method: 'POST', count: 2 }],
      webhooks: [{ kind: 'drop', types: ['*'] }],
    });
    expect(await pay.refund(sale, { amount: 700 })).toMatchObject({ status: 503 });
    const [refund] = await pay.shop.db.query<{ id: string }>(`SELECT id FROM refunds WHERE order_id = $1`, [
      orderId(sale),
    ]);
    await age('refunds', 'created_at', refund!.id, '25 hours');
    const sent = pay.posts('/v1/refunds');
    await pay.wake('payments.execute-refund', 'refundId', refund!.id);
    await pay.shop.until(
      async () => (await pay.order(sale)).refundedTotal.amount === 700,
      'the refund to be found in the list',
    );
    expect(pay.posts('/v1/refunds')).toBe(sent);
    expect(pay.refundsAtStripe(sale)).toHaveLength(1);
  });

  describe('in a currency without the digits that it has on paper', () => {
    async function setCurrency(currency: string): Promise<void> {
      await pay.shop.db.query(`UPDATE shop_settings SET currency = $1, version = version + 1`, [currency]);
      await pay.shop.until(
        async () => (await pay.shop.call('POST', '/v1/carts', { body: {} })).body.currency === currency,
        'the currency to change',
      );
    }
    afterEach(() => setCurrency('USD'));

    it.each([
      ['MGA', 50_000, 10_050, 100],
      ['KWD', 5120, 1234, 10],
    ])(
      '%s: an amount that cannot go back is refused, and Stripe stays open for others',
      async (currency, price, odd, step) => {
        await setCurrency(currency);
        const variantId = await pay.shop.product({ stock: 5, price, currency, shipping: false });
        const sale = await pay.place({ variantId, quantity: 1, pay: 'pm_card_visa' });
        const sent = pay.posts('/v1/refunds');
        for (let i = 0; i < 6; i += 1)
          expect(await pay.refund(sale, { amount: odd })).toMatchObject({
            status: 422,
            body: { code: 'amount_not_chargeable', step },
          });
        expect(pay.posts('/v1/refunds')).toBe(sent);
        expect(circuitReports().find((report) => report.name === 'stripe')).toMatchObject({ state: 'closed' });
        expect(await pay.refund(sale, { lines: [{ lineId: sale.lineId, quantity: 1 }] })).toMatchObject({
          status: 201,
        });
        await pay.becomes(sale, 'confirmed', 'refunded');
      },
    );
  });

  describe('refused by Stripe or the bank', () => {
    const refusals = [
      { kind: 'status' as const, status: 400, code: 'amount_too_small' },
      { kind: 'status' as const, status: 402, code: 'card_declined' },
    ];

    it.each(refusals)('a refund ($status $code) has failed, and may be asked for again', async (refusal) => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      pay.stripe.setChaos({ api: [{ ...refusal, path: '/v1/refunds', method: 'POST' }] });
      expect(await pay.refund(sale, { amount: 700 })).toMatchObject({ status: 422, body: { code: 'payment_refused' } });
      expect((await pay.payment(sale)).refunds).toMatchObject([{ status: 'failed' }]);
      pay.stripe.clearChaos();
      expect(await pay.refund(sale, {})).toMatchObject({ status: 201, body: { amount: { amount: 2000 } } });
    });

    it('a capture has failed, and may be asked for again', async () => {
      await pay.captureLater(true);
      try {
        for (const refusal of refusals) {
          const sale = await pay.place({ pay: 'pm_card_visa' });
          pay.stripe.setChaos({ api: [{ ...refusal, contains: '/capture', method: 'POST' }] });
          expect(await pay.capture(sale)).toMatchObject({ status: 422, body: { code: 'payment_refused' } });
          pay.stripe.clearChaos();
          const states = await pay.shop.db.query(`SELECT status FROM payment_captures WHERE order_id = $1`, [
            orderId(sale),
          ]);
          expect(states).toEqual([{ status: 'failed' }]);
          expect(await pay.capture(sale)).toMatchObject({ status: 201 });
          await pay.becomes(sale, 'confirmed', 'paid');
        }
      } finally {
        await pay.captureLater(false);
      }
    });
  });

  describe('jobs that died', () => {
    it('a capture is taken up again', async () => {
      await pay.captureLater(true);
      try {
        const sale = await pay.place({ pay: 'pm_card_visa' });
        pay.stripe.setChaos({ api: [{ kind: 'status', status: 500, contains: '/capture', method: 'POST', count: 2 }] });
        expect(await pay.capture(sale)).toMatchObject({ status: 503 });
        const [capture] = await pay.shop.db.query<{ id: string }>(
          `SELECT id FROM payment_captures WHERE order_id = $1`,
          [orderId(sale)],
        );
        await dies('payments.execute-capture', 'captureId', capture!.id);
        await age('payment_captures', 'updated_at', capture!.id, '1 hour');
        await pay.reconcile(sale);
        await pay.becomes(sale, 'confirmed', 'paid');
        expect(pay.charges(sale)).toMatchObject([{ amount_captured: 2000 }]);
      } finally {
        await pay.captureLater(false);
      }
    });

    it('an event is worked on again', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      await pay.shop.quiet();
      const receiptId = newUuid();
      await pay.shop.db.query(
        `INSERT INTO webhook_receipts (id, provider, event_id, type, object_ref, received_at)
         VALUES ($1, 'stripe', $2, 'payment_intent.succeeded', $3, now() - interval '1 hour')`,
        [receiptId, `evt_${receiptId}`, sale.intent],
      );
      await pay.reconcile(sale);
      await pay.shop.until(async () => {
        const [row] = await pay.shop.db.query<{ outcome: string | null }>(
          `SELECT outcome FROM webhook_receipts WHERE id = $1`,
          [receiptId],
        );
        return row!.outcome === 'applied';
      }, 'the event to be worked on');
      await pay.shop.db.query(`DELETE FROM webhook_receipts WHERE id = $1`, [receiptId]);
    });
  });

  it('an event on which nobody could work for days is given up: staff are told once, and can replay it', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    await pay.shop.quiet();
    const receiptId = newUuid();
    const eventId = `evt_${receiptId}`;
    await pay.shop.db.query(
      `INSERT INTO webhook_receipts (id, provider, event_id, type, object_ref, received_at)
       VALUES ($1, 'stripe', $2, 'payment_intent.succeeded', 'pi_gone', now() - interval '73 hours')`,
      [receiptId, eventId],
    );
    await pay.reconcile(sale);
    const jobs = await pay.shop.db.query(`SELECT 1 FROM jobs WHERE payload->>'receiptId' = $1`, [receiptId]);
    expect(jobs).toEqual([]);
    const quick = () => pay.shop.app.get(RunReconciliation, { strict: false }).quick();
    await quick();
    await quick();
    const path = `/v1/admin/webhook-receipts/${encodeId('webhook', receiptId)}`;
    const listed = await pay.shop.call('GET', '/v1/admin/webhook-receipts?objectRef=pi_gone', { bearer: pay.bearer });
    expect(listed.body.data).toMatchObject([{ eventId, outcome: 'failed' }]);
    const { body: document } = await pay.shop.call('GET', '/openapi-admin.json');
    expect(document.components.schemas.WebhookReceiptResponse.properties.outcome.enum).toContain('failed');
    const told = await pay.shop.db.query<{ payload: object }>(
      `SELECT payload FROM outbox WHERE topic = 'reconciliation.mismatch' AND payload->>'subject' = $1`,
      [eventId],
    );
    expect(told).toMatchObject([{ payload: { kind: 'event_failed', severity: 'critical' } }]);
    await pay.shop.db.query(`UPDATE webhook_receipts SET object_ref = $2 WHERE id = $1`, [receiptId, sale.intent]);
    const replayed = await pay.shop.call('POST', `${path}/replay`, { bearer: pay.bearer, body: {} });
    expect(replayed).toMatchObject({ status: 200, body: { outcome: 'applied' } });
  });

  it('a payment that cannot be read gives its turn to others', async () => {
    const sale = await pay.place();
    pay.stripe.setChaos({
      api: [{ kind: 'status', status: 400, method: 'GET', path: `/v1/payment_intents/${sale.intent}` }],
    });
    await pay.reconcile(sale);
    const [row] = await pay.shop.db.query<{ waits: boolean }>(
      `SELECT updated_at > now() - interval '1 minute' AS waits FROM payments WHERE id = $1`,
      [paymentId(sale)],
    );
    expect(row).toEqual({ waits: true });
  });

  it('the key of one order is not a key of another, however long ago it was used', async () => {
    const [first, second] = [await pay.place({ pay: 'pm_card_visa' }), await pay.place({ pay: 'pm_card_visa' })];
    const key = newUuid();
    expect(await pay.refund(first, { amount: 700 }, key)).toMatchObject({ status: 201 });
    await pay.shop.db.query(`DELETE FROM idempotency_keys WHERE key = $1`, [key]);
    expect(await pay.refund(second, { amount: 700 }, key)).toMatchObject({ body: { code: 'idempotency_key_reused' } });
    expect(pay.refundsAtStripe(second)).toEqual([]);

    await pay.captureLater(true);
    try {
      const [held, other] = [await pay.place({ pay: 'pm_card_visa' }), await pay.place({ pay: 'pm_card_visa' })];
      expect(await pay.capture(held, {}, key)).toMatchObject({ status: 201 });
      await pay.shop.db.query(`DELETE FROM idempotency_keys WHERE key = $1`, [key]);
      expect(await pay.capture(other, {}, key)).toMatchObject({ body: { code: 'idempotency_key_reused' } });
      expect(await pay.order(other)).toMatchObject({ paymentStatus: 'authorized' });
    } finally {
      await pay.captureLater(false);
    }
  });

  it('a lost intent is found where the list begins, and what is not there is said so without an error', async () => {
    const sale = await pay.place();
    const find = pay.shop.app.get(FindLostIntent, { strict: false });
    const payment = (await pay.shop.app.get(PaymentsRepository, { strict: false }).find(pay.shop.db, paymentId(sale)))!;
    expect(await find.execute(payment)).toMatchObject({ ref: sale.intent });
    const created = payment.created_at.getTime();
    // Made at a repetition, hours after the order.
    expect(await find.execute({ ...payment, created_at: new Date(created - 5 * 3_600_000) })).toMatchObject({
      ref: sale.intent,
    });
    expect(await find.execute({ ...payment, created_at: new Date(created - 48 * 3_600_000) })).toBeNull();
  });

  it('a fee that nobody knows waits for its next turn', async () => {
    await pay.withLateFees(async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      await age('payments', 'updated_at', paymentId(sale), '1 hour');
      await pay.shop.app.get(RunReconciliation, { strict: false }).quick('10 minutes');
      const [row] = await pay.shop.db.query<{ waits: boolean }>(
        `SELECT updated_at > now() - interval '1 minute' AS waits FROM payments WHERE id = $1`,
        [paymentId(sale)],
      );
      expect(row).toEqual({ waits: true });
      return sale;
    });
  });
});
