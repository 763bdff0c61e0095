import { newUuid } from '#libs/ids';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { RACE_ROUNDS, RACE_TIMEOUT_MS, SEED } from '../support/rounds.js';

/** Money that goes back: in parts, at once, twice, past us, or not at all. */
describe(`Refunds (seed ${SEED})`, () => {
  const pay = usePaymentShop();

  /** Lets the bank go on until the only refund stands like this. */
  const becomes = (sale: Sale, status: string) =>
    pay.shop.until(async () => {
      pay.stripe.settle();
      return (await pay.payment(sale)).refunds[0].status === status;
    }, `the refund to be ${status}`);

  it(
    'S25 refund full/partial/over/concurrent',
    async () => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const sale = await pay.place({ pay: 'pm_card_visa' });
        expect(await pay.refund(sale, { amount: 500, reason: 'scratched' })).toMatchObject({ status: 201 });
        const both = await Promise.all([pay.refund(sale, { amount: 1000 }), pay.refund(sale, { amount: 1000 })]);
        expect(both.map((a) => a.status).sort()).toEqual([201, 422]);
        expect(await pay.refund(sale, { amount: 600 })).toMatchObject({
          status: 422,
          body: { code: 'refund_too_large', refundable: 500 },
        });
        expect(pay.refundsAtStripe(sale).reduce((sum, refund) => sum + refund.amount, 0)).toBe(1500);
        expect(pay.stripe.requests({ path: '/v1/refunds' }).filter((r) => r.params.amount === '600')).toEqual([]);
        expect(await pay.order(sale)).toMatchObject({
          paymentStatus: 'partially_refunded',
          refundedTotal: { amount: 1500 },
        });
        expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 3, reserved: 0 });
        expect(await pay.refund(sale, { restock: true })).toMatchObject({
          status: 201,
          body: { amount: { amount: 500 } },
        });
        expect(await pay.standing(sale)).toEqual(['confirmed', 'refunded', 5, 0]);
        expect(await pay.refund(sale, {})).toMatchObject({ status: 422, body: { code: 'refund_too_large' } });
      }
    },
    RACE_TIMEOUT_MS,
  );

  it('S26 refund lost response and later failure', async () => {
    const sale = await pay.place({ pay: 'pm_card_refundFail' });
    pay.stripe.setChaos({ api: [{ kind: 'reset_after', path: '/v1/refunds', method: 'POST', count: 1 }] });
    const key = newUuid();
    const first = await pay.refund(sale, { amount: 700 }, key);
    expect(first).toMatchObject({ status: 201 });
    expect((await pay.refund(sale, { amount: 700 }, key)).body.id).toBe(first.body.id);
    expect(pay.refundsAtStripe(sale)).toHaveLength(1);
    await becomes(sale, 'failed');
    expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'paid', refundedTotal: { amount: 0 } });
    expect(await pay.told(sale, 'payment.refund_failed')).toBe(1);
    expect(await pay.history(sale)).toContain('payment.refund_failed');
  });

  it('S26 refund lost twice: it stays under way, a job sends it with the same key', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    pay.stripe.setChaos({ api: [{ kind: 'truncate', path: '/v1/refunds', method: 'POST', count: 2 }] });
    expect(await pay.refund(sale, { amount: 700 })).toMatchObject({ status: 503 });
    expect(pay.refundsAtStripe(sale)).toHaveLength(1);
    await pay.wake('payments.execute-refund');
    await becomes(sale, 'succeeded');
    await pay.shop.quiet();
    expect(pay.refundsAtStripe(sale)).toHaveLength(1);
    expect(await pay.order(sale)).toMatchObject({ refundedTotal: { amount: 700 } });
  });

  it('S26 refund lost twice that fails at the bank meanwhile: it stays failed, whatever its repeated answer says', async () => {
    const sale = await pay.place({ pay: 'pm_card_refundFail' });
    pay.stripe.setChaos({ api: [{ kind: 'truncate', path: '/v1/refunds', method: 'POST', count: 2 }] });
    expect(await pay.refund(sale, { amount: 700 })).toMatchObject({ status: 503 });
    await becomes(sale, 'failed');
    await pay.wake('payments.execute-refund');
    await pay.shop.quiet();
    expect((await pay.payment(sale)).refunds).toMatchObject([{ status: 'failed' }]);
    expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'paid', refundedTotal: { amount: 0 } });
    expect(pay.refundsAtStripe(sale)).toHaveLength(1);
    expect(await pay.told(sale, 'payment.refund_failed')).toBe(1);
  });

  it('F18 a refund that fails later counts as not refunded, and nothing can be refunded for 0', async () => {
    const sale = await pay.place({ pay: 'pm_card_refundFail' });
    expect(await pay.refund(sale, { amount: 0 })).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await pay.refund(sale, {})).toMatchObject({ status: 201 });
    await becomes(sale, 'failed');
    expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'paid', refundedTotal: { amount: 0 } });
    expect(await pay.told(sale, 'payment.refund_failed')).toBe(1);
    expect(await pay.refund(sale, { amount: 2000 })).toMatchObject({ status: 201 });
  });

  it('F19 refunded in full past us, then refunded by us: nothing is counted twice', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    // What is still under way of the sale would look at Stripe once more, and find it.
    await pay.shop.quiet();
    // We have not heard of it yet when staff press the button.
    pay.stripe.setChaos({ webhooks: [{ kind: 'hold', types: ['refund.*', 'charge.*'] }] });
    pay.stripe.dashboardRefund(sale.intent);
    expect(await pay.refund(sale, { amount: 2000 })).toMatchObject({ status: 422, body: { code: 'payment_refused' } });
    pay.stripe.clearChaos();
    pay.stripe.release();
    await pay.becomes(sale, 'confirmed', 'refunded');
    expect(await pay.order(sale)).toMatchObject({ refundedTotal: { amount: 2000 } });
    const { refunds } = await pay.payment(sale);
    expect(refunds.map((refund: { status: string }) => refund.status).sort()).toEqual(['failed', 'succeeded']);
    expect(pay.refundsAtStripe(sale)).toHaveLength(1);
  });

  it('F19 a refund made in the dashboard is booked, in part and in full', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    pay.stripe.dashboardRefund(sale.intent, 500);
    await pay.becomes(sale, 'confirmed', 'partially_refunded');
    expect(await pay.refund(sale, { amount: 1600 })).toMatchObject({ status: 422, body: { refundable: 1500 } });
    pay.stripe.dashboardRefund(sale.intent);
    await pay.becomes(sale, 'confirmed', 'refunded');
  });

  it('F20 canceling a paid order sends its money back instead of canceling the intent', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    expect(await pay.cancel(sale)).toMatchObject({ status: 200, body: { status: 'canceled' } });
    await pay.becomes(sale, 'canceled', 'refunded');
    expect(pay.stripe.requests({ path: `/v1/payment_intents/${sale.intent}/cancel` })).toEqual([]);
    expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 2000, status: 'succeeded' }]);
    expect(await pay.standing(sale)).toEqual(['canceled', 'refunded', 5, 0]);
    expect((await pay.cancel(sale)).status).toBe(200);
  });
});
