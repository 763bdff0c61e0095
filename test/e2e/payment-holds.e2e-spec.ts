import { decodeId, newUuid } from '#libs/ids';
import { WatchHoldsHandler } from '../../src/modules/payments/jobs/watch-holds.job.js';
import { race, RACE_ROUNDS, SEED } from '../support/rounds.js';
import { Shop } from '../support/shop.js';

/** Cards that are held at checkout and charged when staff say so. */
describe('manual capture', () => {
  let shop: Shop;
  let bearer: string;
  beforeEach(async () => {
    shop = await Shop.start({ seed: SEED });
    bearer = await shop.staff();
    const settings = await shop.call('GET', '/v1/admin/settings', { bearer });
    const changed = await shop.call('PATCH', '/v1/admin/settings', {
      bearer,
      headers: { 'If-Match': settings.headers.get('etag')! },
      body: { paymentCapture: 'manual' },
    });
    expect(changed).toMatchObject({ status: 200, body: { paymentCapture: 'manual' } });
  });
  afterEach(() => shop.settleUp());
  afterEach(async () => {
    await shop?.stop();
  });

  async function authorize(options: { stock?: number; quantity?: number; pay?: string } = {}) {
    const variantId = await shop.product({ stock: options.stock ?? 5, shipping: false });
    const cart = await shop.call('POST', '/v1/carts', {
      body: { lines: [{ variantId, quantity: options.quantity ?? 2 }], email: 'ada@example.com' },
    });
    const { body, status } = await shop.checkout(cart.body, {
      paymentMethod: 'stripe',
      confirmationToken: options.pay ?? 'pm_card_visa',
      returnUrl: 'http://localhost/done',
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      order: {
        status: 'confirmed',
        paymentStatus: 'authorized',
        capturedTotal: { amount: 0 },
        payments: [{ status: 'authorized', authorized: { amount: 2000 }, captureBefore: expect.stringMatching(/Z$/) }],
      },
      payment: { status: 'authorized' },
    });
    return {
      variantId,
      token: cart.body.token as string,
      orderId: body.order.id as string,
      lineId: body.order.lines[0].id as string,
      paymentId: body.payment.id as string,
    };
  }
  const capture = (orderId: string, body: object = {}, key: string = newUuid()) =>
    shop.call('POST', `/v1/admin/orders/${orderId}/captures`, { bearer, key, body });
  const refund = (orderId: string, body: object = {}) =>
    shop.call('POST', `/v1/admin/orders/${orderId}/refunds`, { bearer, key: newUuid(), body });
  const ship = (orderId: string, body: object = {}) =>
    shop.call('POST', `/v1/admin/orders/${orderId}/fulfillments`, { bearer, body });
  const cancel = (orderId: string) => shop.call('POST', `/v1/admin/orders/${orderId}/cancel`, { bearer, body: {} });
  const detail = async (id: string) => (await shop.call('GET', `/v1/admin/payments/${id}`, { bearer })).body;
  const intentOf = (orderId: string) =>
    (
      shop.stripe.state() as {
        payment_intents: { id: string; status: string; amount_received: number; metadata: Record<string, string> }[];
      }
    ).payment_intents.find((intent) => intent.metadata.order_id === orderId)!;
  const topics = async (orderId: string) =>
    (
      await shop.db.query<{ topic: string }>(`SELECT topic FROM outbox WHERE aggregate_id = $1 ORDER BY id`, [
        decodeId('order', orderId),
      ])
    ).map(({ topic }) => topic);
  const watch = () =>
    shop.app
      .get(WatchHoldsHandler, { strict: false })
      .handle({ id: newUuid() } as Parameters<WatchHoldsHandler['handle']>[0]);

  it('holds the money, takes all of it, and repeats nothing', async () => {
    const sale = await authorize();
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 3, reserved: 0 });
    expect((await topics(sale.orderId)).sort()).toEqual(['order.placed', 'payment.authorized']);
    const noKey = await shop.call('POST', `/v1/admin/orders/${sale.orderId}/captures`, { bearer, body: {} });
    expect(noKey).toMatchObject({ status: 400, body: { code: 'idempotency_key_missing' } });
    expect(await capture(sale.orderId, { amount: 2001 })).toMatchObject({
      status: 422,
      body: { code: 'capture_too_large', detail: 'The bank holds $20.00.', capturable: 2000 },
    });
    const key = newUuid();
    const taken = await capture(sale.orderId, {}, key);
    expect(taken).toMatchObject({ status: 201, body: { status: 'succeeded', amount: { amount: 2000 } } });
    expect((await capture(sale.orderId, {}, key)).body).toEqual(taken.body);
    expect(await capture(sale.orderId)).toMatchObject({ status: 409, body: { code: 'capture_not_possible' } });
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({
      status: 'confirmed',
      paymentStatus: 'paid',
      capturedTotal: { amount: 2000 },
      payments: [{ captureBefore: null }],
    });
    expect(await topics(sale.orderId)).toEqual(expect.arrayContaining(['payment.captured', 'order.paid']));
    expect(intentOf(sale.orderId)).toMatchObject({ status: 'succeeded', amount_received: 2000 });
  });

  it('ships one of two and takes half: the rest of the hold is released, the other goes back on the shelf', async () => {
    const sale = await authorize();
    expect((await ship(sale.orderId, { lines: [{ lineId: sale.lineId, quantity: 1 }] })).status).toBe(201);
    expect(await capture(sale.orderId, { lines: [{ lineId: newLine(), quantity: 1 }] })).toMatchObject({
      status: 400,
      body: { errors: expect.arrayContaining([expect.objectContaining({ code: 'not_found' })]) },
    });
    const taken = await capture(sale.orderId, { amount: 1000, lines: [{ lineId: sale.lineId, quantity: 1 }] });
    expect(taken).toMatchObject({ status: 201, body: { status: 'succeeded', amount: { amount: 1000 } } });
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 4, reserved: 0 });
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({
      status: 'completed',
      paymentStatus: 'paid',
      fulfillmentStatus: 'fulfilled',
      total: { amount: 2000 },
      capturedTotal: { amount: 1000 },
      payments: [{ authorized: { amount: 2000 }, captured: { amount: 1000 }, refunded: { amount: 0 } }],
    });
    expect(intentOf(sale.orderId).amount_received).toBe(1000);
    expect(await refund(sale.orderId, { amount: 1001 })).toMatchObject({
      status: 422,
      body: { code: 'refund_too_large', detail: expect.stringMatching(/^\$10\.00 is left/), refundable: 1000 },
    });
    expect(await refund(sale.orderId)).toMatchObject({ status: 201, body: { amount: { amount: 1000 } } });
    expect(await refund(sale.orderId)).toMatchObject({
      status: 422,
      body: { code: 'refund_too_large', detail: expect.stringMatching(/^Nothing is left/), refundable: 0 },
    });
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({ paymentStatus: 'refunded' });
    expect(await detail(sale.paymentId)).toMatchObject({
      captureMethod: 'manual',
      captures: [{ status: 'succeeded', amount: { amount: 1000 } }],
      refunds: [{ status: 'succeeded' }],
    });
  });

  it('takes what the named lines cost, and keeps what is shipped', async () => {
    const sale = await authorize();
    await ship(sale.orderId);
    expect(await capture(sale.orderId, { lines: [{ lineId: sale.lineId, quantity: 1 }] })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/lines', code: 'too_small' }] },
    });
    const other = await authorize();
    expect(await capture(other.orderId, { lines: [{ lineId: other.lineId, quantity: 1 }] })).toMatchObject({
      status: 201,
      body: { amount: { amount: 1000 } },
    });
    expect(await shop.stock(other.variantId)).toEqual({ onHand: 4, reserved: 0 });
    expect(await ship(other.orderId, { lines: [{ lineId: other.lineId, quantity: 2 }] })).toMatchObject({
      status: 422,
    });
    expect(await ship(other.orderId)).toMatchObject({
      status: 201,
      body: { status: 'completed', fulfillmentStatus: 'fulfilled' },
    });
  });

  it.each(['truncate', 'reset_after'] as const)('an answer that is lost (%s) takes the money once', async (kind) => {
    const sale = await authorize();
    shop.stripe.setChaos({ api: [{ kind, method: 'POST', contains: '/capture', count: 2 }] });
    const key = newUuid();
    const first = await capture(sale.orderId, { amount: 1500 }, key);
    const taken = first.status === 503 ? await capture(sale.orderId, { amount: 1500 }, key) : first;
    expect(taken).toMatchObject({ status: 201, body: { status: 'succeeded', amount: { amount: 1500 } } });
    expect(intentOf(sale.orderId)).toMatchObject({ status: 'succeeded', amount_received: 1500 });
  });

  it('is finished by its job when Stripe was away', async () => {
    const sale = await authorize();
    shop.stripe.setChaos({ api: [{ kind: 'status', status: 500, method: 'POST', contains: '/capture' }] });
    expect(await capture(sale.orderId)).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
    expect(await detail(sale.paymentId)).toMatchObject({ status: 'authorized', captures: [{ status: 'pending' }] });
    expect(await capture(sale.orderId)).toMatchObject({ status: 409, body: { code: 'capture_not_possible' } });
    shop.stripe.clearChaos();
    await shop.db.query(`UPDATE jobs SET next_at = now() - interval '1 ms' WHERE name = 'payments.execute-capture'`);
    await shop.until(
      async () => (await shop.order(sale.orderId, sale.token)).paymentStatus === 'paid',
      'the job to capture',
    );
  });

  it('made in the dashboard, in full or in part, is booked', async () => {
    const sale = await authorize();
    const intent = intentOf(sale.orderId).id;
    const response = await fetch(`${shop.stripe.url}/v1/payment_intents/${intent}/capture`, {
      method: 'POST',
      headers: { Authorization: 'Bearer sk_test_emporium', 'Idempotency-Key': newUuid() },
      body: new URLSearchParams({ amount_to_capture: '700' }),
    });
    expect(response.status).toBe(200);
    await shop.until(async () => (await shop.order(sale.orderId, sale.token)).paymentStatus === 'paid', 'the capture');
    expect(await detail(sale.paymentId)).toMatchObject({
      captured: { amount: 700 },
      captures: [{ amount: { amount: 700 } }],
    });
  });

  it('canceling lets the hold go first; a shipped order keeps it', async () => {
    const sale = await authorize();
    expect(await cancel(sale.orderId)).toMatchObject({
      status: 200,
      body: { status: 'canceled', paymentStatus: 'canceled' },
    });
    expect(intentOf(sale.orderId).status).toBe('canceled');
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    expect(await capture(sale.orderId)).toMatchObject({ status: 409, body: { code: 'capture_not_possible' } });
    expect(await ship(sale.orderId)).toMatchObject({ status: 409, body: { code: 'order_not_fulfillable' } });

    const shipped = await authorize();
    await ship(shipped.orderId, { lines: [{ lineId: shipped.lineId, quantity: 1 }] });
    expect(await cancel(shipped.orderId)).toMatchObject({ status: 409, body: { code: 'order_not_cancelable' } });
    expect(intentOf(shipped.orderId).status).toBe('requires_capture');
  });

  it('while Stripe is away an authorized order is not canceled: its money would be held on', async () => {
    const sale = await authorize();
    shop.stripe.setChaos({ api: [{ kind: 'status', status: 500 }] });
    expect(await cancel(sale.orderId)).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
    shop.stripe.clearChaos();
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({
      status: 'confirmed',
      paymentStatus: 'authorized',
    });
  });

  it('warns a day before the hold ends; when it has ended, the order is canceled and its stock comes back', async () => {
    const sale = await authorize();
    await watch();
    expect(await topics(sale.orderId)).not.toContain('payment.hold_expiring');
    await shop.db.query(`UPDATE payments SET capture_before = now() + interval '23 hours' WHERE id = $1`, [
      decodeId('payment', sale.paymentId),
    ]);
    await watch();
    await watch();
    expect((await topics(sale.orderId)).filter((topic) => topic === 'payment.hold_expiring')).toHaveLength(1);

    const shipped = await authorize();
    await ship(shipped.orderId, { lines: [{ lineId: shipped.lineId, quantity: 1 }] });
    shop.stripe.advance({ days: 7, minutes: 1 });
    const order = await shop.until(async () => {
      const read = await shop.order(sale.orderId, sale.token);
      return read.status === 'canceled' && read;
    }, 'the hold to end');
    expect(order).toMatchObject({ cancelReason: 'hold_expired', paymentStatus: 'canceled' });
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    expect(await ship(sale.orderId)).toMatchObject({ status: 409, body: { code: 'order_not_fulfillable' } });
    await shop.until(
      async () => (await topics(shipped.orderId)).includes('payment.hold_lost'),
      'the other hold to end',
    );
    expect(await shop.order(shipped.orderId, shipped.token)).toMatchObject({
      status: 'confirmed',
      paymentStatus: 'canceled',
    });
  });

  it('goods are not shipped on a hold whose time is over, reported or not', async () => {
    const sale = await authorize();
    await shop.db.query(`UPDATE payments SET capture_before = now() - interval '1 minute' WHERE id = $1`, [
      decodeId('payment', sale.paymentId),
    ]);
    expect(await ship(sale.orderId)).toMatchObject({ status: 409, body: { code: 'order_not_fulfillable' } });
  });

  it('a hold that comes after the goods were sold to others is let go', async () => {
    const variantId = await shop.product({ stock: 2, shipping: false });
    const cart = async () =>
      (
        await shop.call('POST', '/v1/carts', {
          body: { lines: [{ variantId, quantity: 2 }], email: 'ada@example.com' },
        })
      ).body;
    const first = await cart();
    const { body } = await shop.checkout(first);
    const id = decodeId('order', body.order.id);
    // Forced past the guards: the order ends here while its intent stays payable at Stripe.
    await shop.db.transaction(async (tx) => {
      await tx.query(
        `UPDATE stock_levels s SET reserved = s.reserved - r.quantity FROM stock_reservations r WHERE r.order_id = $1 AND s.variant_id = r.variant_id`,
        [id],
      );
      await tx.query(`UPDATE stock_reservations SET state = 'released' WHERE order_id = $1`, [id]);
      await tx.query(
        `UPDATE orders SET status = 'canceled', payment_status = 'canceled', expires_at = NULL WHERE id = $1`,
        [id],
      );
      await tx.query(
        `INSERT INTO order_events (order_id, type, from_status, to_status) VALUES ($1, 'order.canceled', 'pending_payment', 'canceled')`,
        [id],
      );
    });
    expect(
      (await shop.checkout(await cart(), { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa' })).status,
    ).toBe(201);
    await shop.confirm(body.payment.clientSecret);
    await shop.until(async () => intentOf(body.order.id).status === 'canceled', 'the hold to be let go');
    await shop.balance();
    expect(await shop.order(body.order.id, first.token)).toMatchObject({
      status: 'canceled',
      paymentStatus: 'canceled',
    });
  });

  describe('races', () => {
    for (let round = 1; round <= RACE_ROUNDS; round += 1) {
      it(`ten captures at once take the money once (round ${round})`, async () => {
        const sale = await authorize();
        const answers = await Promise.all(Array.from({ length: 10 }, () => capture(sale.orderId, { amount: 1200 })));
        expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
        for (const answer of answers.filter((a) => a.status !== 201))
          expect(answer).toMatchObject({ status: 409, body: { code: 'capture_not_possible' } });
        expect(intentOf(sale.orderId).amount_received).toBe(1200);
      });

      it(`capture against cancel: taken and refunded, or let go, never mixed (round ${round})`, async () => {
        const sale = await authorize();
        const [taken, canceled] = await Promise.all([capture(sale.orderId), cancel(sale.orderId)]);
        await shop.quiet();
        const order = await shop.order(sale.orderId, sale.token);
        expect([200, 409]).toContain(canceled.status);
        if (canceled.status === 200) {
          expect(order.status).toBe('canceled');
          expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
          expect(order.paymentStatus).toBe(intentOf(sale.orderId).status === 'succeeded' ? 'refunded' : 'canceled');
        } else {
          expect(taken.status).toBe(201);
          expect(order).toMatchObject({ status: 'confirmed', paymentStatus: 'paid' });
        }
      });
    }

    race('refund against refund of a part that was captured: never more than came', async () => {
      const sale = await authorize();
      await capture(sale.orderId, { amount: 1000 });
      const answers = await Promise.all(Array.from({ length: 8 }, () => refund(sale.orderId, { amount: 600 })));
      expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
      await shop.balance();
    });
  });
});

const newLine = () => 'line_01j4000000e008000000000001';
