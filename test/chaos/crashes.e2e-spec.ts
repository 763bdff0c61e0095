import type { ChildProcess } from 'node:child_process';
import { newUuid } from '#libs/ids';
import { Shop } from '../support/shop.js';
import { freePort, Processes } from '../support/processes.js';

const SECRET = 'whsec_test_0123456789abcdef';

/**
 * The API and the worker as processes of their own on Postgres and Redis by URL, killed without warning at bad moments.
 * The shop of the test process stands beside them: it makes products, and reads the books.
 */
describe('crashes', () => {
  let shop: Shop;
  let processes: Processes;
  let url: string;
  let api: ChildProcess;
  let worker: ChildProcess;
  let env: Record<string, string>;

  const startApi = async () => {
    api = processes.start('src/main.js', { ...env, JOBS: '0' });
    await processes.alive(url);
  };
  const startWorker = () => {
    worker = processes.start('src/worker.js', env);
  };

  beforeAll(async () => {
    shop = await Shop.start({ env: { JOBS: '0' } });
    processes = new Processes();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    env = {
      PORT: String(port),
      DATABASE_URL: shop.database.url,
      ...(process.env.TEST_REDIS_URL ? { REDIS_URL: `${process.env.TEST_REDIS_URL}/7` } : {}),
      STRIPE_SECRET_KEY: 'sk_test_emporium',
      STRIPE_PUBLISHABLE_KEY: 'pk_test_emporium',
      STRIPE_WEBHOOK_SECRET: SECRET,
      STRIPE_API_BASE: shop.stripe.url,
    };
    for (const endpoint of shop.stripe.state().webhook_endpoints as { id: string }[])
      shop.stripe.removeWebhookEndpoint(endpoint.id);
    shop.stripe.addWebhookEndpoint({ url: `${url}/v1/webhooks/stripe`, secret: SECRET });
    await startApi();
    startWorker();
  }, 60_000);
  afterAll(async () => {
    await processes?.stop();
    await shop?.stop();
  });
  afterEach(() => shop.settleUp());

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as any };
  };
  const orders = (cartId: string) =>
    shop.db.query<{ status: string; payment_status: string }>(
      `SELECT o.status, o.payment_status FROM orders o JOIN carts c ON c.id = o.cart_id WHERE c.token_hash = sha256($1::bytea)`,
      [cartId],
    );

  it('sells with API and worker as two processes: paid, confirmed by mail', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const placed = await post(
      `/v1/carts/${cart.id}/checkout`,
      { paymentMethod: 'stripe' },
      { 'X-Cart-Token': cart.token, 'Idempotency-Key': newUuid() },
    );
    expect(placed.status).toBe(201);
    await shop.confirm(placed.body.payment.clientSecret);
    await shop.until(
      async () => (await shop.order(placed.body.order.id, cart.token)).paymentStatus === 'paid',
      'the payment',
    );
    await shop.balance();
    expect(
      await shop.db.query(`SELECT FROM mailbox WHERE subject LIKE '%' || $1 || '%'`, [placed.body.order.number]),
    ).toHaveLength(1);
  });

  it('kill -9 of the API between payment and settlement: one charge, exactly one paid order after the restart', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const charges = shop.providerBooks().charges.length;
    // Stripe charges the card, and its answer never reaches us.
    shop.stripe.setChaos({
      api: [{ kind: 'hang', executed: true, method: 'POST', contains: '/confirm' }],
      webhooks: [{ kind: 'hold' }],
    });
    const lost = post(
      `/v1/carts/${cart.id}/checkout`,
      { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' },
      { 'X-Cart-Token': cart.token, 'Idempotency-Key': newUuid() },
    ).catch(() => 'connection lost');
    await shop.until(async () => shop.providerBooks().charges.length > charges, 'the charge');
    await processes.kill(api);
    expect(await lost).toBe('connection lost');
    shop.stripe.clearChaos();
    await startApi();
    shop.stripe.release();
    await shop.until(async () => (await orders(cart.token))[0]?.payment_status === 'paid', 'the order to be paid');
    const again = await post(
      `/v1/carts/${cart.id}/checkout`,
      { paymentMethod: 'stripe' },
      { 'X-Cart-Token': cart.token, 'Idempotency-Key': newUuid() },
    );
    expect(again).toMatchObject({ status: 201, body: { order: { status: 'confirmed', paymentStatus: 'paid' } } });
    expect(await orders(cart.token)).toEqual([{ status: 'confirmed', payment_status: 'paid' }]);
    await shop.balance();
  }, 60_000);

  it('kill -9 of the worker while it works: every order is confirmed by one mail in the end', async () => {
    const variantId = await shop.product({ stock: 100 });
    const carts = await Promise.all(Array.from({ length: 30 }, () => shop.cart([{ variantId, quantity: 1 }])));
    const placed = Promise.all(
      carts.map((cart) =>
        post(
          `/v1/carts/${cart.id}/checkout`,
          { paymentMethod: 'manual' },
          { 'X-Cart-Token': cart.token, 'Idempotency-Key': newUuid() },
        ),
      ),
    );
    await shop.until(
      async () => (await shop.db.query(`SELECT FROM jobs WHERE state = 'running'`)).length > 0,
      'the worker to work',
    );
    await processes.kill(worker);
    expect((await placed).map((p) => p.status)).toEqual(Array.from({ length: 30 }, () => 201));
    // What the dead worker held comes back when its lease is over; the test does not wait that long.
    await shop.db.query(`UPDATE jobs SET locked_until = now() - interval '1 ms' WHERE state = 'running'`);
    await shop.db.query(`UPDATE jobs SET dispatched_at = NULL WHERE state = 'queued'`);
    startWorker();
    await shop.balance();
    const numbers = (await placed).map((p) => p.body.order.number as string);
    const mails = await shop.db.query<{ subject: string }>(`SELECT subject FROM mailbox`);
    for (const number of numbers) expect(mails.filter((m) => m.subject.includes(number))).toHaveLength(1);
  }, 60_000);

  it('SIGTERM: the worker and the API end by themselves, and the API with what it had begun', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    shop.stripe.setChaos({
      api: [{ kind: 'slow', delayMs: 500, method: 'POST', path: '/v1/payment_intents', count: 1 }],
    });
    const inFlight = post(
      `/v1/carts/${cart.id}/checkout`,
      { paymentMethod: 'stripe' },
      { 'X-Cart-Token': cart.token, 'Idempotency-Key': newUuid() },
    );
    await shop.until(async () => (await orders(cart.token)).length > 0, 'the order');
    const [apiCode, workerCode, answer] = await Promise.all([
      processes.terminate(api),
      processes.terminate(worker),
      inFlight,
    ]);
    expect(answer.status).toBe(201);
    expect([apiCode, workerCode]).toEqual([143, 143]);
    // Somebody has to do what is left.
    await startApi();
    startWorker();
  }, 60_000);
});
