import { decodeId, newUuid } from '#libs/ids';
import { Shop } from '../support/shop.js';

/** Orders that end otherwise than paid and shipped: expiry, cancellation, late money, refunds that fail. */
describe('the life of an order', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await Shop.start();
  });
  afterAll(async () => {
    await shop?.stop();
  });
  afterEach(() => shop.settleUp());

  async function place(options: { stock?: number; quantity?: number; method?: string; pay?: string } = {}) {
    const variantId = await shop.product({ stock: options.stock ?? 5 });
    const cart = await shop.cart([{ variantId, quantity: options.quantity ?? 2 }]);
    const { body, status } = await shop.checkout(cart, {
      paymentMethod: options.method ?? 'stripe',
      ...(options.pay ? { confirmationToken: options.pay, returnUrl: 'http://localhost/done' } : {}),
    });
    expect(status).toBe(201);
    return { variantId, token: cart.token, orderId: body.order.id as string, payment: body.payment };
  }
  /** Moves the hold of an order into the past and wakes its job. */
  async function expire(orderId: string) {
    const id = decodeId('order', orderId);
    await shop.db.query(`UPDATE orders SET expires_at = now() - interval '1 s' WHERE id = $1`, [id]);
    await shop.db.query(
      `UPDATE jobs SET next_at = now() - interval '1 ms', dispatched_at = NULL WHERE name = 'payments.expire-order' AND payload->>'orderId' = $1`,
      [id],
    );
  }
  const intentOf = (orderId: string) =>
    (
      shop.stripe.state() as { payment_intents: { id: string; metadata: Record<string, string> }[] }
    ).payment_intents.find((intent) => intent.metadata.order_id === orderId)!.id;

  it('expires: the intent is canceled at Stripe first, then the stock is given back', async () => {
    const sale = await place();
    await expire(sale.orderId);
    const order = await shop.until(async () => {
      const o = await shop.order(sale.orderId, sale.token);
      return o.status === 'canceled' && o;
    }, 'the order to expire');
    expect(order).toMatchObject({ cancelReason: 'expired', paymentStatus: 'canceled' });
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    const late = await shop.confirm(sale.payment.clientSecret);
    expect((late as unknown as { error?: { code: string } }).error).toBeDefined();
  });

  it('expiring and paying at the same instant: either paid with stock, or canceled without, never mixed', async () => {
    const sales = await Promise.all(Array.from({ length: 10 }, () => place()));
    await Promise.all(sales.flatMap((sale) => [expire(sale.orderId), shop.confirm(sale.payment.clientSecret)]));
    await shop.quiet();
    for (const sale of sales) {
      const order = await shop.order(sale.orderId, sale.token);
      const stock = await shop.stock(sale.variantId);
      if (order.status === 'confirmed') {
        expect(order.paymentStatus).toBe('paid');
        expect(stock).toEqual({ onHand: 3, reserved: 0 });
      } else {
        expect(order).toMatchObject({ status: 'canceled', paymentStatus: 'canceled' });
        expect(stock).toEqual({ onHand: 5, reserved: 0 });
      }
    }
  });

  it('with 3D Secure: held longer while it goes on, paid when approved', async () => {
    const sale = await place({ pay: 'pm_card_threeDSecure2Required' });
    expect(sale.payment).toMatchObject({ status: 'requires_action' });
    expect(sale.payment.nextAction).toBeDefined();
    shop.stripe.approve3ds(intentOf(sale.orderId));
    await shop.until(
      async () => (await shop.order(sale.orderId, sale.token)).paymentStatus === 'paid',
      'the approved payment',
    );
  });

  it('canceled in the dashboard: the order ends and gives its stock back', async () => {
    const sale = await place();
    shop.stripe.dashboardCancel(intentOf(sale.orderId));
    await shop.until(
      async () => (await shop.order(sale.orderId, sale.token)).status === 'canceled',
      'the order to end',
    );
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
  });

  it('canceled by the shopper before paying', async () => {
    const sale = await place();
    const answer = await shop.call('POST', `/v1/orders/${sale.orderId}/cancel`, {
      token: sale.token,
      body: { reason: 'changed my mind' },
    });
    expect(answer).toMatchObject({ status: 200, body: { status: 'canceled', cancelReason: 'customer' } });
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
  });

  it('canceled by staff after paying: stock back, money back', async () => {
    const sale = await place({ pay: 'pm_card_visa' });
    const bearer = await shop.staff();
    const answer = await shop.call('POST', `/v1/admin/orders/${sale.orderId}/cancel`, { bearer, body: {} });
    expect(answer).toMatchObject({ status: 200, body: { status: 'canceled' } });
    await shop.quiet();
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({
      paymentStatus: 'refunded',
      refundedTotal: { amount: 2500 },
    });
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    const again = await shop.call('POST', `/v1/admin/orders/${sale.orderId}/cancel`, { bearer, body: {} });
    expect(again.status).toBe(200);
  });

  it('a manual order that is canceled returns its stock; a shipped one cannot be canceled', async () => {
    const bearer = await shop.staff();
    const sale = await place({ method: 'manual' });
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 3, reserved: 0 });
    expect((await shop.call('POST', `/v1/orders/${sale.orderId}/cancel`, { token: sale.token, body: {} })).status).toBe(
      200,
    );
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });

    const shipped = await place({ method: 'manual' });
    expect(
      (await shop.call('POST', `/v1/admin/orders/${shipped.orderId}/fulfillments`, { bearer, body: {} })).status,
    ).toBe(201);
    const refused = await shop.call('POST', `/v1/orders/${shipped.orderId}/cancel`, { token: shipped.token, body: {} });
    expect(refused).toMatchObject({ status: 409, body: { code: 'order_not_cancelable' } });
  });

  it('money that comes after the end: the goods are had again, or the money goes back by itself', async () => {
    // Forced past the guards: the order ends here while its intent stays payable at Stripe.
    const endHere = async (orderId: string) => {
      const id = decodeId('order', orderId);
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
    };
    const lucky = await place();
    await endHere(lucky.orderId);
    await shop.confirm(lucky.payment.clientSecret);
    await shop.until(
      async () => (await shop.order(lucky.orderId, lucky.token)).status === 'confirmed',
      'the late payment to reopen the order',
    );
    expect(await shop.stock(lucky.variantId)).toEqual({ onHand: 3, reserved: 0 });

    const unlucky = await place({ stock: 2 });
    await endHere(unlucky.orderId);
    const other = await shop.cart([{ variantId: unlucky.variantId, quantity: 2 }]);
    expect((await shop.checkout(other, { paymentMethod: 'manual' })).status).toBe(201);
    await shop.confirm(unlucky.payment.clientSecret);
    await shop.until(
      async () => (await shop.order(unlucky.orderId, unlucky.token)).paymentStatus === 'refunded',
      'the late payment to go back',
    );
    expect(await shop.order(unlucky.orderId, unlucky.token)).toMatchObject({
      status: 'canceled',
      refundedTotal: { amount: 2500 },
    });
    expect(await shop.stock(unlucky.variantId)).toEqual({ onHand: 0, reserved: 0 });
  });

  it('a refund made in the dashboard, and one that fails later, are booked', async () => {
    const sale = await place({ pay: 'pm_card_visa' });
    shop.stripe.dashboardRefund(intentOf(sale.orderId), 500);
    await shop.until(
      async () => (await shop.order(sale.orderId, sale.token)).paymentStatus === 'partially_refunded',
      'the dashboard refund',
    );
    const failing = await place({ pay: 'pm_card_refundFail' });
    const bearer = await shop.staff();
    const refund = await shop.call('POST', `/v1/admin/orders/${failing.orderId}/refunds`, {
      bearer,
      key: newUuid(),
      body: { amount: 700 },
    });
    expect(refund.status).toBe(201);
    shop.stripe.settle();
    await shop.until(async () => {
      const detail = await shop.call('GET', `/v1/admin/payments/${failing.payment.id}`, { bearer });
      return detail.body.refunds[0].status === 'failed';
    }, 'the refund to fail');
    expect(await shop.order(failing.orderId, failing.token)).toMatchObject({
      paymentStatus: 'paid',
      refundedTotal: { amount: 0 },
    });
  });

  it('a refund whose answer is lost is made once', async () => {
    const sale = await place({ pay: 'pm_card_visa' });
    const bearer = await shop.staff();
    shop.stripe.setChaos({ api: [{ kind: 'reset_after', path: '/v1/refunds', method: 'POST', count: 1 }] });
    const key = newUuid();
    const body = { amount: 500, reason: 'damaged' };
    const first = await shop.call('POST', `/v1/admin/orders/${sale.orderId}/refunds`, { bearer, key, body });
    expect(first).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    const replay = await shop.call('POST', `/v1/admin/orders/${sale.orderId}/refunds`, { bearer, key, body });
    expect(replay.body.id).toBe(first.body.id);
    await shop.balance();
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({ refundedTotal: { amount: 500 } });
  });

  it('Stripe out of reach: 503 with the order, which stays payable; the answer lost: still one intent', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const key = newUuid();
    shop.stripe.setChaos({ api: [{ kind: 'status', status: 500, method: 'POST', path: '/v1/payment_intents' }] });
    const down = await shop.checkout(cart, { paymentMethod: 'stripe' }, key);
    expect(down).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
    expect(down.headers.get('retry-after')).toBeTruthy();
    expect(down.body.orderId).toMatch(/^ord_/);
    shop.stripe.setChaos({ api: [{ kind: 'reset_after', method: 'POST', path: '/v1/payment_intents', count: 4 }] });
    const lost = await shop.checkout(cart, { paymentMethod: 'stripe' }, key);
    expect(lost.status).toBe(503);
    shop.stripe.clearChaos();
    const up = await shop.checkout(cart, { paymentMethod: 'stripe' }, key);
    expect(up).toMatchObject({ status: 201, body: { order: { id: down.body.orderId } } });
    await shop.confirm(up.body.payment.clientSecret);
    await shop.until(
      async () => (await shop.order(down.body.orderId, cart.token)).paymentStatus === 'paid',
      'the payment',
    );
  });

  it('a free order is confirmed and paid without a payment; untracked and backorder variants always sell', async () => {
    const free = await shop.product({ stock: 3, price: 0, shipping: false });
    const made = await shop.call('POST', '/v1/carts', {
      body: { lines: [{ variantId: free, quantity: 1 }], email: 'ada@example.com' },
    });
    const placed = await shop.checkout(made.body, { paymentMethod: 'stripe' });
    expect(placed).toMatchObject({
      status: 201,
      body: { order: { status: 'confirmed', paymentStatus: 'paid' }, payment: null },
    });
    const untracked = await shop.product({ stock: null });
    const backorder = await shop.product({ stock: 1, backorder: true });
    const cart = await shop.cart([
      { variantId: untracked, quantity: 50 },
      { variantId: backorder, quantity: 4 },
    ]);
    expect((await shop.checkout(cart, { paymentMethod: 'manual' })).status).toBe(201);
    expect(await shop.stock(backorder)).toEqual({ onHand: -3, reserved: 0 });
  });
});
