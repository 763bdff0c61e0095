import { newUuid } from '#libs/ids';
import { applyCard, balanceOf, giftCard, storeCredit, type TestCard } from '../support/credits.js';
import { signUp } from '../support/customers.js';
import { type Sale, usePaymentShop } from '../support/payments.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });

/** A hold is captured in part, of an order that gift cards or store credit pay a part of. */
describe('Captures of orders that credit pays for, too', () => {
  const pay = usePaymentShop({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  beforeAll(() => pay.captureLater(true));

  /** An order of two things for 10.00 each, of which a card pays so much; the bank holds the rest. */
  async function held(onCard: number, options: { isShipped?: boolean } = {}): Promise<{ sale: Sale; card: TestCard }> {
    const card = await giftCard(pay.shop, onCard);
    const { variantId, quantity, cart } = await pay.fill(options);
    await applyCard(pay.shop, cart, card.code);
    const body = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };
    const sale = pay.saleOf(await pay.shop.checkout(cart, body), variantId, quantity, cart);
    await pay.becomes(sale, 'confirmed', 'authorized');
    return { sale, card };
  }
  const one = (sale: Sale) => [{ lineId: sale.lineId, quantity: 1 }];

  it('the hold gives what the credit does not: refunds afterwards are exact', async () => {
    const { sale, card } = await held(700);
    expect(await pay.capture(sale, { lines: one(sale) })).toMatchObject({ status: 201, body: { amount: usd(300) } });
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await pay.order(sale)).toMatchObject({ capturedTotal: usd(300), giftCards: [{ amount: usd(700) }] });
    expect(await balanceOf(pay.shop, card)).toBe(0);
    // Of the thing that was never charged nothing is left to give back.
    const both = [{ lineId: sale.lineId, quantity: 2 }];
    expect(await pay.refund(sale, { lines: both })).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await pay.refund(sale, { amount: 1001 })).toMatchObject({ status: 422, body: { refundable: 1000 } });
    expect(await pay.refund(sale, { lines: one(sale), restock: true })).toMatchObject({
      status: 201,
      body: {
        amount: usd(1000),
        parts: [
          { destination: 'payment', amount: usd(300) },
          { destination: 'gift_card', amount: usd(700) },
        ],
      },
    });
    await pay.becomes(sale, 'confirmed', 'refunded');
    expect(await balanceOf(pay.shop, card)).toBe(700);
    expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
  });

  it('credit that is enough for what stays: the hold is let go, and the rest of the credit goes back', async () => {
    const { sale, card } = await held(1500);
    const key = newUuid();
    const answer = await pay.capture(sale, { lines: one(sale) }, key);
    expect(answer).toMatchObject({ status: 201, body: { status: 'succeeded', amount: usd(0) } });
    expect((await pay.capture(sale, { lines: one(sale) }, key)).body.id).toBe(answer.body.id);
    expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled', amount_received: 0 }]);
    expect(await pay.order(sale)).toMatchObject({
      status: 'confirmed',
      paymentStatus: 'partially_refunded',
      capturedTotal: usd(0),
      refundedTotal: usd(500),
      giftCards: [{ amount: usd(1500), refunded: usd(500) }],
    });
    expect(await balanceOf(pay.shop, card)).toBe(500);
    expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 4, reserved: 0 });
    expect(await pay.told(sale, 'order.paid')).toBe(1);
    expect(await pay.capture(sale)).toMatchObject({ status: 409, body: { code: 'capture_not_possible' } });
    // It is shipped like any other, and what is left of it can be refunded.
    const ship = { bearer: pay.bearer, body: {} };
    expect((await pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/fulfillments`, ship)).status).toBe(201);
    expect((await pay.order(sale)).status).toBe('completed');
    expect(await pay.refund(sale, { amount: 1001 })).toMatchObject({ status: 422, body: { refundable: 1000 } });
    expect(await pay.refund(sale, {})).toMatchObject({ status: 201, body: { amount: usd(1000), paymentId: null } });
    expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'refunded', refundedTotal: usd(1500) });
    expect(await balanceOf(pay.shop, card)).toBe(1500);
  });

  it('credit that is just enough: nothing is taken, and nothing goes back', async () => {
    const { sale, card } = await held(1000);
    expect(await pay.capture(sale, { lines: one(sale) })).toMatchObject({ status: 201, body: { amount: usd(0) } });
    expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'paid', refundedTotal: usd(0) });
    expect(await balanceOf(pay.shop, card)).toBe(0);
    expect(await pay.cancel(sale)).toMatchObject({ status: 200 });
    await pay.becomes(sale, 'canceled', 'refunded');
    expect(await balanceOf(pay.shop, card)).toBe(1000);
  });

  it('shipping stays owed, and store credit goes back before the cards that were used first', async () => {
    const ada = await signUp(pay.shop, 'ada.captures@example.com');
    await storeCredit(pay.shop, ada.id, 900);
    const card = await giftCard(pay.shop, 1000);
    const variantId = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
    const by = { bearer: ada.bearer };
    const { body: cart } = await pay.shop.call('POST', '/v1/carts', { ...by, body: { lines: [{ variantId, quantity: 2 }] } }); // prettier-ignore
    await applyCard(pay.shop, cart, card.code);
    await pay.shop.call('PATCH', `/v1/carts/${cart.id}`, { ...by, body: { useStoreCredit: true } });
    const body = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };
    const answer = await pay.shop.call('POST', `/v1/carts/${cart.id}/checkout`, { ...by, key: newUuid(), body });
    const sale = pay.saleOf(answer, variantId, 2, cart);
    // Together they pay for all but what is too much to be left to a card.
    const { authorized } = (await pay.payment(sale)) as { authorized: { amount: number } };
    const back = 1000 - authorized.amount;
    expect(await pay.capture(sale, { lines: one(sale) })).toMatchObject({ status: 201, body: { amount: usd(0) } });
    const after = await pay.shop.call('GET', `/v1/orders/${sale.orderId}`, by);
    expect(after.body).toMatchObject({ paymentStatus: 'partially_refunded', storeCredit: { refunded: usd(back) } });
    expect(await balanceOf(pay.shop, card)).toBe(0);
  });

  it('Stripe does not answer: the hold stays pending to be let go, and a job goes on; once', async () => {
    const { sale, card } = await held(1500);
    pay.stripe.setChaos({ api: [{ kind: 'status', status: 503, method: 'POST', contains: '/cancel', count: 2 }] });
    expect(await pay.capture(sale, { lines: one(sale) })).toMatchObject({ status: 503 });
    expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'authorized' });
    expect(await balanceOf(pay.shop, card)).toBe(0);
    pay.stripe.clearChaos();
    await pay.wake('payments.execute-capture');
    await pay.becomes(sale, 'confirmed', 'partially_refunded');
    expect(await balanceOf(pay.shop, card)).toBe(500);
  });

  it('somebody captures in the dashboard meanwhile: that counts, and the request has failed', async () => {
    const { sale, card } = await held(1500);
    pay.stripe.setChaos({
      api: [{ kind: 'status', status: 503, method: 'POST', contains: '/cancel', count: 2 }],
      webhooks: [{ kind: 'hold', types: ['*'] }],
    });
    expect(await pay.capture(sale, { lines: one(sale) })).toMatchObject({ status: 503 });
    await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}/capture`);
    pay.stripe.clearChaos();
    await pay.wake('payments.execute-capture');
    await pay.becomes(sale, 'confirmed', 'paid');
    const { captures } = await pay.payment(sale);
    expect(captures).toMatchObject([{ status: 'failed', amount: usd(0) }, { status: 'succeeded', amount: usd(500) }]); // prettier-ignore
    expect(await balanceOf(pay.shop, card)).toBe(0);
    expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 3, reserved: 0 });
  });

  it('a cancellation that comes in between cancels: nobody asked for the rest of it any more', async () => {
    const { sale, card } = await held(1500);
    pay.stripe.setChaos({ api: [{ kind: 'status', status: 503, method: 'POST', contains: '/cancel', count: 2 }] });
    expect(await pay.capture(sale, { lines: one(sale) })).toMatchObject({ status: 503 });
    pay.stripe.clearChaos();
    expect(await pay.cancel(sale)).toMatchObject({ status: 200, body: { status: 'canceled' } });
    await pay.wake('payments.execute-capture');
    await pay.shop.quiet();
    expect(await pay.order(sale)).toMatchObject({ status: 'canceled', paymentStatus: 'canceled' });
    expect(await balanceOf(pay.shop, card)).toBe(1500);
    expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
  });
});
