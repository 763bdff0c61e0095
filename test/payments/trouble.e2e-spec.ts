import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Stripe from 'stripe';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { createEmulator } from '#libs/stripe-emulator';
import { usePaymentShop } from '../support/payments.js';
import { SEED } from '../support/rounds.js';

const SERVER = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };

/** Answers that are lost, money that comes late or wrong, and calls that would be mistakes. */
describe(`Trouble with Stripe (seed ${SEED})`, () => {
  const pay = usePaymentShop();

  for (const kind of ['reset_after', 'truncate'] as const) {
    it(`S13 create response lost (${kind})`, async () => {
      const { cart, variantId, quantity } = await pay.fill();
      pay.stripe.setChaos({ api: [{ kind, method: 'POST', path: '/v1/payment_intents' }] });
      const key = newUuid();
      const lost = await pay.shop.checkout(cart, undefined, key);
      expect(lost).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
      pay.stripe.clearChaos();
      const answer = await pay.shop.checkout(cart, undefined, key);
      expect(answer).toMatchObject({ status: 201, body: { order: { id: lost.body.orderId } } });
      const sale = pay.saleOf(answer, variantId, quantity, cart);
      expect(pay.intentsOf(sale.orderId)).toHaveLength(1);
      expect((await pay.payment(sale)).providerRef).toBe(sale.intent);
      await pay.shop.confirm(sale.clientSecret);
      await pay.becomes(sale, 'confirmed', 'paid');
      expect(pay.charges(sale)).toHaveLength(1);
    });
  }

  it('S13 confirm response lost twice: the shopper repeats, and is charged once', async () => {
    const { cart, variantId, quantity } = await pay.fill();
    pay.stripe.setChaos({ api: [{ kind: 'reset_after', method: 'POST', contains: '/confirm' }] });
    const key = newUuid();
    expect((await pay.shop.checkout(cart, SERVER, key)).status).toBe(503);
    pay.stripe.clearChaos();
    const answer = await pay.shop.checkout(cart, SERVER, key);
    expect(answer).toMatchObject({ status: 201, body: { order: { paymentStatus: 'paid' } } });
    const sale = pay.saleOf(answer, variantId, quantity, cart);
    expect(pay.charges(sale)).toHaveLength(1);
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
  });

  it('S14 Stripe hangs / 500s on create', async () => {
    for (const rule of [
      { kind: 'status' as const, status: 500 },
      { kind: 'status' as const, status: 502, html: true },
      { kind: 'status' as const, status: 429, code: 'lock_timeout' },
      { kind: 'status' as const, status: 409 },
    ]) {
      const { cart, variantId, quantity } = await pay.fill();
      const key = newUuid();
      pay.stripe.setChaos({ api: [{ ...rule, method: 'POST', path: '/v1/payment_intents' }] });
      const down = await pay.shop.checkout(cart, undefined, key);
      expect(down).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
      expect(Number(down.headers.get('retry-after'))).toBeGreaterThan(0);
      pay.stripe.clearChaos();
      const up = await pay.shop.checkout(cart, undefined, key);
      expect(up).toMatchObject({ status: 201, body: { order: { id: down.body.orderId, status: 'pending_payment' } } });
      expect(pay.intentsOf(down.body.orderId)).toHaveLength(1);
      expect(await pay.standing(pay.saleOf(up, variantId, quantity, cart))).toEqual([
        'pending_payment',
        'pending',
        5,
        2,
      ]);
    }
  });

  it('S20 late success, stock gone', async () => {
    const sale = await pay.place({ stock: 2 });
    await pay.endHere(sale);
    const other = await pay.fill({ variantId: sale.variantId });
    expect((await pay.shop.checkout(other.cart, { paymentMethod: 'manual' })).status).toBe(201);
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'canceled', 'refunded');
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['canceled', 'refunded', 0, 0]);
    expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 2000 }]);
    expect(await pay.history(sale)).toContain('payment.late_refund');
  });

  it('S21 late success, stock still there', async () => {
    const sale = await pay.place();
    await pay.endHere(sale);
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(await pay.history(sale)).toContain('payment.late');
    expect(pay.refundsAtStripe(sale)).toEqual([]);
  });

  it('S22 amount tampering', async () => {
    const sale = await pay.place();
    await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}`, { amount: '100' });
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'payment_review', 'pending');
    expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 2 });
    expect(await pay.told(sale, 'order.paid')).toBe(0);
    expect(await pay.told(sale, 'order.payment_review')).toBe(1);
  });

  it('F22 a cheap payment with the metadata of a dear order does not pay it', async () => {
    const dear = await pay.place({ quantity: 5, price: 2000 });
    const [own] = pay.intentsOf(dear.orderId);
    const cheap = await pay.atStripe('POST', '/v1/payment_intents', {
      amount: '100',
      currency: 'usd',
      confirm: 'true',
      payment_method: 'pm_card_visa',
      return_url: 'http://localhost/done',
      ...Object.fromEntries(Object.entries(own!.metadata).map(([name, value]) => [`metadata[${name}]`, value])),
    });
    expect(cheap.status).toBe('succeeded');
    pay.shop.foreign.add(cheap.id);
    await pay.shop.quiet();
    expect(await pay.told(dear, 'order.paid')).toBe(0);
    expect((await pay.order(dear)).status).not.toBe('confirmed');
    const alerts = await pay.shop.db.query(
      `SELECT 1 FROM outbox WHERE topic = 'reconciliation.mismatch' AND payload->>'subject' = $1`,
      [cheap.id],
    );
    expect(alerts).toHaveLength(1);
    expect(await pay.shop.stock(dear.variantId)).toEqual({ onHand: 5, reserved: 5 });
    await pay.shop.confirm(dear.clientSecret);
    await pay.becomes(dear, 'confirmed', 'paid');
  });

  it('F22 a cheap payment that comes before our own answers for a dear order puts it under review', async () => {
    pay.stripe.setChaos({ api: [{ kind: 'reset_before', method: 'POST', path: '/v1/payment_intents' }] });
    const { cart, variantId } = await pay.fill({ quantity: 5, price: 2000 });
    const { body } = await pay.shop.checkout(cart);
    expect(body).toMatchObject({ code: 'payment_unavailable', orderId: expect.stringMatching(/^ord_/) });
    pay.stripe.clearChaos();
    const [row] = await pay.shop.db.query<{ id: string }>(`SELECT id FROM payments WHERE order_id = $1`, [
      decodeId('order', body.orderId),
    ]);
    const cheap = await pay.atStripe('POST', '/v1/payment_intents', {
      amount: '100',
      currency: 'usd',
      confirm: 'true',
      payment_method: 'pm_card_visa',
      return_url: 'http://localhost/done',
      'metadata[shop]': 'emporium',
      'metadata[order_id]': body.orderId,
      'metadata[payment_id]': encodeId('payment', row!.id),
    });
    expect(cheap.status).toBe('succeeded');
    const order = () => pay.shop.order(body.orderId, cart.token);
    await pay.shop.until(async () => (await order()).status === 'payment_review', 'the review');
    expect(await order()).toMatchObject({ paymentStatus: 'pending' });
    expect(await pay.shop.stock(variantId)).toEqual({ onHand: 5, reserved: 5 });
    const told = await pay.shop.db.query<{ topic: string }>(`SELECT topic FROM outbox WHERE aggregate_id = $1`, [
      decodeId('order', body.orderId),
    ]);
    expect(told.map(({ topic }) => topic)).toEqual(['order.payment_review']);
  });

  it('F24 no key is used for two things in the whole life of orders', async () => {
    const sale = await pay.place({ pay: 'pm_card_chargeDeclined' });
    await pay.pay(sale, 'pm_card_visa');
    await pay.refund(sale, { amount: 100 });
    await pay.refund(sale, { amount: 100 });
    await pay.cancel(await pay.place());
    const uses = new Map<string, Set<string>>();
    const posts = pay.stripe.requests({ method: 'POST' }).filter((r) => r.key === 'secret' && r.idempotencyKey);
    expect(posts.length).toBeGreaterThan(6);
    for (const { idempotencyKey, path, params } of posts) {
      const known = uses.get(idempotencyKey!) ?? new Set();
      uses.set(idempotencyKey!, known.add(`${path} ${JSON.stringify(params)}`));
    }
    expect([...uses].filter(([, things]) => things.size > 1)).toEqual([]);
    for (const key of uses.keys()) expect(key.length).toBeLessThanOrEqual(255);
  });

  it('F25 a parameter that Stripe does not know is refused on every route that we send to', async () => {
    const emulator = await createEmulator();
    try {
      const stripe = new Stripe('sk_test_emporium', {
        host: '127.0.0.1',
        port: emulator.port,
        protocol: 'http',
        maxNetworkRetries: 0,
        telemetry: false,
      });
      const { id: customer } = await stripe.customers.create();
      const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer });
      const { id: open } = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' });
      const { id: disputed } = await stripe.paymentIntents.create({
        amount: 2000,
        currency: 'usd',
        confirm: true,
        payment_method: 'pm_card_createDispute',
        return_url: 'http://localhost/done',
      });
      emulator.settle();
      const { data } = await stripe.disputes.list({ payment_intent: disputed });
      const { id: dispute } = data[0]!;
      const wrong = { idempotencyKey: 'given as a parameter' } as object as never;
      const calls: Record<string, () => Promise<unknown>> = {
        'paymentIntents.create': () =>
          stripe.paymentIntents.create({ amount: 2000, currency: 'usd', ...(wrong as object) }),
        'paymentIntents.update': () => stripe.paymentIntents.update(open, wrong),
        'paymentIntents.confirm': () => stripe.paymentIntents.confirm(open, wrong),
        'paymentIntents.capture': () => stripe.paymentIntents.capture(open, wrong),
        'paymentIntents.cancel': () => stripe.paymentIntents.cancel(open, wrong),
        'refunds.create': () => stripe.refunds.create({ payment_intent: disputed, ...(wrong as object) }),
        'customers.create': () => stripe.customers.create(wrong),
        'paymentMethods.detach': () => stripe.paymentMethods.detach(card, wrong),
        'disputes.update': () => stripe.disputes.update(dispute, wrong),
        'disputes.close': () => stripe.disputes.close(dispute, wrong),
      };
      const folder = join(import.meta.dirname, '../../src/modules/payments/stripe');
      const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
      const used = sources.flatMap((source) =>
        [...source.matchAll(/\bstripe\.(\w+(?:\.\w+)*)\(/g)].map(([, call]) => call!),
      );
      const sent = used.filter((call) => !/\.(?:list|retrieve|del$)/.test(call));
      expect([...new Set(sent)].toSorted()).toEqual(Object.keys(calls).toSorted());
      const outcomes = await Promise.all(
        Object.entries(calls).map(async ([name, call]) => {
          const code = await call().then(
            () => 'accepted',
            (error: unknown) => (error as { code?: string }).code,
          );
          return [name, code];
        }),
      );
      expect(outcomes).toEqual(Object.keys(calls).map((name) => [name, 'parameter_unknown']));
      expect(emulator.problems().unknownParams).toHaveLength(Object.keys(calls).length);
    } finally {
      await emulator.close();
    }
  });

  describe('in other currencies', () => {
    /** A change of the settings is seen everywhere within moments. */
    async function setCurrency(currency: string): Promise<void> {
      await pay.shop.db.query(`UPDATE shop_settings SET currency = $1, version = version + 1`, [currency]);
      await pay.shop.until(
        async () => (await pay.shop.call('POST', '/v1/carts', { body: {} })).body.currency === currency,
        'the currency to change',
      );
    }
    afterEach(() => setCurrency('USD'));

    async function order(currency: string, price: number) {
      await setCurrency(currency);
      const variantId = await pay.shop.product({ stock: 5, price, currency, shipping: false });
      const { cart } = await pay.fill({ variantId, quantity: 1 });
      return { cart, variantId, answer: await pay.shop.checkout(cart) };
    }

    it.each([
      ['JPY', 2000, 2000],
      ['KWD', 5100, 5100],
      ['ISK', 500, 50_000],
      ['UGX', 5000, 500_000],
      ['HUF', 250_000, 250_000],
    ])('S30 money edges: F26 %s %i is sent as %i, paid and refunded', async (currency, price, wire) => {
      const { cart, variantId, answer } = await order(currency, price);
      expect(answer).toMatchObject({ status: 201, body: { order: { total: { amount: price, currency } } } });
      const sale = pay.saleOf(answer, variantId, 1, cart);
      expect(pay.intentsOf(sale.orderId)).toMatchObject([{ amount: wire, currency: currency.toLowerCase() }]);
      await pay.shop.confirm(sale.clientSecret);
      await pay.becomes(sale, 'confirmed', 'paid');
      expect((await pay.payment(sale)).captured).toEqual({ amount: price, currency });
      expect(await pay.refund(sale, { amount: price / 10 })).toMatchObject({ status: 201 });
      expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: wire / 10 }]);
      await pay.becomes(sale, 'confirmed', 'partially_refunded');
      expect((await pay.order(sale)).refundedTotal).toEqual({ amount: price / 10, currency });
    });

    it.each([
      ['USD', 49, 'amount_too_small'],
      ['USD', 100_000_000, 'amount_too_large'],
      ['KWD', 5123, 'amount_not_chargeable'],
    ])('S30 money edges: %s %i is refused before Stripe hears of it', async (currency, price, code) => {
      const intents = pay.account.payment_intents.length;
      expect((await order(currency, price)).answer).toMatchObject({ status: 422, body: { code } });
      expect(pay.account.payment_intents).toHaveLength(intents);
    });

    it('S30 money edges: what costs nothing is paid without Stripe', async () => {
      const intents = pay.account.payment_intents.length;
      const { answer, variantId } = await order('USD', 0);
      expect(answer).toMatchObject({
        status: 201,
        body: { order: { status: 'confirmed', paymentStatus: 'paid' }, payment: null },
      });
      expect(await pay.shop.stock(variantId)).toEqual({ onHand: 4, reserved: 0 });
      expect(pay.account.payment_intents).toHaveLength(intents);
    });

    it('S30 money edges: the largest charge that there is', async () => {
      const { cart, variantId, answer } = await order('USD', 99_999_999);
      const sale = pay.saleOf(answer, variantId, 1, cart);
      await pay.shop.confirm(sale.clientSecret);
      await pay.becomes(sale, 'confirmed', 'paid');
    });
  });
});
