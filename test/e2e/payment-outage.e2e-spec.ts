import { newUuid } from '#libs/ids';
import { SEED } from '../support/rounds.js';
import { Shop } from '../support/shop.js';

/** Stripe is slow, dead or has had enough of us: shoppers hear of it soon, and lose nothing. */
describe('while Stripe does not answer', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await Shop.start({ seed: SEED });
  });
  afterEach(() => shop.settleUp());
  afterEach(async () => {
    await shop?.stop();
  });

  const cartOf = async (stock = 10) => {
    const variantId = await shop.product({ stock });
    return { variantId, cart: await shop.cart([{ variantId, quantity: 1 }]) };
  };
  const intents = () => (shop.stripe.state() as { payment_intents: unknown[] }).payment_intents;
  const circuit = async () =>
    (await shop.call<{ checks: { stripe: { status: string } } }>('GET', '/health/ready')).body.checks.stripe.status;
  /** Makes so many calls fail that the circuit opens. */
  const openCircuit = async () => {
    shop.stripe.setChaos({ api: [{ kind: 'status', status: 503 }] });
    // It opens when half of the calls of the last seconds failed: the more went well before, the more have to fail. What
    // readiness says is up to half a second old.
    await shop.until(async () => {
      const { cart } = await cartOf();
      expect(await shop.checkout(cart)).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
      return (await circuit()) === 'down';
    }, 'the circuit to open');
  };

  it('S14 Stripe hangs on create: a checkout waits 12 seconds, then has an order that is paid later; the rest of the shop is as quick as ever', async () => {
    const { cart, variantId } = await cartOf();
    shop.stripe.setChaos({ api: [{ kind: 'hang', method: 'POST', path: '/v1/payment_intents', executed: true }] });
    const key = newUuid();
    const began = performance.now();
    const waiting = shop.checkout(cart, { paymentMethod: 'stripe' }, key);
    for (let i = 0; i < 5; i += 1) {
      const asked = performance.now();
      expect((await shop.call('GET', '/v1/products')).status).toBe(200);
      expect((await shop.cart([{ variantId, quantity: 1 }])).total).toBe(1500);
      expect(performance.now() - asked).toBeLessThan(2_000);
    }
    const answer = await waiting;
    expect(performance.now() - began).toBeGreaterThan(11_000);
    expect(performance.now() - began).toBeLessThan(14_000);
    expect(answer).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    const { orderId } = answer.body as { orderId: string };
    expect(await shop.order(orderId, cart.token)).toMatchObject({ status: 'pending_payment' });
    expect(await shop.stock(variantId)).toEqual({ onHand: 10, reserved: 1 });

    shop.stripe.clearChaos();
    const paid = await shop.call('POST', `/v1/orders/${orderId}/payments`, {
      token: cart.token,
      key: newUuid(),
      body: { confirmationToken: 'pm_card_visa' },
    });
    expect(paid).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(await shop.checkout(cart, { paymentMethod: 'stripe' }, key)).toMatchObject({
      status: 201,
      body: { order: { id: orderId, status: 'confirmed', paymentStatus: 'paid' } },
    });
    expect(intents()).toHaveLength(1);
  });

  it('after repeated failures it is not asked any more: a clear 503 at once, readiness untouched, back by itself', async () => {
    await openCircuit();
    const calls = shop.stripe.requests().length;
    const { cart } = await cartOf();
    const began = performance.now();
    const answer = await shop.checkout(cart);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'payment_unavailable', orderId: expect.stringMatching(/^ord_/) },
    });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(shop.stripe.requests()).toHaveLength(calls);
    const ready = await shop.call('GET', '/health/ready');
    expect(ready).toMatchObject({ status: 200, body: { status: 'ready', checks: { stripe: { status: 'down' } } } });
    const metrics = (await shop.call('GET', '/metrics')).body as unknown as string;
    expect(metrics).toContain('emporium_circuit_state{service="stripe",state="open"} 1');
    expect(metrics).toMatch(/emporium_stripe_calls_total\{operation="create",outcome="unknown"\} \d+/);

    shop.stripe.clearChaos();
    const { orderId } = answer.body as { orderId: string };
    await shop.until(async () => {
      const again = await shop.call('POST', `/v1/orders/${orderId}/payments`, {
        token: cart.token,
        key: newUuid(),
        body: { confirmationToken: 'pm_card_visa' },
      });
      return again.status === 201;
    }, 'Stripe to be asked again');
    expect(await circuit()).toBe('up');
    expect(await shop.order(orderId, cart.token)).toMatchObject({ paymentStatus: 'paid' });
  });

  it('jobs wait without losing their tries', async () => {
    const { cart } = await cartOf();
    const { body } = await shop.checkout(cart);
    // The event of the new intent is worked on: tried while the circuit is not open yet, it would fail like any other call,
    // and that is a try. What counts no try is not to be asked at all.
    await shop.quiet();
    await openCircuit();
    // The browser talks to Stripe on its own, and has more luck.
    shop.stripe.clearChaos();
    await shop.confirm(body.payment.clientSecret);
    const jobs = () =>
      shop.db.query<{ state: string; attempts: number; waits: boolean }>(
        `SELECT state, attempts, next_at > now() AS waits FROM jobs
         WHERE name = 'payments.process-webhook' AND state <> 'done'`,
      );
    const waiting = await shop.until(async () => {
      const found = await jobs();
      return found.length > 0 && found.every((job) => job.state === 'queued' && job.waits) && found;
    }, 'the events to be put off');
    expect(waiting.every((job) => job.attempts === 0)).toBe(true);
    await shop.until(
      async () => (await shop.order(body.order.id, cart.token)).paymentStatus === 'paid',
      'the events to be worked on',
      30_000,
    );
  });

  it('calls that come too often go again after a moment, with the same key', async () => {
    const { cart } = await cartOf();
    shop.stripe.setChaos({
      api: [{ kind: 'status', status: 429, code: 'lock_timeout', method: 'POST', count: 2, executed: false }],
    });
    const answer = await shop.checkout(cart, { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa' });
    expect(answer).toMatchObject({ status: 201, body: { payment: { status: 'succeeded' } } });
    expect(await circuit()).toBe('up');
  });
});
