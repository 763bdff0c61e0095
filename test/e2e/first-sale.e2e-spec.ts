import { decodeId } from '#libs/ids';
import { Shop } from '../support/shop.js';

describe('first sale', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await Shop.start();
  });
  afterAll(async () => {
    await shop?.stop();
  });
  afterEach(() => shop.settleUp());

  it('sells on invoice: confirmed at once, stock taken, paid when staff say so', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 2 }]);
    expect(cart.total).toBe(2500);
    const placed = await shop.checkout(cart, { paymentMethod: 'manual', expectedTotal: 2500 });
    expect(placed).toMatchObject({
      status: 201,
      body: {
        order: { status: 'confirmed', paymentStatus: 'pending', total: { amount: 2500, currency: 'USD' } },
        payment: { provider: 'manual', status: 'processing' },
      },
    });
    expect(await shop.stock(variantId)).toEqual({ onHand: 3, reserved: 0 });
    expect(placed.body.order).toEqual(await shop.order(placed.body.order.id, cart.token));
    const bearer = await shop.staff();
    const { id } = placed.body.order;
    const paid = await shop.call('POST', `/v1/admin/orders/${id}/payments/${placed.body.payment.id}/mark-paid`, {
      bearer,
    });
    expect(paid).toMatchObject({ status: 200, body: { paymentStatus: 'paid' } });
    const shipped = await shop.call('POST', `/v1/admin/orders/${id}/fulfillments`, {
      bearer,
      body: { carrier: 'UPS', trackingNumber: '1Z' },
    });
    expect(shipped).toMatchObject({
      status: 201,
      body: { status: 'completed', fulfillmentStatus: 'fulfilled', fulfillments: [{ trackingNumber: '1Z' }] },
    });
    await shop.balance();
    const mails = await shop.db.query<{ subject: string }>(
      `SELECT subject FROM mailbox WHERE recipient = 'ada@example.com' ORDER BY id`,
    );
    expect(mails).toHaveLength(2);
  });

  it('sells by card through the signed webhook alone: the browser never comes back', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 2 }]);
    const placed = await shop.checkout(cart);
    expect(placed).toMatchObject({
      status: 201,
      body: {
        order: { status: 'pending_payment' },
        payment: { status: 'requires_payment_method', publishableKey: 'pk_test_emporium' },
      },
    });
    expect(placed.body.payment.testPayUrl).toContain('/pay/');
    expect(await shop.stock(variantId)).toEqual({ onHand: 5, reserved: 2 });
    await shop.confirm(placed.body.payment.clientSecret);
    const order = await shop.until(async () => {
      const o = await shop.order(placed.body.order.id, cart.token);
      return o.paymentStatus === 'paid' && o;
    }, 'the order to be paid');
    expect(order).toMatchObject({ status: 'confirmed', payments: [{ status: 'succeeded' }] });
    expect(await shop.stock(variantId)).toEqual({ onHand: 3, reserved: 0 });
  });

  it('sells by card on the server with a confirmation token', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const placed = await shop.checkout(cart, {
      paymentMethod: 'stripe',
      confirmationToken: 'pm_card_visa',
      returnUrl: 'http://localhost/done',
    });
    expect(placed).toMatchObject({
      status: 201,
      body: { order: { status: 'confirmed', paymentStatus: 'paid' }, payment: { status: 'succeeded' } },
    });
  });

  it('answers a decline, and takes another card on the same order and intent', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const placed = await shop.checkout(cart, {
      paymentMethod: 'stripe',
      confirmationToken: 'pm_card_chargeDeclined',
      returnUrl: 'http://localhost/done',
    });
    expect(placed).toMatchObject({
      status: 201,
      body: { order: { status: 'pending_payment' }, payment: { status: 'requires_payment_method' } },
    });
    expect(placed.body.payment.error.code).toBe('generic_decline');
    const again = await shop.call('POST', `/v1/orders/${placed.body.order.id}/payments`, {
      token: cart.token,
      key: 'second-try-0000001',
      body: { confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' },
    });
    expect(again).toMatchObject({ status: 201, body: { id: placed.body.payment.id, status: 'succeeded' } });
    const bearer = await shop.staff();
    const detail = await shop.call('GET', `/v1/admin/payments/${placed.body.payment.id}`, { bearer });
    expect(detail.body.attempts.map((a: { outcome: string }) => a.outcome)).toEqual(['failed', 'succeeded']);
  });

  it('replays a checkout with the same key, client secret included, and keeps no secret in plain', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const key = 'replayed-key-00001';
    const first = await shop.checkout(cart, { paymentMethod: 'stripe' }, key);
    const second = await shop.checkout(cart, { paymentMethod: 'stripe' }, key);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
    const other = await shop.checkout(cart, { paymentMethod: 'manual' }, key);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    const rows = await shop.db.query<{ body: string }>(
      `SELECT encode(response_body, 'escape') AS body FROM idempotency_keys`,
    );
    expect(JSON.stringify(rows)).not.toContain('_secret_');
  });

  it('writes the payment and the answer of an order on invoice with the order: no crash comes in between', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const key = 'kept-with-the-order';
    const first = await shop.checkout(cart, { paymentMethod: 'manual' }, key);
    const [kept] = await shop.db.query<{ together: boolean }>(
      `SELECT k.xmin = o.xmin AND p.xmin = o.xmin AND p.created_at = o.created_at AND p.updated_at = o.updated_at AS together
       FROM orders o JOIN payments p ON p.order_id = o.id, idempotency_keys k WHERE o.id = $1 AND k.key = $2`,
      [decodeId('order', first.body.order.id), key],
    );
    expect(kept).toEqual({ together: true });
    const second = await shop.checkout(cart, { paymentMethod: 'manual' }, key);
    expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
    expect(second.body).toEqual(first.body);
  });

  it('an order that is refused keeps no answer with it', async () => {
    const variantId = await shop.product({ stock: 1 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const key = 'refused-then-placed';
    const refused = await shop.checkout(cart, { paymentMethod: 'manual', expectedTotal: 1 }, key);
    expect(refused).toMatchObject({ status: 409, body: { code: 'cart_changed' } });
    const placed = await shop.checkout(cart, { paymentMethod: 'manual', expectedTotal: 1 }, key);
    expect(placed.headers.get('idempotent-replayed')).toBeNull();
    expect(placed).toMatchObject({ status: 409, body: { code: 'cart_changed' } });
  });
});
