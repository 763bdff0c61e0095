import { decodeId } from '#libs/ids';
import { EndUnpaidOrder } from '../../src/modules/payments/end-unpaid-order.service.js';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { SEED } from '../support/rounds.js';

/** Money comes, or is held, while somebody is about to end the order. */
describe(`Orders that end while their money is on its way (seed ${SEED})`, () => {
  const pay = usePaymentShop();
  const id = (sale: Sale) => decodeId('order', sale.orderId)!;
  const dropEvents = () => pay.stripe.setChaos({ webhooks: [{ kind: 'drop', types: ['*'] }] });
  /** The next time that Stripe is asked to cancel, nobody learns what it did: nothing. */
  /** Stripe has too much to do for a cancellation. */
  const turnCancelAway = () =>
    pay.stripe.setChaos({
      api: [
        { kind: 'status', status: 429, code: 'lock_timeout', method: 'POST', contains: '/cancel', executed: false },
      ],
    });
  const loseCancel = () =>
    pay.stripe.setChaos({ api: [{ kind: 'status', status: 503, method: 'POST', contains: '/cancel', count: 2 }] });
  const cancelsAtStripe = (sale: Sale) =>
    pay.stripe.requests({ method: 'POST' }).filter(({ path }) => path.endsWith(`${sale.intent}/cancel`)).length;
  const asStaff = async (sale: Sale) =>
    (await pay.shop.call('GET', `/v1/admin/orders/${sale.orderId}`, { bearer: pay.bearer })).body;
  const ship = (sale: Sale) =>
    pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/fulfillments`, { bearer: pay.bearer, body: {} });
  const cancelAsShopper = (sale: Sale) =>
    pay.shop.call('POST', `/v1/orders/${sale.orderId}/cancel`, {
      token: sale.token,
      body: { reason: 'changed my mind' },
    });
  /** As if nothing had happened to the order for a while. */
  const age = (sale: Sale) =>
    pay.shop.db.query(`UPDATE orders SET updated_at = now() - interval '3 minutes' WHERE id = $1`, [id(sale)]);

  it('3D Secure begun over and over holds the goods for twice the time of an order, and no longer', async () => {
    const sale = await pay.place();
    const minutesLeft = async () => (Date.parse((await pay.order(sale)).expiresAt) - Date.now()) / 60_000;
    /** Begins 3D Secure, when the order is so old and has a minute left. */
    const begin = async (ageMinutes: number) => {
      await pay.shop.db.query(
        `UPDATE payments SET created_at = now() - make_interval(mins => $2) WHERE order_id = $1`,
        [id(sale), ageMinutes],
      );
      await pay.shop.db.query(`UPDATE orders SET expires_at = now() + interval '1 minute' WHERE id = $1`, [id(sale)]);
      await pay.shop.confirm(sale.clientSecret, 'pm_card_authenticationRequired');
      await pay.comeBack(sale);
      const left = await minutesLeft();
      pay.stripe.fail3ds(sale.intent);
      await pay.comeBack(sale);
      return left;
    };
    expect(await begin(5)).toBeCloseTo(15, 0);
    expect(await begin(20)).toBeCloseTo(10, 0);
    expect(await begin(40)).toBeCloseTo(1, 0);
    expect((await pay.payment(sale)).status).toBe('requires_payment_method');
  });

  it('what was paid too much, and is canceled before we hear of that, goes back: all of it', async () => {
    const sale = await pay.place();
    dropEvents();
    await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}`, { amount: '2500' });
    await pay.shop.confirm(sale.clientSecret);
    expect(await cancelAsShopper(sale)).toMatchObject({ status: 200, body: { status: 'canceled' } });
    expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'refunded', refundedTotal: { amount: 2500 } });
    expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'succeeded', amount_received: 2500 }]);
    expect(await pay.payment(sale)).toMatchObject({ review: 'rejected' });
  });

  describe('when cards are held first', () => {
    beforeAll(() => pay.captureLater(true));
    afterAll(() => pay.captureLater(false));

    describe('what was authorized in time is not ended for coming late to us', () => {
      async function authorizedUnheard(): Promise<Sale> {
        const sale = await pay.place();
        dropEvents();
        expect(await pay.shop.confirm(sale.clientSecret)).toMatchObject({ status: 'requires_capture' });
        return sale;
      }
      async function isHeld(sale: Sale): Promise<void> {
        await pay.becomes(sale, 'confirmed', 'authorized');
        expect(await pay.standing(sale)).toEqual(['confirmed', 'authorized', 3, 0]);
        expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'requires_capture' }]);
        // Booking the money and letting go of the order are two transactions of whoever wanted to end it.
        await pay.shop.until(async () => (await asStaff(sale)).hold === null, 'the order to be let go');
        expect(cancelsAtStripe(sale)).toBe(0);
        expect((await ship(sale)).status).toBe(201);
      }

      it('by the end of its time', async () => {
        const sale = await authorizedUnheard();
        await pay.expire(sale);
        await isHeld(sale);
      });

      it('by too many tries', async () => {
        const sale = await authorizedUnheard();
        await pay.shop.app.get(EndUnpaidOrder, { strict: false }).execute(id(sale), 'too_many_attempts');
        await isHeld(sale);
      });

      it('but by the shopper, who does not want it any more', async () => {
        const sale = await authorizedUnheard();
        expect(await cancelAsShopper(sale)).toMatchObject({ status: 200, body: { status: 'canceled' } });
        expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled' }]);
        expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
      });
    });

    describe('a cancellation of which nobody knows what came goes on by itself', () => {
      it('of an unpaid order whose time was over, and which was paid after all: it is not held back any more', async () => {
        const sale = await pay.place();
        loseCancel();
        await pay.expire(sale);
        await pay.shop.until(async () => cancelsAtStripe(sale) === 2, 'the expiry to be asked for');
        await pay.shop.until(
          async () =>
            (
              await pay.shop.db.query(
                `UPDATE jobs SET next_at = now() + interval '1 hour' WHERE name = 'payments.expire-order'
               AND payload->>'orderId' = $1 AND state = 'queued' RETURNING 1`,
                [id(sale)],
              )
            ).length > 0,
          'the job to fail',
        );
        await pay.shop.confirm(sale.clientSecret);
        await pay.becomes(sale, 'confirmed', 'authorized');
        expect(await asStaff(sale)).toMatchObject({ hold: 'canceling' });
        // Somebody may be about to cancel it at this moment.
        await pay.reconcile(sale);
        expect(await asStaff(sale)).toMatchObject({ hold: 'canceling' });

        await age(sale);
        await pay.reconcile(sale);
        expect(await asStaff(sale)).toMatchObject({ status: 'confirmed', paymentStatus: 'authorized', hold: null });
        expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'requires_capture' }]);
        expect((await ship(sale)).status).toBe(201);
        expect((await pay.history(sale)).slice(-2)).toEqual(['order.cancel_stopped', 'order.fulfilled']);
        // Should the hold end one day, nobody says that it was for the time that was over.
        const [wish] = await pay.shop.db.query(`SELECT cancellation FROM payments WHERE order_id = $1`, [id(sale)]);
        expect(wish).toEqual({ cancellation: null });
      });

      it.each(['held', 'open'])('that the shopper asked for: it is canceled (%s)', async (kind) => {
        const sale = await pay.place(kind === 'held' ? { pay: 'pm_card_visa' } : {});
        loseCancel();
        expect(await cancelAsShopper(sale)).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
        await age(sale);
        await pay.reconcile(sale);
        expect(await pay.order(sale)).toMatchObject({ status: 'canceled', cancelReason: 'customer' });
        expect(await asStaff(sale)).toMatchObject({ hold: null });
        expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled', amount_received: 0 }]);
        expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
        const [ended] = await pay.shop.db.query(
          `SELECT actor, data FROM order_events WHERE order_id = $1 AND type = 'order.canceled'`,
          [id(sale)],
        );
        expect(ended).toEqual({ actor: 'customer', data: { reason: 'customer', note: 'changed my mind' } });
      });

      it('whose hold staff have captured since: what is paid is not held back', async () => {
        const sale = await pay.place({ pay: 'pm_card_visa' });
        loseCancel();
        expect((await pay.cancel(sale)).status).toBe(503);
        expect((await pay.capture(sale)).status).toBe(201);
        await age(sale);
        await pay.reconcile(sale);
        expect(await asStaff(sale)).toMatchObject({ status: 'confirmed', paymentStatus: 'paid', hold: null });
        expect(await pay.told(sale, 'order.released')).toBe(1);
        expect(pay.refundsAtStripe(sale)).toEqual([]);
      });

      it('that Stripe did not take on was none: no wish of it is left', async () => {
        const sale = await pay.place({ pay: 'pm_card_visa' });
        turnCancelAway();
        expect((await pay.cancel(sale)).status).toBe(503);
        expect(await asStaff(sale)).toMatchObject({ status: 'confirmed', hold: null });
        const [wish] = await pay.shop.db.query(`SELECT cancellation FROM payments WHERE order_id = $1`, [id(sale)]);
        expect(wish).toEqual({ cancellation: null });
        pay.stripe.clearChaos();
        expect((await ship(sale)).status).toBe(201);
      });

      it('and that is asked for again, which Stripe does not take on: what came of the first is open as before', async () => {
        const sale = await pay.place({ pay: 'pm_card_visa' });
        loseCancel();
        expect((await pay.cancel(sale)).status).toBe(503);
        turnCancelAway();
        expect((await pay.cancel(sale)).status).toBe(503);
        pay.stripe.clearChaos();
        expect(await asStaff(sale)).toMatchObject({ status: 'confirmed', hold: 'canceling' });
        expect((await ship(sale)).body.code).toBe('order_on_hold');
        await age(sale);
        await pay.reconcile(sale);
        expect(await asStaff(sale)).toMatchObject({ status: 'canceled', cancelReason: 'staff', hold: null });
      });

      it('that broke off before Stripe was asked: nothing was begun', async () => {
        const sale = await pay.place({ pay: 'pm_card_visa' });
        await pay.shop.db.query(`UPDATE orders SET hold = 'canceling' WHERE id = $1`, [id(sale)]);
        await age(sale);
        await pay.reconcile(sale);
        expect(await asStaff(sale)).toMatchObject({ status: 'confirmed', paymentStatus: 'authorized', hold: null });
      });

      it('under a warning of fraud: that goes on to hold it', async () => {
        const sale = await pay.place({ pay: 'pm_card_visa' });
        await pay.shop.db.query(`UPDATE orders SET hold = 'canceling' WHERE id = $1`, [id(sale)]);
        pay.stripe.warnOfFraud(sale.intent);
        await pay.shop.until(async () => (await pay.told(sale, 'order.fraud_warning')) === 1, 'the warning');
        await age(sale);
        await pay.reconcile(sale);
        expect(await asStaff(sale)).toMatchObject({ hold: 'fraud_warning' });
      });

      it('and while Stripe is away it waits', async () => {
        const sale = await pay.place({ pay: 'pm_card_visa' });
        loseCancel();
        expect((await pay.cancel(sale)).status).toBe(503);
        pay.stripe.setChaos({ api: [{ kind: 'status', status: 500, method: 'GET' }] });
        await age(sale);
        await pay.reconcile(sale);
        expect(await asStaff(sale)).toMatchObject({ status: 'confirmed', hold: 'canceling' });
        pay.stripe.clearChaos();
        await age(sale);
        await pay.reconcile(sale);
        expect(await asStaff(sale)).toMatchObject({ status: 'canceled', cancelReason: 'staff', hold: null });
      });

      it('unless staff release it: then it is to be shipped, and nobody cancels it', async () => {
        const sale = await pay.place({ pay: 'pm_card_visa' });
        loseCancel();
        expect((await pay.cancel(sale)).status).toBe(503);
        await age(sale);
        const released = await pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/release-hold`, {
          bearer: pay.bearer,
          body: {},
        });
        expect(released).toMatchObject({ status: 200, body: { hold: null } });
        await age(sale);
        await pay.reconcile(sale);
        expect(await asStaff(sale)).toMatchObject({ status: 'confirmed', paymentStatus: 'authorized', hold: null });
        expect((await ship(sale)).status).toBe(201);
        const [wish] = await pay.shop.db.query(`SELECT cancellation FROM payments WHERE order_id = $1`, [id(sale)]);
        expect(wish).toEqual({ cancellation: null });
      });
    });
  });
});
