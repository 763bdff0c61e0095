import { setTimeout as sleep } from 'node:timers/promises';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { ReconcileHandler } from '../../src/modules/payments/jobs/reconcile.job.js';
import { newPayment, PaymentsRepository, writtenWithOrder } from '../../src/modules/payments/index.js';
import { METHOD_ID, Shop, ADDRESS } from '../support/shop.js';

/** Corners where money, stock and jobs meet: each of these once lost, doubled or blocked something. */
describe('corners of orders and their money', () => {
  let shop: Shop;
  let bearer: string;
  beforeAll(async () => {
    shop = await Shop.start();
    bearer = await shop.staff();
  });
  afterAll(async () => {
    await shop?.stop();
  });
  afterEach(() => shop.settleUp());

  async function place(
    options: { stock?: number; quantity?: number; price?: number; pay?: string; method?: string } = {},
  ) {
    const variantId = await shop.product({ stock: options.stock ?? 5, price: options.price ?? 1000 });
    const cart = await shop.cart([{ variantId, quantity: options.quantity ?? 2 }]);
    const { body, status } = await shop.checkout(cart, {
      paymentMethod: options.method ?? 'stripe',
      ...(options.pay ? { confirmationToken: options.pay, returnUrl: 'http://localhost/done' } : {}),
    });
    expect(status).toBe(201);
    return {
      variantId,
      token: cart.token,
      orderId: body.order.id as string,
      lineId: body.order.lines[0].id as string,
      payment: body.payment,
    };
  }
  const refund = (orderId: string, body: Record<string, unknown>, key: string = newUuid()) =>
    shop.call('POST', `/v1/admin/orders/${orderId}/refunds`, { bearer, key, body });
  const refundsAt = (paymentRef: string) =>
    (shop.stripe.state() as unknown as { refunds: { payment_intent: string; amount: number }[] }).refunds.filter(
      (r) => r.payment_intent === paymentRef,
    );
  const payment = async (id: string) => (await shop.call('GET', `/v1/admin/payments/${id}`, { bearer })).body;
  const reconcile = () =>
    shop.app
      .get(ReconcileHandler, { strict: false })
      .handle({ id: newUuid() } as Parameters<ReconcileHandler['handle']>[0]);
  async function expire(orderId: string) {
    const id = decodeId('order', orderId);
    await shop.db.query(`UPDATE orders SET expires_at = now() - interval '2 minutes' WHERE id = $1`, [id]);
    await shop.db.query(
      `UPDATE jobs SET next_at = now() - interval '1 ms', dispatched_at = NULL WHERE name = 'payments.expire-order' AND payload->>'orderId' = $1`,
      [id],
    );
  }
  const openJobs = async (name: string, field: string, id: string | null) =>
    (
      await shop.db.query<{ n: number }>(
        `SELECT count(*) AS n FROM jobs WHERE name = $1 AND payload->>$2 = $3 AND state IN ('queued', 'running')`,
        [name, field, id],
      )
    )[0]!.n;

  it('a payment that was just made is what its row says', async () => {
    const { orderId } = await place({ method: 'manual' });
    const payments = shop.app.get(PaymentsRepository, { strict: false });
    await shop.db.transaction(async (tx) => {
      const made = newPayment({
        order_id: decodeId('order', orderId)!,
        provider: 'manual',
        // Of these an order may have any number.
        status: 'canceled',
        amount: 700,
        currency: 'USD',
        capture_method: 'manual',
      });
      const { insert, values } = writtenWithOrder(made);
      const [at] = await tx.query(
        `WITH o AS (SELECT id FROM orders WHERE id = $1) ${insert((i) => `$${i + 1}`)} RETURNING created_at, updated_at`,
        [made.order_id, ...values],
      );
      expect(await payments.find(tx, made.id)).toEqual({ ...made, ...at });
    });
  });

  it('goods on their way back twice come back once: a refund that is pending while the order is canceled', async () => {
    const sale = await place({ pay: 'pm_card_pendingRefund' });
    const first = await refund(sale.orderId, { lines: [{ lineId: sale.lineId, quantity: 2 }], restock: true });
    expect(first).toMatchObject({ status: 201, body: { status: 'pending' } });
    const canceled = await shop.call('POST', `/v1/admin/orders/${sale.orderId}/cancel`, { bearer, body: {} });
    expect(canceled).toMatchObject({ status: 200, body: { status: 'canceled' } });
    await shop.until(async () => {
      shop.stripe.settle();
      return (await payment(sale.payment.id)).refunds.every((r: { status: string }) => r.status === 'succeeded');
    }, 'both refunds to be booked');
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({ paymentStatus: 'refunded' });
  });

  it('a pending refund is known by its Stripe id, so that a key that Stripe forgot cannot send it again', async () => {
    const sale = await place({ pay: 'pm_card_pendingRefund' });
    const made = await refund(sale.orderId, { amount: 300 });
    expect(made).toMatchObject({
      status: 201,
      body: { status: 'pending', providerRef: expect.stringMatching(/^re_/) },
    });
  });

  it('what a line cost is refunded once, and in parts to the cent', async () => {
    const sale = await place({ quantity: 3, price: 333, pay: 'pm_card_visa' });
    const one = () => refund(sale.orderId, { lines: [{ lineId: sale.lineId, quantity: 1 }] });
    const amounts = [await one(), await one(), await one()].map((a) => a.body.amount?.amount as number);
    const total = (await shop.order(sale.orderId, sale.token)).lines[0].total.amount as number;
    expect(amounts.reduce((a, b) => a + b, 0)).toBe(total);
    expect(await one()).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ pointer: '/lines/0/quantity' }] },
    });
  });

  it('a charge that Stripe will never take does not hold the stock for ever', async () => {
    shop.stripe.setChaos({
      api: [{ kind: 'status', status: 400, code: 'amount_too_small', method: 'POST', path: '/v1/payment_intents' }],
    });
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    expect(await shop.checkout(cart)).toMatchObject({ status: 422, body: { code: 'amount_too_small' } });
    const { orderId } = (await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token })).body;
    await expire(orderId);
    await shop.until(async () => (await shop.order(orderId, cart.token)).status === 'canceled', 'the order to expire');
    expect(await shop.stock(variantId)).toEqual({ onHand: 5, reserved: 0 });
  });

  it('a key that Stripe does not take is our trouble: the shopper may try again, a refund stays under way', async () => {
    const sale = await place({ pay: 'pm_card_visa' });
    shop.stripe.setChaos({ api: [{ kind: 'status', status: 401 }] });
    const cart = await shop.cart([{ variantId: sale.variantId, quantity: 1 }]);
    expect(await shop.checkout(cart)).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
    const key = newUuid();
    expect(await refund(sale.orderId, { amount: 500 }, key)).toMatchObject({ status: 503 });
    shop.stripe.clearChaos();
    expect(await refund(sale.orderId, { amount: 500 }, key)).toMatchObject({
      status: 201,
      body: { status: 'succeeded' },
    });
  });

  it('while Stripe is away, an overdue order has one job, however often it is looked at', async () => {
    const sale = await place();
    shop.stripe.setChaos({ api: [{ kind: 'status', status: 500 }] });
    await expire(sale.orderId);
    for (let i = 0; i < 3; i += 1) await reconcile();
    expect(await openJobs('payments.expire-order', 'orderId', decodeId('order', sale.orderId))).toBe(1);
    shop.stripe.clearChaos();
    await expire(sale.orderId);
    await shop.until(async () => (await shop.order(sale.orderId, sale.token)).status === 'canceled', 'the expiry');
  });

  it('a refund that Stripe refuses is told to the shop, and its key is free again', async () => {
    const sale = await place({ pay: 'pm_card_visa' });
    shop.stripe.setChaos({
      api: [{ kind: 'status', status: 400, code: 'charge_disputed', method: 'POST', path: '/v1/refunds', count: 1 }],
    });
    const key = newUuid();
    expect(await refund(sale.orderId, { amount: 700 }, key)).toMatchObject({
      status: 422,
      body: { code: 'payment_refused' },
    });
    const events = await shop.db.query<{ topic: string }>(`SELECT topic FROM outbox WHERE aggregate_id = $1`, [
      decodeId('order', sale.orderId),
    ]);
    expect(events.map((e) => e.topic)).toContain('payment.refund_failed');
    const other = await place({ pay: 'pm_card_visa' });
    const again = await refund(other.orderId, { amount: 100 }, key);
    expect(again).toMatchObject({
      status: 201,
      body: { orderId: other.orderId, status: 'succeeded', amount: { amount: 100 } },
    });
  });

  it('after 3D Secure was left, another card can be charged on the server', async () => {
    const sale = await place({ pay: 'pm_card_threeDSecure2Required' });
    expect(sale.payment.status).toBe('requires_action');
    const paid = await shop.call('POST', `/v1/orders/${sale.orderId}/payments`, {
      token: sale.token,
      key: newUuid(),
      body: { confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' },
    });
    expect(paid).toMatchObject({ status: 201, body: { status: 'succeeded' } });
  });

  it('goods that went back on the shelf before they were shipped are not shipped', async () => {
    const sale = await place({ pay: 'pm_card_visa' });
    await refund(sale.orderId, { lines: [{ lineId: sale.lineId, quantity: 1 }], restock: true });
    const ship = (body: Record<string, unknown>) =>
      shop.call('POST', `/v1/admin/orders/${sale.orderId}/fulfillments`, { bearer, body });
    expect(await ship({ lines: [{ lineId: sale.lineId, quantity: 2 }] })).toMatchObject({
      status: 422,
      body: { code: 'quantity_not_shippable' },
    });
    expect(await ship({})).toMatchObject({
      status: 201,
      body: { status: 'completed', fulfillments: [{ lines: [{ quantity: 1 }] }] },
    });
  });

  it('an ETag beyond any version is stale, not malformed', async () => {
    const cart = await shop.cart([{ variantId: await shop.product(), quantity: 1 }]);
    const answer = await shop.call('PATCH', `/v1/carts/${cart.id}`, {
      token: cart.token,
      body: { email: 'b@example.com' },
      headers: { 'If-Match': '"9999999999"' },
    });
    expect(answer).toMatchObject({ status: 412, body: { code: 'version_mismatch', currentVersion: 1 } });
  });

  it('adding to a cart with an Idempotency-Key adds once, ETag included', async () => {
    const cart = await shop.cart([]);
    const variantId = await shop.product();
    const key = newUuid();
    const add = () =>
      shop.call('POST', `/v1/carts/${cart.id}/lines`, { token: cart.token, key, body: { variantId, quantity: 1 } });
    const first = await add();
    const second = await add();
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body.itemCount).toBe(1);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
  });

  it('a cart beyond what numbers hold is shown, and refused at checkout', async () => {
    const lines = await Promise.all(
      Array.from({ length: 12 }, async () => ({
        variantId: await shop.product({ stock: null, price: 99_999_999_999 }),
        quantity: 9999,
      })),
    );
    await shop.db.query(`INSERT INTO tax_rates (id, name, country, rate_ppm) VALUES ($1, 'Tax', 'DE', 190001)`, [
      newUuid(),
    ]);
    await shop.db.query(`UPDATE shop_settings SET version = version + 1`);
    const made = await shop.call('POST', '/v1/carts', {
      body: {
        lines,
        email: 'ada@example.com',
        shippingAddress: { ...ADDRESS, country: 'DE' },
        shippingMethodId: encodeId('shippingMethod', METHOD_ID),
      },
    });
    expect(made.status).toBe(201);
    expect(await shop.checkout(made.body, { paymentMethod: 'manual' })).toMatchObject({
      status: 422,
      body: { code: 'amount_too_large' },
    });
    expect((await shop.call('GET', '/v1/admin/orders', { bearer })).status).toBe(200);
  });

  it('an intent with copied metadata does not pay the order of another intent', async () => {
    const sale = await place();
    const [own] = (
      shop.stripe.state() as unknown as {
        payment_intents: { id: string; metadata: Record<string, string>; amount: number }[];
      }
    ).payment_intents.filter((i) => i.metadata.order_id === sale.orderId);
    const form = new URLSearchParams({
      amount: String(own!.amount),
      currency: 'usd',
      confirm: 'true',
      payment_method: 'pm_card_visa',
      'automatic_payment_methods[enabled]': 'true',
      'automatic_payment_methods[allow_redirects]': 'never',
      ...Object.fromEntries(Object.entries(own!.metadata).map(([k, v]) => [`metadata[${k}]`, v])),
    });
    const copy = await fetch(`${shop.stripe.url}/v1/payment_intents`, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer sk_test_emporium',
        'Content-Type': 'application/x-www-form-urlencoded',
        'Idempotency-Key': newUuid(),
      },
      body: form.toString(),
    });
    const { id, status } = (await copy.json()) as { id: string; status: string };
    expect(status).toBe('succeeded');
    shop.foreign.add(id);
    await shop.quiet();
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({ status: 'pending_payment' });
  });

  it('a date filter that only looks like one is refused by name', async () => {
    for (const value of ['2026-W10-1', '2026-366', '20260101T000000Z']) {
      const answer = await shop.call('GET', `/v1/admin/orders?createdAt[gte]=${value}`, { bearer });
      expect([value, answer.status, answer.body.code, answer.body.errors?.[0]?.pointer]).toEqual([
        value,
        400,
        'invalid_parameter',
        'createdAt[gte]',
      ]);
    }
  });

  it('a refund whose later news are lost is looked at again', async () => {
    shop.stripe.setChaos({ webhooks: [{ kind: 'drop', types: ['refund.*', 'charge.*'] }] });
    const sale = await place({ pay: 'pm_card_pendingRefund' });
    await refund(sale.orderId, { amount: 300 });
    shop.stripe.settle();
    await shop.stripe.idle();
    await shop.db.query(`UPDATE payments SET updated_at = now() - interval '1 hour' WHERE id = $1`, [
      decodeId('payment', sale.payment.id),
    ]);
    await shop.db.query(`UPDATE refunds SET updated_at = now() - interval '1 hour' WHERE payment_id = $1`, [
      decodeId('payment', sale.payment.id),
    ]);
    await reconcile();
    expect((await payment(sale.payment.id)).refunds[0]).toMatchObject({ status: 'succeeded' });
    expect(refundsAt((await payment(sale.payment.id)).providerRef)).toHaveLength(1);
  });

  it('is announced as paid once, even when a refund fails after the outbox has been cleared', async () => {
    const sale = await place({ pay: 'pm_card_refundFail' });
    await shop.quiet();
    const cleared = await shop.db.query(`DELETE FROM outbox WHERE aggregate_id = $1 RETURNING *`, [
      decodeId('order', sale.orderId),
    ]);
    expect(cleared.length).toBeGreaterThan(1);
    await refund(sale.orderId, { amount: 700 });
    await shop.until(async () => {
      shop.stripe.settle();
      return (await payment(sale.payment.id)).refunds[0].status === 'failed';
    }, 'the refund to fail');
    const events = await shop.db.query<{ topic: string }>(`SELECT topic FROM outbox WHERE aggregate_id = $1`, [
      decodeId('order', sale.orderId),
    ]);
    expect(events.map((e) => e.topic)).not.toContain('order.paid');
    // It is cleared of old orders only; of one as new as this the books want to see what was told.
    await shop.db.query(
      `INSERT INTO outbox OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::outbox, $1)`,
      [JSON.stringify(cleared)],
    );
  });
});

const withRedis = process.env.TEST_REDIS_URL ? describe : describe.skip;
withRedis('a process whose jobs run on Redis', () => {
  const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

  it('leaves no connection open when it stops', async () => {
    const before = sockets();
    const shop = await Shop.start({ redis: true });
    expect(sockets()).toBeGreaterThan(before);
    await shop.stop();
    await sleep(500);
    expect(sockets()).toBeLessThanOrEqual(before);
  });
});
