import { type Sale, usePaymentShop } from '../support/payments.js';
import { race, SEED } from '../support/rounds.js';
import { SETTLE_DELAY_MS } from '../support/shop.js';

/** Goods that a capture leaves out of an order, or a refund puts back on the shelf, while nobody knows yet how that ends. */
describe(`Goods that are promised back are not shipped (seed ${SEED})`, () => {
  const pay = usePaymentShop();
  const ship = (sale: Sale, quantity?: number) =>
    pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/fulfillments`, {
      bearer: pay.bearer,
      body: quantity === undefined ? {} : { lines: [{ lineId: sale.lineId, quantity }] },
    });
  const some = (sale: Sale, quantity: number) => [{ lineId: sale.lineId, quantity }];
  const stock = async (sale: Sale) => (await pay.shop.stock(sale.variantId)).onHand;
  const refundBecomes = (sale: Sale, status: string) =>
    pay.shop.until(async () => (await pay.payment(sale)).refunds[0].status === status, `the refund to be ${status}`);
  /** A refund that the bank has not decided until the test does. */
  async function undecided(sale: Sale, body: Record<string, unknown>): Promise<void> {
    pay.stripe.settleDelayMs = 3_600_000;
    try {
      expect(await pay.refund(sale, body)).toMatchObject({ status: 201, body: { status: 'pending' } });
    } finally {
      pay.stripe.settleDelayMs = SETTLE_DELAY_MS;
    }
  }
  const refused = (reason: string) => ({ status: 409, body: { code: 'goods_promised_back', reasons: [reason] } });

  describe('by a capture', () => {
    beforeAll(() => pay.captureLater(true));
    afterAll(() => pay.captureLater(false));
    const failCaptures = (rule: { status: number; count: number }) =>
      pay.stripe.setChaos({
        api: [{ kind: 'status', method: 'POST', contains: '/capture', code: 'amount_too_large', ...rule }],
      });

    it('that Stripe has not answered: what is left out stays here, the rest is shipped', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      failCaptures({ status: 503, count: 2 });
      expect((await pay.capture(sale, { lines: some(sale, 1) })).status).toBe(503);
      const answer = await ship(sale, 2);
      expect(answer).toMatchObject(refused('capture'));
      expect(answer.body.errors).toEqual([
        { pointer: '/lines/0/quantity', code: 'promised_back', detail: expect.stringContaining('only 1') },
      ]);
      expect(await ship(sale, 3)).toMatchObject({ status: 422, body: { code: 'quantity_not_shippable' } });
      expect(await ship(sale)).toMatchObject({ status: 201, body: { fulfillmentStatus: 'partially_fulfilled' } });
      expect(await ship(sale)).toMatchObject(refused('capture'));
      pay.stripe.clearChaos();
      await pay.wake('payments.execute-capture');
      await pay.becomes(sale, 'completed', 'paid');
      expect(await pay.order(sale)).toMatchObject({ fulfillmentStatus: 'fulfilled', capturedTotal: { amount: 1000 } });
      expect(await stock(sale)).toBe(4);
    });

    it('that fails: they can be shipped', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      failCaptures({ status: 503, count: 2 });
      expect((await pay.capture(sale, { lines: some(sale, 1) })).status).toBe(503);
      expect(await ship(sale, 2)).toMatchObject(refused('capture'));
      failCaptures({ status: 400, count: 1 });
      await pay.wake('payments.execute-capture');
      await pay.shop.until(
        async () => (await pay.payment(sale)).captures[0].status === 'failed',
        'the capture to be refused',
      );
      expect(await ship(sale, 2)).toMatchObject({ status: 201, body: { fulfillmentStatus: 'fulfilled' } });
      expect((await pay.capture(sale)).status).toBe(201);
      expect(await stock(sale)).toBe(3);
    });

    race('or shipped, at the same instant: no more is shipped than is paid', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      pay.stripe.setChaos({ api: [{ kind: 'slow', method: 'POST', contains: '/capture', delayMs: 200, count: 1 }] });
      const [capture, shipped] = await Promise.all([pay.capture(sale, { lines: some(sale, 1) }), ship(sale, 2)]);
      const isShipped = shipped.status === 201;
      expect([capture.status, shipped.status]).toEqual(isShipped ? [400, 201] : [201, shipped.status]);
      if (!isShipped) expect(['goods_promised_back', 'quantity_not_shippable']).toContain(shipped.body.code);
      await pay.shop.balance();
      expect(await stock(sale)).toBe(isShipped ? 3 : 4);
    });
  });

  describe('by a refund', () => {
    it('that waits for the bank', async () => {
      const sale = await pay.place({ pay: 'pm_card_pendingRefund' });
      await undecided(sale, { restock: true });
      expect(await ship(sale)).toMatchObject(refused('refund'));
      expect(await ship(sale, 1)).toMatchObject(refused('refund'));
      pay.stripe.refundOutcome(sale.intent, 'succeeded');
      await refundBecomes(sale, 'succeeded');
      expect(await pay.standing(sale)).toEqual(['confirmed', 'refunded', 5, 0]);
      expect(await ship(sale)).toMatchObject({ status: 409, body: { code: 'order_not_fulfillable' } });
    });

    it('that Stripe has not answered', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      pay.stripe.setChaos({ api: [{ kind: 'status', status: 503, method: 'POST', path: '/v1/refunds', count: 2 }] });
      expect((await pay.refund(sale, { restock: true })).status).toBe(503);
      expect(await ship(sale)).toMatchObject(refused('refund'));
      await pay.wake('payments.execute-refund');
      await refundBecomes(sale, 'succeeded');
      expect(await pay.standing(sale)).toEqual(['confirmed', 'refunded', 5, 0]);
    });

    it('of a part: the rest is shipped, and the order is complete once the money is back', async () => {
      const sale = await pay.place({ pay: 'pm_card_pendingRefund' });
      await undecided(sale, { lines: some(sale, 1), restock: true });
      expect(await ship(sale, 2)).toMatchObject(refused('refund'));
      expect(await ship(sale)).toMatchObject({
        status: 201,
        body: { status: 'confirmed', fulfillmentStatus: 'partially_fulfilled' },
      });
      pay.stripe.refundOutcome(sale.intent, 'succeeded');
      await pay.becomes(sale, 'completed', 'partially_refunded');
      expect(await pay.order(sale)).toMatchObject({ fulfillmentStatus: 'fulfilled' });
      expect(await stock(sale)).toBe(4);
    });

    it('after a part was shipped: what is here does not leave', async () => {
      const sale = await pay.place({ pay: 'pm_card_pendingRefund' });
      expect((await ship(sale, 1)).status).toBe(201);
      await undecided(sale, { lines: some(sale, 1), restock: true });
      expect(await ship(sale)).toMatchObject(refused('refund'));
      pay.stripe.refundOutcome(sale.intent, 'succeeded');
      await pay.becomes(sale, 'completed', 'partially_refunded');
      expect(await stock(sale)).toBe(4);
    });

    it('that fails: they can be shipped', async () => {
      const sale = await pay.place({ pay: 'pm_card_pendingRefund' });
      await undecided(sale, { lines: some(sale, 1), restock: true });
      expect((await ship(sale)).status).toBe(201);
      expect(await ship(sale)).toMatchObject(refused('refund'));
      pay.stripe.refundOutcome(sale.intent, 'failed');
      await refundBecomes(sale, 'failed');
      expect(await ship(sale)).toMatchObject({
        status: 201,
        body: { status: 'completed', fulfillmentStatus: 'fulfilled', paymentStatus: 'paid' },
      });
      expect(await stock(sale)).toBe(3);
    });

    it('but not by one that puts nothing back: what becomes of the goods is not its business', async () => {
      const sale = await pay.place({ pay: 'pm_card_pendingRefund' });
      await undecided(sale, { amount: 500 });
      expect(await ship(sale)).toMatchObject({ status: 201, body: { status: 'completed' } });
      pay.stripe.refundOutcome(sale.intent, 'succeeded');
      await pay.becomes(sale, 'completed', 'partially_refunded');
    });

    race('or shipped, at the same instant: nothing is on its way that is to be on the shelf', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      pay.stripe.setChaos({ api: [{ kind: 'slow', method: 'POST', path: '/v1/refunds', delayMs: 200, count: 1 }] });
      const [refund, shipped] = await Promise.all([pay.refund(sale, { restock: true }), ship(sale)]);
      expect(refund.status).toBe(201);
      await pay.shop.balance();
      const history = await pay.history(sale);
      // Who refunds after it was shipped says that it came back.
      const isShipped = history.includes('order.fulfilled');
      expect(shipped.status).toBe(isShipped ? 201 : 409);
      if (isShipped) expect(history.indexOf('order.fulfilled')).toBeLessThan(history.indexOf('refund.requested'));
      else expect(['goods_promised_back', 'order_not_fulfillable']).toContain(shipped.body.code);
      expect(await pay.standing(sale)).toEqual([isShipped ? 'completed' : 'confirmed', 'refunded', 5, 0]);
    });
  });
});
