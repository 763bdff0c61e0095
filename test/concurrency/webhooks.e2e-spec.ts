import Stripe from 'stripe';
import { newUuid } from '#libs/ids';
import { Shop } from '../support/shop.js';

const SECRET = 'whsec_test_0123456789abcdef';

describe('webhooks', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await Shop.start();
  });
  afterAll(async () => {
    await shop?.stop();
  });
  afterEach(() => shop.stripe.clearChaos());

  async function placed(quantity = 1) {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity }]);
    const { body } = await shop.checkout(cart);
    return {
      variantId,
      token: cart.token,
      orderId: body.order.id as string,
      secret: body.payment.clientSecret as string,
      paymentId: body.payment.id as string,
    };
  }
  const paidTimes = async (orderId: string) =>
    (
      await shop.db.query<{ n: number }>(
        `SELECT count(*) AS n FROM outbox WHERE topic = 'order.paid' AND payload->>'orderId' = $1`,
        [orderId],
      )
    )[0]!.n;

  it('delivered five times at once: one settlement', async () => {
    const sale = await placed();
    shop.stripe.setChaos({
      webhooks: [
        { types: ['payment_intent.succeeded', 'charge.succeeded'], kind: 'duplicate', times: 5, isConcurrent: true },
      ],
    });
    await shop.confirm(sale.secret);
    await shop.balance();
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({ status: 'confirmed', paymentStatus: 'paid' });
    expect(await paidTimes(sale.orderId)).toBe(1);
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 4, reserved: 0 });
  });

  it('forged, stale and without signature: 400, and nothing is stored', async () => {
    const before = await receipts(shop);
    const payload = JSON.stringify({
      id: 'evt_forged',
      object: 'event',
      type: 'payment_intent.succeeded',
      data: { object: { object: 'payment_intent', id: 'pi_x' } },
    });
    const send = (body: string, signature?: string) =>
      fetch(`${shop.url}/v1/webhooks/stripe`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(signature ? { 'Stripe-Signature': signature } : {}) },
        body,
      });
    const stripe = Stripe.webhooks;
    const good = stripe.generateTestHeaderString({ payload, secret: SECRET });
    const answers = await Promise.all([
      send(payload),
      send(payload, stripe.generateTestHeaderString({ payload, secret: 'whsec_another_secret' })),
      send(
        payload,
        stripe.generateTestHeaderString({ payload, secret: SECRET, timestamp: Math.floor(Date.now() / 1000) - 600 }),
      ),
      send(JSON.stringify(JSON.parse(payload), null, 2), good),
    ]);
    expect(answers.map((a) => a.status)).toEqual([400, 400, 400, 400]);
    expect(await answers[1]!.json()).toMatchObject({ code: 'webhook_signature_invalid' });
    expect(await receipts(shop)).toBe(before);
  });

  it('of something that is not ours: 200, and ignored', async () => {
    const intent = (await (
      await fetch(`${shop.stripe.url}/v1/payment_intents`, {
        method: 'POST',
        headers: {
          Authorization: 'Bearer sk_test_emporium',
          'Content-Type': 'application/x-www-form-urlencoded',
          'Idempotency-Key': newUuid(),
        },
        body: 'amount=2000&currency=usd&confirm=true&payment_method=pm_card_visa&return_url=http://localhost/x',
      })
    ).json()) as { id: string; status: string };
    expect(intent.status).toBe('succeeded');
    await shop.quiet();
    const [row] = await shop.db.query<{ outcome: string }>(
      `SELECT outcome FROM webhook_receipts WHERE object_ref = $1 AND type = 'payment_intent.succeeded'`,
      [intent.id],
    );
    expect(row!.outcome).toBe('not_ours');
    shop.stripe.reset();
    shop.stripe.addWebhookEndpoint({ url: `${shop.url}/v1/webhooks/stripe`, secret: SECRET });
  });

  it('lost for good: the browser that returns settles it, and a later event changes nothing', async () => {
    const sale = await placed();
    shop.stripe.setChaos({ webhooks: [{ kind: 'drop' }] });
    await shop.confirm(sale.secret);
    const synced = await Promise.all(
      Array.from({ length: 10 }, () =>
        shop.call('POST', `/v1/orders/${sale.orderId}/payments/sync`, { token: sale.token }),
      ),
    );
    expect(synced.every((a) => a.status === 200 && a.body.paymentStatus === 'paid')).toBe(true);
    expect(await paidTimes(sale.orderId)).toBe(1);
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 4, reserved: 0 });
  });

  it('before the answer that would have told us the intent: it finds its payment', async () => {
    shop.stripe.setChaos({ webhooks: [{ kind: 'deliverBeforeResponse' }] });
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const answer = await shop.checkout(cart, {
      paymentMethod: 'stripe',
      confirmationToken: 'pm_card_visa',
      returnUrl: 'http://localhost/done',
    });
    expect(answer).toMatchObject({ status: 201, body: { order: { paymentStatus: 'paid' } } });
    expect(await paidTimes(answer.body.order.id)).toBe(1);
  });

  it('a payment that pays too little never pays the order', async () => {
    const sale = await placed();
    const intent = sale.secret.split('_secret_')[0]!;
    await fetch(`${shop.stripe.url}/v1/payment_intents/${intent}`, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer sk_test_emporium',
        'Content-Type': 'application/x-www-form-urlencoded',
        'Idempotency-Key': newUuid(),
      },
      body: 'amount=100',
    });
    await shop.confirm(sale.secret);
    await shop.quiet();
    expect(await shop.order(sale.orderId, sale.token)).toMatchObject({
      status: 'payment_review',
      paymentStatus: 'pending',
    });
    expect(await paidTimes(sale.orderId)).toBe(0);
    expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 1 });
  });
});

async function receipts(shop: Shop): Promise<number> {
  return (await shop.db.query<{ n: number }>(`SELECT count(*) AS n FROM webhook_receipts`))[0]!.n;
}
