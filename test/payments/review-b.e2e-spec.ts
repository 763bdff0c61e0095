import { decodeId, newUuid } from '#libs/ids';
import { CancelOrder } from '../../src/modules/payments/cancel-order.service.js';
import { StripeGateway } from '../../src/modules/payments/stripe/stripe-gateway.js';
import { type Sale, usePaymentShop } from '../support/payments.js';

describe('ways out of an order', () => {
  const pay = usePaymentShop();

  const ship = (sale: Sale, body: Record<string, unknown> = {}) =>
    pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/fulfillments`, { bearer: pay.bearer, body });
  const release = (sale: Sale) =>
    pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/release-hold`, { bearer: pay.bearer, body: {} });
  const asStaff = async (sale: Sale) =>
    (await pay.shop.call('GET', `/v1/admin/orders/${sale.orderId}`, { bearer: pay.bearer })).body;
  const line = async (sale: Sale) =>
    (
      await pay.shop.db.query<{ restocked_quantity: number; fulfilled_quantity: number }>(
        `SELECT restocked_quantity, fulfilled_quantity FROM order_lines WHERE id = $1`,
        [decodeId('line', sale.lineId)],
      )
    )[0];

  describe('when cards are held first', () => {
    beforeAll(() => pay.captureLater(true));
    afterAll(() => pay.captureLater(false));

    it('nothing is shipped while the bank is asked to let a hold go', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      await pay.becomes(sale, 'confirmed', 'authorized');
      pay.stripe.setChaos({ api: [{ kind: 'slow', method: 'POST', contains: '/cancel', delayMs: 1_500, count: 1 }] });
      const canceling = pay.shop.call('POST', `/v1/orders/${sale.orderId}/cancel`, { token: sale.token, body: {} });
      await pay.shop.until(async () => (await asStaff(sale)).hold === 'canceling', 'the order to be held back');
      expect(await ship(sale)).toMatchObject({
        status: 409,
        body: { code: 'order_on_hold', reasons: ['canceling'] },
      });
      expect(await release(sale)).toMatchObject({ status: 409, body: { code: 'order_on_hold' } });
      expect(await canceling).toMatchObject({ status: 200, body: { status: 'canceled' } });
      expect(await asStaff(sale)).toMatchObject({ status: 'canceled', hold: null, fulfillmentStatus: 'unfulfilled' });
      expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    });

    it('a warning of fraud that comes meanwhile does not let staff release it, nor holds what is canceled', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      await pay.becomes(sale, 'confirmed', 'authorized');
      pay.stripe.setChaos({ api: [{ kind: 'slow', method: 'POST', contains: '/cancel', delayMs: 3_000, count: 1 }] });
      const canceling = pay.cancel(sale);
      await pay.shop.until(async () => (await asStaff(sale)).hold === 'canceling', 'the order to be held back');
      pay.stripe.warnOfFraud(sale.intent);
      await pay.shop.until(async () => (await pay.told(sale, 'order.fraud_warning')) === 1, 'the warning');
      expect(await asStaff(sale)).toMatchObject({ status: 'confirmed', hold: 'canceling' });
      expect(await release(sale)).toMatchObject({ status: 409, body: { reasons: ['canceling'] } });
      expect(await canceling).toMatchObject({ status: 200, body: { status: 'canceled', hold: null } });
    });

    it('a hold whose end is unknown keeps the goods here until it is asked for again, or staff decide', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      const other = await pay.place({ pay: 'pm_card_visa' });
      for (const { orderId } of [sale, other]) {
        pay.stripe.setChaos({ api: [{ kind: 'status', status: 503, method: 'POST', contains: '/cancel', count: 2 }] });
        expect(
          await pay.shop.call('POST', `/v1/admin/orders/${orderId}/cancel`, { bearer: pay.bearer, body: {} }),
        ).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
      }
      expect((await ship(sale)).body.code).toBe('order_on_hold');
      expect((await pay.cancel(sale)).body).toMatchObject({ status: 'canceled', hold: null });

      await pay.shop.db.query(`UPDATE orders SET updated_at = now() - interval '2 minutes' WHERE id = $1`, [
        decodeId('order', other.orderId),
      ]);
      expect(await release(other)).toMatchObject({ status: 200, body: { hold: null } });
      expect((await ship(other)).status).toBe(201);
    });

    it('once a part is shipped and the hold is lost, nothing more goes out, and staff end the order', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      expect((await ship(sale, { lines: [{ lineId: sale.lineId, quantity: 1 }] })).status).toBe(201);
      await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}/cancel`);
      await pay.becomes(sale, 'confirmed', 'canceled');
      expect(await ship(sale)).toMatchObject({
        status: 409,
        body: { code: 'order_not_fulfillable', paymentStatus: 'canceled' },
      });
      expect(
        (await pay.shop.call('POST', `/v1/orders/${sale.orderId}/cancel`, { token: sale.token, body: {} })).body.code,
      ).toBe('order_not_cancelable');
      expect(await pay.cancel(sale)).toMatchObject({
        status: 200,
        body: { status: 'completed', paymentStatus: 'canceled', fulfillmentStatus: 'fulfilled' },
      });
      expect(await line(sale)).toEqual({ fulfilled_quantity: 1, restocked_quantity: 1 });
      expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 4, reserved: 0 });
      expect((await pay.cancel(sale)).body.code).toBe('order_not_cancelable');
    });

    it('an order that ended after its goods were sold, and is captured all the same, can be shipped', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      await pay.becomes(sale, 'confirmed', 'authorized');
      await pay.endHere(sale);
      expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
      await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}/capture`);
      await pay.becomes(sale, 'confirmed', 'paid');
      expect(await line(sale)).toEqual({ fulfilled_quantity: 0, restocked_quantity: 0 });
      expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 3, reserved: 0 });
      expect(await ship(sale)).toMatchObject({ status: 201, body: { status: 'completed' } });
    });
  });

  it('an order that late money opened again gives its goods back when it is canceled', async () => {
    const sale = await pay.place();
    await pay.endHere(sale);
    expect(await line(sale)).toEqual({ fulfilled_quantity: 0, restocked_quantity: 0 });
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect((await pay.cancel(sale)).status).toBe(200);
    await pay.becomes(sale, 'canceled', 'refunded');
    expect(await pay.standing(sale)).toEqual(['canceled', 'refunded', 5, 0]);
  });

  it('an unshipped order whose dispute is lost ends without a refund', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    await pay.shop.quiet();
    pay.stripe.openDispute(sale.intent);
    await pay.shop.until(async () => (await pay.disputes(sale)).length === 1, 'the dispute');
    expect((await pay.cancel(sale)).body.code).toBe('payment_disputed');
    pay.stripe.loseDispute(sale.intent);
    await pay.shop.until(async () => (await pay.disputes(sale))[0].status === 'lost', 'the dispute to be lost');
    expect(await pay.cancel(sale)).toMatchObject({ status: 200, body: { status: 'canceled' } });
    expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    expect(pay.refundsAtStripe(sale)).toEqual([]);
  });

  describe('a dispute that is lost in part', () => {
    async function lost(amount: number): Promise<Sale> {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      await pay.shop.quiet();
      pay.stripe.openDispute(sale.intent, { amount });
      await pay.shop.until(async () => (await pay.disputes(sale)).length === 1, 'the dispute');
      pay.stripe.loseDispute(sale.intent);
      await pay.shop.until(async () => (await pay.disputes(sale))[0].status === 'lost', 'the dispute to be lost');
      return sale;
    }

    it('leaves the rest to be refunded, and no more', async () => {
      const sale = await lost(700);
      expect(await pay.refund(sale, { amount: 1400 })).toMatchObject({
        status: 422,
        body: { code: 'refund_too_large', refundable: 1300 },
      });
      expect((await pay.refund(sale, { amount: 300 })).status).toBe(201);
      expect(await pay.refund(sale, {})).toMatchObject({ status: 201, body: { amount: { amount: 1000 } } });
      expect(await pay.refund(sale, { amount: 1 })).toMatchObject({ status: 409, body: { code: 'payment_disputed' } });
    });

    it('sends the rest back when the order is canceled', async () => {
      const sale = await lost(700);
      expect(await pay.cancel(sale)).toMatchObject({ status: 200, body: { status: 'canceled' } });
      expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 1300, status: 'succeeded' }]);
      expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    });

    it('is told to the shop when Stripe does not take the refund of the rest, which can be asked for again', async () => {
      const sale = await lost(700);
      const rule = { kind: 'status' as const, status: 400, code: 'charge_disputed', method: 'POST' };
      pay.stripe.setChaos({ api: [{ ...rule, path: '/v1/refunds' }] });
      expect(await pay.cancel(sale)).toMatchObject({ status: 200, body: { status: 'canceled' } });
      expect(await pay.told(sale, 'payment.refund_failed')).toBe(1);
      pay.stripe.clearChaos();
      expect(await pay.refund(sale, {})).toMatchObject({ status: 201, body: { amount: { amount: 1300 } } });
    });
  });

  it('a review cannot be rejected while the bank decides, and can once it has', async () => {
    const sale = await pay.place();
    await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}`, { amount: '1000' });
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'payment_review', 'pending');
    await pay.shop.quiet();
    pay.stripe.openDispute(sale.intent);
    await pay.shop.until(async () => (await pay.disputes(sale)).length === 1, 'the dispute');
    const reject = () =>
      pay.shop.call('POST', `/v1/admin/payments/${sale.paymentId}/reject`, {
        bearer: pay.bearer,
        key: newUuid(),
        body: {},
      });
    expect(await reject()).toMatchObject({ status: 409, body: { code: 'payment_disputed' } });
    expect(await pay.payment(sale)).toMatchObject({ review: 'open' });
    pay.stripe.loseDispute(sale.intent);
    await pay.shop.until(async () => (await pay.disputes(sale))[0].status === 'lost', 'the dispute to be lost');
    expect(await reject()).toMatchObject({ status: 200, body: { review: 'rejected' } });
    expect(await pay.order(sale)).toMatchObject({ status: 'canceled' });
    expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    expect(pay.refundsAtStripe(sale)).toEqual([]);
  });

  it.each(['cancellation', 'expiry'])('an unpaid order that Stripe does not know ends by %s', async (way) => {
    const sale = await pay.place();
    await pay.shop.db.query(`UPDATE payments SET provider_ref = $2 WHERE id = $1`, [
      decodeId('payment', sale.paymentId),
      `pi_of_another_account_${newUuid().replaceAll('-', '')}`,
    ]);
    if (way === 'cancellation') expect((await pay.cancel(sale)).status).toBe(200);
    else await pay.expire(sale);
    await pay.becomes(sale, 'canceled', 'canceled');
    expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    expect(await pay.payment(sale)).toMatchObject({ status: 'canceled' });
  });

  it('an unpaid order ends when the shop has switched Stripe off', async () => {
    const sale = await pay.place();
    const gateway = pay.shop.app.get(StripeGateway, { strict: false }) as unknown as { client: unknown };
    const { client } = gateway;
    gateway.client = null;
    try {
      const end = pay.shop.app.get(CancelOrder, { strict: false });
      await end.execute(decodeId('order', sale.orderId)!, { reason: 'staff', actor: 'system' });
    } finally {
      gateway.client = client;
    }
    expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
  });

  it('a dispute is recorded although the key may not read warnings', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    await pay.shop.quiet();
    pay.stripe.setChaos({
      api: [{ kind: 'status', status: 403, method: 'GET', path: '/v1/radar/early_fraud_warnings' }],
    });
    pay.stripe.openDispute(sale.intent);
    await pay.shop.until(async () => (await pay.disputes(sale)).length === 1, 'the dispute', 8_000);
    expect(await asStaff(sale)).toMatchObject({ disputed: true });
  });
});
