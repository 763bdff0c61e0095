import type Stripe from 'stripe';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { circuitReports } from '#libs/vitals';
import type { Emulator } from '#libs/stripe-emulator';
import { type SignedIn, signUp } from '../support/customers.js';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { race, RACE_ROUNDS, SEED } from '../support/rounds.js';

type Rule = NonNullable<Parameters<Emulator['setChaos']>[0]['api']>[number];

const SERVER = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };

/** Failures of Stripe's own that it keeps for a day as the answer to a key, with the work done or not. */
describe(`Keys that Stripe has spent (seed ${SEED}, ${RACE_ROUNDS} rounds)`, () => {
  const pay = usePaymentShop({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  afterEach(() => {
    expect(circuitReports().find(({ name }) => name === 'stripe')).toMatchObject({ state: 'closed' });
  });

  const spoil = (path: string, rule: Partial<Rule> = {}) =>
    pay.stripe.setChaos({
      api: [{ kind: 'status', status: 500, stored: true, method: 'POST', count: 1, contains: path, ...rule }],
    });
  const keysOf = (path: string, since: number) =>
    pay.stripe
      .requests({ method: 'POST' })
      .slice(since)
      .filter((request) => request.key === 'secret' && request.path.endsWith(path))
      .map(({ idempotencyKey }) => idempotencyKey!.replace(/(pay|ref|cap|cus)_\w+/, '$1'));
  const sent = () => pay.stripe.requests({ method: 'POST' }).length;
  const generation = async (table: string, orderId: string) =>
    (
      await pay.shop.db.query<{ n: number }>(`SELECT key_generation AS n FROM ${table} WHERE order_id = $1`, [
        decodeId('order', orderId),
      ])
    ).map(({ n }) => n);

  /** An order whose intent could not be made: Stripe was not there. */
  async function unheard() {
    const { cart, variantId, quantity } = await pay.fill();
    pay.stripe.setChaos({ api: [{ kind: 'reset_before', method: 'POST', path: '/v1/payment_intents' }] });
    const down = await pay.shop.checkout(cart);
    expect(down).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
    pay.stripe.clearChaos();
    const orderId: string = down.body.orderId;
    const again = (body: Record<string, unknown> = {}) =>
      pay.shop.call('POST', `/v1/orders/${orderId}/payments`, { token: cart.token, key: newUuid(), body });
    const [row] = await pay.shop.db.query<{ id: string }>(`SELECT id FROM payments WHERE order_id = $1`, [
      decodeId('order', orderId),
    ]);
    const sale = { orderId, token: cart.token, variantId, quantity, paymentId: encodeId('payment', row!.id) } as Sale;
    return { orderId, again, sale };
  }
  let people = 0;
  /** A customer who has a cart, and pays for it with a card that is saved. */
  async function newcomer() {
    const one = await signUp(pay.shop, `spent${(people += 1)}@example.com`);
    const variantId = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
    const { body: cart } = await pay.shop.call('POST', '/v1/carts', {
      bearer: one.bearer,
      body: { lines: [{ variantId, quantity: 2 }], email: one.email },
    });
    const key = newUuid();
    const checkout = () =>
      pay.shop.call('POST', `/v1/carts/${cart.id}/checkout`, {
        bearer: one.bearer,
        key,
        body: { ...SERVER, savePaymentMethod: true },
      });
    return { one, checkout };
  }
  const cardsOf = async (one: SignedIn): Promise<{ id: string }[]> =>
    (await pay.shop.call('GET', '/v1/me/payment-methods', { bearer: one.bearer })).body.data;

  describe.each([true, false])('with the work done: %p', (executed) => {
    it('an intent is made once, and its order can be paid', async () => {
      const since = sent();
      spoil('/v1/payment_intents', { executed });
      const sale = await pay.place();
      expect(pay.intentsOf(sale.orderId)).toHaveLength(1);
      expect((await pay.payment(sale)).providerRef).toBe(sale.intent);
      expect(keysOf('/payment_intents', since)).toEqual([
        'pi:create:pay',
        'pi:create:pay',
        ...(executed ? [] : ['pi:create:pay:1']),
      ]);
      expect(await generation('payments', sale.orderId)).toEqual([executed ? 0 : 1]);
      await pay.shop.confirm(sale.clientSecret);
      await pay.becomes(sale, 'confirmed', 'paid');
      expect(pay.charges(sale)).toHaveLength(1);
    });

    it('an intent is made once when the next key is spent too', async () => {
      const { orderId, again } = await unheard();
      // The first key and its repetition, then the next one.
      spoil('/v1/payment_intents', { executed: false, count: 2 });
      pay.stripe.setChaos({
        api: [
          ...pay.stripe.chaos().api,
          {
            kind: 'status',
            status: 503,
            stored: true,
            executed,
            method: 'POST',
            path: '/v1/payment_intents',
            count: 1,
          },
        ],
      });
      expect(await again()).toMatchObject({ status: 503, body: { code: 'payment_unavailable', orderId } });
      expect(await again()).toMatchObject({ status: 201 });
      expect(pay.intentsOf(orderId)).toHaveLength(1);
      expect(await generation('payments', orderId)).toEqual([executed ? 1 : 2]);
    });

    it('an order that expires comes to its end', async () => {
      const { orderId, sale } = await unheard();
      spoil('/v1/payment_intents', { executed });
      await pay.expire(sale);
      await pay.shop.until(async () => (await pay.order(sale)).status === 'canceled', 'the end');
      expect(pay.intentsOf(orderId)).toMatchObject([{ status: 'canceled' }]);
      expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    });

    it('a card is charged once', async () => {
      spoil('/confirm', { executed });
      const { cart, variantId, quantity } = await pay.fill();
      const answer = await pay.shop.checkout(cart, SERVER);
      expect(answer).toMatchObject({ status: 201, body: { order: { paymentStatus: 'paid' } } });
      const sale = pay.saleOf(answer, variantId, quantity, cart);
      expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
      expect(pay.charges(sale)).toHaveLength(1);
    });

    it('a declined card is declined once where Stripe has asked the bank, and another one pays', async () => {
      spoil('/confirm', { executed });
      const sale = await pay.place({ pay: 'pm_card_chargeDeclined' });
      expect(sale.payment.status).toBe('requires_payment_method');
      const tried = pay.account.charges.filter(({ metadata }) => metadata.order_id === sale.orderId);
      expect(tried).toMatchObject([{ status: 'failed' }]);
      expect(await pay.pay(sale, 'pm_card_visa')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    });

    it('money goes back once', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      const since = sent();
      spoil('/v1/refunds', { executed });
      expect(await pay.refund(sale, { amount: 500 })).toMatchObject({ status: 201 });
      expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 500 }]);
      expect(keysOf('/refunds', since)).toEqual(['refund:ref', 'refund:ref', ...(executed ? [] : ['refund:ref:1'])]);
      await pay.becomes(sale, 'confirmed', 'partially_refunded');
      expect((await pay.order(sale)).refundedTotal.amount).toBe(500);
    });

    it('a customer is introduced once, and their card is saved', async () => {
      const { one, checkout } = await newcomer();
      const since = sent();
      spoil('/v1/customers', { executed });
      expect(await checkout()).toMatchObject({ status: 201, body: { order: { paymentStatus: 'paid' } } });
      const customers = (pay.stripe.state() as unknown as { customers: Stripe.Customer[] }).customers;
      expect(customers.filter(({ metadata }) => metadata.customer_id === one.id)).toHaveLength(1);
      expect(keysOf('/customers', since)).toEqual([
        'cus:create:cus',
        'cus:create:cus',
        ...(executed ? [] : ['cus:create:cus:1']),
      ]);
      expect(await cardsOf(one)).toMatchObject([{ last4: '4242' }]);
    });

    it('the same request once more says whose card pays, and has it forgotten', async () => {
      const { one, checkout } = await newcomer();
      spoil('/v1/payment_intents/pi_', { executed });
      expect(await checkout()).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
      expect(await checkout()).toMatchObject({ status: 201, body: { order: { paymentStatus: 'paid' } } });
      const [card] = await cardsOf(one);
      const forget = () => pay.shop.call('DELETE', `/v1/me/payment-methods/${card!.id}`, { bearer: one.bearer });
      spoil('/detach', { executed });
      expect((await forget()).status).toBe(503);
      expect((await forget()).status).toBe(executed ? 404 : 204);
      expect(await cardsOf(one)).toEqual([]);
    });

    it('the same request once more gives a dispute up', async () => {
      const sale = await pay.place({ pay: 'pm_card_createDispute' });
      const dispute = await pay.shop.until(async () => (await pay.disputes(sale))[0], 'the dispute');
      const accept = () =>
        pay.shop.call('POST', `/v1/admin/disputes/${dispute.id}/accept`, { bearer: pay.bearer, body: {} });
      pay.stripe.setChaos({ webhooks: [{ kind: 'hold' }] });
      spoil('/close', { executed });
      expect((await accept()).status).toBe(503);
      expect(await accept()).toMatchObject({ status: 200, body: { status: 'lost' } });
    });

    race('shoppers who pay at the same instant make one intent, and are charged once', async () => {
      const { orderId, again, sale } = await unheard();
      spoil('/v1/payment_intents', { executed });
      const { confirmationToken, returnUrl } = SERVER;
      const answers = await Promise.all(Array.from({ length: 3 }, () => again({ confirmationToken, returnUrl })));
      expect(answers.map(({ status }) => status)).toContain(201);
      await pay.becomes(sale, 'confirmed', 'paid');
      expect(pay.intentsOf(orderId)).toHaveLength(1);
      expect(pay.charges(sale)).toHaveLength(1);
    });

    race('a request and a job at the same instant send money back once', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      pay.stripe.setChaos({ api: [{ kind: 'reset_before', method: 'POST', path: '/v1/refunds' }] });
      const key = newUuid();
      expect(await pay.refund(sale, { amount: 500 }, key)).toMatchObject({ status: 503 });
      spoil('/v1/refunds', { executed });
      const [again] = await Promise.all([
        pay.refund(sale, { amount: 500 }, key),
        pay.wake('payments.execute-refund'),
        pay.wake('payments.execute-refund'),
      ]);
      expect([201, 409, 503]).toContain(again.status);
      await pay.shop.quiet();
      expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 500 }]);
      expect(await pay.standing(sale)).toEqual(['confirmed', 'partially_refunded', 3, 0]);
    });
  });

  describe('of captures', () => {
    beforeAll(() => pay.captureLater(true));
    afterAll(() => pay.captureLater(false));
    const held = async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      expect(sale.payment.status).toBe('authorized');
      return sale;
    };

    it.each([true, false])('with the work done: %p: a hold is captured once', async (executed) => {
      const sale = await held();
      const since = sent();
      spoil('/capture', { executed });
      expect(await pay.capture(sale, { amount: 1500 })).toMatchObject({ status: 201 });
      expect(pay.charges(sale)).toMatchObject([{ amount_captured: 1500 }]);
      expect(keysOf('/capture', since)).toEqual([
        'pi:capture:cap',
        'pi:capture:cap',
        ...(executed ? [] : ['pi:capture:cap:1']),
      ]);
      expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    });

    race('those of the same instant take money once', async (round) => {
      const sale = await held();
      pay.stripe.setChaos({ api: [{ kind: 'reset_before', method: 'POST', contains: '/capture' }] });
      const key = newUuid();
      expect(await pay.capture(sale, { amount: 1500 }, key)).toMatchObject({ status: 503 });
      spoil('/capture', { executed: round % 2 === 0 });
      await Promise.all([
        pay.capture(sale, { amount: 1500 }, key),
        pay.wake('payments.execute-capture'),
        pay.comeBack(sale),
      ]);
      await pay.shop.quiet();
      expect(pay.charges(sale)).toMatchObject([{ amount_captured: 1500 }]);
      expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    });
  });

  it('are no reason to think that Stripe is away, however many there are', async () => {
    const { orderId, again } = await unheard();
    for (let n = 0; n < 12; n += 1) {
      spoil('/v1/payment_intents', { executed: false, count: 4 });
      expect(await again()).toMatchObject({ status: 503 });
    }
    pay.stripe.clearChaos();
    expect(await again()).toMatchObject({ status: 201 });
    expect(pay.intentsOf(orderId)).toHaveLength(1);
  });
});
