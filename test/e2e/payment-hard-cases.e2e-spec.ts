import Stripe from 'stripe';
import { decodeId, newUuid } from '#libs/ids';
import { runBooks } from '../../src/modules/operations/index.js';
import { race, SEED } from '../support/rounds.js';
import { Shop, WEBHOOK_SECRET } from '../support/shop.js';

/** Payments that go other ways than the straight one. */
describe('payments', () => {
  let shop: Shop;
  let bearer: string;
  beforeAll(async () => {
    shop = await Shop.start({ seed: SEED, env: { STOREFRONT_URL: 'https://shop.example.com' } });
    bearer = await shop.staff();
  });
  afterAll(async () => {
    await shop?.stop();
  });
  afterEach(() => shop.settleUp());

  async function place(options: { stock?: number; variantId?: string; pay?: string } = {}) {
    const variantId = options.variantId ?? (await shop.product({ stock: options.stock ?? 5, shipping: false }));
    const cart = await shop.call('POST', '/v1/carts', {
      body: { lines: [{ variantId, quantity: 2 }], email: 'ada@example.com' },
    });
    const { body, status } = await shop.checkout(cart.body, {
      paymentMethod: 'stripe',
      ...(options.pay ? { confirmationToken: options.pay, returnUrl: 'https://shop.example.com/done' } : {}),
    });
    expect(status).toBe(201);
    return {
      variantId,
      token: cart.body.token as string,
      orderId: body.order.id as string,
      paymentId: body.payment.id as string,
      secret: body.payment.clientSecret as string,
      intent: (
        shop.stripe.state() as { payment_intents: { id: string; metadata: Record<string, string> }[] }
      ).payment_intents.find((intent) => intent.metadata.order_id === body.order.id)!.id,
    };
  }
  type Sale = Awaited<ReturnType<typeof place>>;
  const order = (sale: Sale) => shop.order(sale.orderId, sale.token);
  const pay = (sale: Sale, confirmationToken: string, returnUrl = 'https://shop.example.com/done') =>
    shop.call('POST', `/v1/orders/${sale.orderId}/payments`, {
      token: sale.token,
      key: newUuid(),
      body: { confirmationToken, returnUrl },
    });
  const decide = (sale: Sale, how: 'accept' | 'reject', as = bearer) =>
    shop.call('POST', `/v1/admin/payments/${sale.paymentId}/${how}`, { bearer: as, body: { note: 'as agreed' } });
  const intentAt = (sale: Sale) =>
    (shop.stripe.state() as { payment_intents: Stripe.PaymentIntent[] }).payment_intents.find(
      ({ id }) => id === sale.intent,
    )!;
  /** Somebody with the secret key changes what is asked for, and it is paid. */
  async function payAnother(sale: Sale, change: Record<string, string>) {
    const changed = await fetch(`${shop.stripe.url}/v1/payment_intents/${sale.intent}`, {
      method: 'POST',
      headers: { Authorization: 'Bearer sk_test_emporium', 'Idempotency-Key': newUuid() },
      body: new URLSearchParams(change),
    });
    expect(changed.status).toBe(200);
    await shop.confirm(sale.secret);
    await shop.until(async () => (await order(sale)).status === 'payment_review', 'the review');
  }
  const cancel = (sale: Sale, who: string) =>
    who === 'customer'
      ? shop.call('POST', `/v1/orders/${sale.orderId}/cancel`, { token: sale.token, body: {} })
      : shop.call('POST', `/v1/admin/orders/${sale.orderId}/cancel`, { bearer, body: {} });
  const deliver = async (event: object, secret = WEBHOOK_SECRET) => {
    const body = JSON.stringify(event);
    const response = await fetch(`${shop.url}/v1/webhooks/stripe`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Stripe-Signature': Stripe.webhooks.generateTestHeaderString({ payload: body, secret }),
      },
      body,
    });
    return response.status;
  };
  const metric = async (line: string) => {
    const text = (await shop.call('GET', '/metrics')).body as unknown as string;
    return Number(new RegExp(`^${line.replace(/[{}"]/g, '\\$&')} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };

  describe('under review', () => {
    it('accepted: the order is paid with what came, its goods leave the shelf, and what came can be refunded', async () => {
      const sale = await place();
      await payAnother(sale, { amount: '1500' });
      expect(await decide(sale, 'accept', await shop.staff('fulfillment'))).toMatchObject({ status: 403 });
      expect(await decide(sale, 'accept')).toMatchObject({ status: 200, body: { captured: { amount: 1500 } } });
      expect(await order(sale)).toMatchObject({
        status: 'confirmed',
        paymentStatus: 'paid',
        capturedTotal: { amount: 1500 },
        total: { amount: 2000 },
      });
      expect(await shop.stock(sale.variantId)).toEqual({ onHand: 3, reserved: 0 });
      expect((await decide(sale, 'accept')).status).toBe(200);
      expect(await decide(sale, 'reject')).toMatchObject({ status: 409, body: { code: 'payment_not_under_review' } });
      const timeline = await shop.call('GET', `/v1/admin/orders/${sale.orderId}/events`, { bearer });
      expect(timeline.body.data).toContainEqual(
        expect.objectContaining({
          type: 'payment.accepted',
          data: expect.objectContaining({ expected: 2000, received: 1500, note: 'as agreed' }),
        }),
      );
      const refund = await shop.call('POST', `/v1/admin/orders/${sale.orderId}/refunds`, {
        bearer,
        key: newUuid(),
        body: {},
      });
      expect(refund).toMatchObject({ status: 201, body: { amount: { amount: 1500 }, status: 'succeeded' } });
    });

    it('accepted though more came: all of it counts', async () => {
      const sale = await place();
      await payAnother(sale, { amount: '2600' });
      expect((await decide(sale, 'accept')).status).toBe(200);
      expect(await order(sale)).toMatchObject({ paymentStatus: 'paid', capturedTotal: { amount: 2600 } });
    });

    it('rejected: all that came goes back and the order ends', async () => {
      const sale = await place();
      await payAnother(sale, { amount: '2600' });
      expect((await decide(sale, 'reject')).status).toBe(200);
      expect((await decide(sale, 'reject')).status).toBe(200);
      expect(await order(sale)).toMatchObject({
        status: 'canceled',
        cancelReason: 'staff',
        paymentStatus: 'refunded',
        refundedTotal: { amount: 2600 },
      });
      expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    });

    it.each(['customer', 'staff'])(
      'canceled by the %s: all that came goes back, and nothing is left to decide',
      async (who) => {
        const sale = await place();
        await payAnother(sale, { amount: '2500' });
        const canceled = await cancel(sale, who);
        expect(canceled).toMatchObject({ status: 200, body: { status: 'canceled', cancelReason: who } });
        expect(await order(sale)).toMatchObject({ paymentStatus: 'refunded', refundedTotal: { amount: 2500 } });
        expect(await decide(sale, 'accept')).toMatchObject({ status: 409, body: { code: 'payment_not_under_review' } });
        expect(await decide(sale, 'reject')).toMatchObject({ status: 200, body: { refunded: { amount: 2500 } } });
        const open = await shop.call('GET', '/v1/admin/payments?review=open', { bearer });
        expect(open.body.data.map(({ id }: { id: string }) => id)).not.toContain(sale.paymentId);
        expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
      },
    );

    race('canceled by the customer and accepted by staff at once: the customer has all of it back', async () => {
      const sale = await place();
      await payAnother(sale, { amount: '2500' });
      const [accepted, canceled] = await Promise.all([decide(sale, 'accept'), cancel(sale, 'customer')]);
      expect([200, 409]).toContain(accepted.status);
      expect(canceled.status).toBe(200);
      expect(await order(sale)).toMatchObject({
        status: 'canceled',
        paymentStatus: 'refunded',
        refundedTotal: { amount: 2500 },
      });
      await shop.balance();
    });

    race('accept and reject at once: one of them', async () => {
      const sale = await place();
      await payAnother(sale, { amount: '1500' });
      const [accepted, rejected] = await Promise.all([decide(sale, 'accept'), decide(sale, 'reject')]);
      expect([accepted.status, rejected.status].sort()).toEqual([200, 409]);
      expect((await order(sale)).status).toBe(accepted.status === 200 ? 'confirmed' : 'canceled');
      await shop.balance();
    });

    it('is not accepted when the goods have gone, and there is nothing to decide about other payments', async () => {
      const sale = await place({ stock: 2 });
      await payAnother(sale, { amount: '1500' });
      const id = decodeId('order', sale.orderId);
      await shop.db.transaction(async (tx) => {
        await tx.query(`UPDATE stock_reservations SET state = 'released' WHERE order_id = $1`, [id]);
        await tx.query(`UPDATE stock_levels SET reserved = reserved - 2 WHERE variant_id = $1`, [
          decodeId('variant', sale.variantId),
        ]);
      });
      const other = await place({ variantId: sale.variantId, pay: 'pm_card_visa' });
      expect(await decide(sale, 'accept')).toMatchObject({ status: 409, body: { code: 'out_of_stock' } });
      expect(await decide(other, 'accept')).toMatchObject({ status: 409, body: { code: 'payment_not_under_review' } });
      expect((await decide(sale, 'reject')).status).toBe(200);
    });
  });

  describe('tried again and again', () => {
    it('on the server: after 20 cards the order takes no more, and ends', async () => {
      const sale = await place();
      const answers = [];
      for (let i = 0; i < 20; i += 1) answers.push((await pay(sale, 'pm_card_chargeDeclined')).status);
      expect(new Set(answers)).toEqual(new Set([201]));
      expect(await pay(sale, 'pm_card_visa')).toMatchObject({
        status: 409,
        body: { code: 'payment_attempts_exhausted' },
      });
      await shop.until(async () => (await order(sale)).status === 'canceled', 'the order to end');
      expect(await order(sale)).toMatchObject({ cancelReason: 'too_many_attempts' });
      expect(await pay(sale, 'pm_card_visa')).toMatchObject({
        status: 409,
        body: { code: 'payment_attempts_exhausted' },
      });
      expect(intentAt(sale).status).toBe('canceled');
      expect(await shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    });

    race(
      'a hundred at once, on the server: not more than 20 reach the bank',
      async () => {
        const sale = await place();
        const answers = await Promise.all(Array.from({ length: 100 }, () => pay(sale, 'pm_card_chargeDeclined')));
        for (const { status } of answers) expect([201, 409, 422, 503]).toContain(status);
        const confirms = shop.stripe
          .requests({ method: 'POST' })
          .filter(({ path }) => path === `/v1/payment_intents/${sale.intent}/confirm`);
        expect(confirms.length).toBeLessThanOrEqual(20);
      },
      2,
    );

    it('in the browser: the intent takes no more cards', async () => {
      const sale = await place();
      for (let i = 0; i < 20; i += 1) await shop.confirm(sale.secret, 'pm_card_chargeDeclined');
      await shop.until(async () => (await order(sale)).status === 'canceled', 'the order to end');
      const late = (await shop.confirm(sale.secret)) as unknown as { error?: { code: string } };
      expect(late.error?.code).toBe('payment_intent_unexpected_state');
    });
  });

  it('shoppers are sent back to the storefront only', async () => {
    const sale = await place();
    for (const returnUrl of ['https://evil.example.com/', 'https://shop.example.com.evil.example/done']) {
      expect(await pay(sale, 'pm_card_visa', returnUrl)).toMatchObject({
        status: 400,
        body: { code: 'validation_failed', errors: [{ pointer: '/returnUrl', code: 'not_allowed' }] },
      });
    }
    const cart = await shop.cart([{ variantId: sale.variantId, quantity: 1 }]);
    expect(
      await shop.checkout(cart, { paymentMethod: 'stripe', returnUrl: 'https://evil.example.com/' }),
    ).toMatchObject({ status: 400, body: { errors: [{ pointer: '/returnUrl' }] } });
    expect((await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token })).body.orderId ?? null).toBeNull();
    expect((await pay(sale, 'pm_card_visa', 'https://shop.example.com/done?order=1')).status).toBe(201);
  });

  describe('events', () => {
    it('that are thin are as good as snapshots: paid, refunded, canceled', async () => {
      const thin = await Shop.start();
      try {
        const url = `${thin.url}/v1/webhooks/stripe`;
        for (const { id } of thin.stripe.state().webhook_endpoints as { id: string }[])
          thin.stripe.removeWebhookEndpoint(id);
        thin.stripe.addWebhookEndpoint({ url, secret: WEBHOOK_SECRET, payload: 'thin' });
        const variantId = await thin.product({ stock: 5 });
        const cart = await thin.cart([{ variantId, quantity: 1 }]);
        const { body } = await thin.checkout(cart);
        await thin.confirm(body.payment.clientSecret);
        const state = async () => (await thin.order(body.order.id, cart.token)).paymentStatus as string;
        await thin.until(async () => (await state()) === 'paid', 'the thin event');
        thin.stripe.dashboardRefund(body.payment.clientSecret.split('_secret_')[0], 500);
        await thin.until(async () => (await state()) === 'partially_refunded', 'the thin event of a refund');
        // Beside it there may be the snapshot, when the job of every five minutes has just asked for what was not delivered.
        const receipts = await thin.until(async () => {
          const found = await thin.db.query<{ api_version: string | null }>(
            `SELECT api_version FROM webhook_receipts WHERE type = 'v1.payment_intent.succeeded'`,
          );
          return found.length > 0 && found;
        }, 'the receipt of the thin event');
        expect(receipts).toEqual([{ api_version: null }]);
        await thin.quiet();
        // Thin events have ids of their own, so that the books find none of the snapshots (E1). All else holds.
        const provider = { ...thin.providerBooks(), events: [] };
        expect((await runBooks(thin.db, 0, { provider })).violations).toEqual([]);
        thin.stripe.noProblems();
      } finally {
        await thin.stop();
      }
    });

    it('of another mode are stored and left alone; of another version they are counted', async () => {
      const sale = await place();
      const event = {
        id: `evt_${newUuid()}`,
        object: 'event',
        type: 'payment_intent.succeeded',
        livemode: true,
        api_version: '2020-08-27',
        data: { object: { object: 'payment_intent', id: sale.intent } },
      };
      const before = await metric('emporium_webhook_events_total{outcome="other_api_version"}');
      expect(await deliver(event)).toBe(200);
      const receipts = await shop.call('GET', '/v1/admin/webhook-receipts', { bearer });
      expect(receipts.body.data.find((r: { eventId: string }) => r.eventId === event.id)).toMatchObject({
        outcome: 'ignored',
        processedAt: expect.any(String),
      });
      expect(await metric('emporium_webhook_events_total{outcome="other_api_version"}')).toBe(before + 1);
    });

    it('that are signed but none are refused, and those of others are 200 and counted', async () => {
      for (const body of [{ hello: 'world' }, [], { id: 'evt_1', object: 'charge', type: 'x' }])
        expect(await deliver(body)).toBe(400);
      expect(await deliver({ id: 'evt_1', object: 'event', type: 'x' }, 'whsec_of_somebody_else')).toBe(400);
      const foreign = await fetch(`${shop.stripe.url}/v1/payment_intents`, {
        method: 'POST',
        headers: { Authorization: 'Bearer sk_test_emporium', 'Idempotency-Key': newUuid() },
        body: new URLSearchParams({ amount: '700', currency: 'usd' }),
      });
      const before = await metric('emporium_webhook_events_total{outcome="not_ours"}');
      const { id } = (await foreign.json()) as { id: string };
      await shop.until(
        async () => (await metric('emporium_webhook_events_total{outcome="not_ours"}')) > before,
        `the event of ${id}`,
      );
    });

    it('can be replayed, which changes nothing', async () => {
      const sale = await place({ pay: 'pm_card_visa' });
      await shop.quiet();
      const { body } = await shop.call('GET', '/v1/admin/webhook-receipts?limit=100', { bearer });
      const receipts = body.data.filter((r: { objectRef: string }) => r.objectRef === sale.intent) as { id: string }[];
      expect(receipts.length).toBeGreaterThan(0);
      const before = await order(sale);
      for (const { id } of receipts) {
        const again = await shop.call('POST', `/v1/admin/webhook-receipts/${id}/replay`, { bearer });
        expect(again).toMatchObject({ status: 200, body: { outcome: 'applied' } });
      }
      expect(await order(sale)).toEqual(before);
    });
  });
});
