import { decodeId, newUuid } from '#libs/ids';
import { WatchHoldsHandler } from '../../src/modules/payments/jobs/watch-holds.job.js';
import { RunReconciliation } from '../../src/modules/payments/reconciliation/run-reconciliation.service.js';
import { SettlePayment } from '../../src/modules/payments/settle-payment.service.js';
import { StripeGateway } from '../../src/modules/payments/stripe/stripe-gateway.js';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { SEED } from '../support/rounds.js';
import type { Answer } from '../support/shop.js';

/** Cards that are held first and charged later, and money that the bank takes back. */
describe(`Holds and disputes (seed ${SEED})`, () => {
  const pay = usePaymentShop();

  describe('with manual capture', () => {
    beforeAll(() => pay.captureLater(true));
    afterAll(() => pay.captureLater(false));

    it('S15 capture response lost', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      expect(await pay.standing(sale)).toEqual(['confirmed', 'authorized', 3, 0]);
      pay.stripe.setChaos({ api: [{ kind: 'truncate', method: 'POST', contains: '/capture', count: 1 }] });
      expect(await pay.capture(sale)).toMatchObject({ status: 201, body: { status: 'succeeded' } });
      await pay.becomes(sale, 'confirmed', 'paid');
      expect(await pay.payment(sale)).toMatchObject({ status: 'succeeded', captured: { amount: 2000 } });
      expect(pay.charges(sale)).toMatchObject([{ amount_captured: 2000 }]);
      const keys = pay.stripe.requests({ path: `/v1/payment_intents/${sale.intent}/capture` });
      expect(new Set(keys.map((request) => request.idempotencyKey)).size).toBe(1);
    });

    it('S15 capture in a storm of errors: it goes on with the same key until it is done', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      pay.stripe.setChaos({ api: [{ kind: 'status', status: 503, method: 'POST', contains: '/capture', count: 2 }] });
      expect(await pay.capture(sale)).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
      expect((await pay.order(sale)).paymentStatus).toBe('authorized');
      pay.stripe.clearChaos();
      await pay.wake('payments.execute-capture');
      await pay.becomes(sale, 'confirmed', 'paid');
      expect(pay.charges(sale)).toMatchObject([{ amount_captured: 2000 }]);
    });

    it('S16 manual capture partial', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      const lines = [{ lineId: sale.lineId, quantity: 1 }];
      const ship = await pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/fulfillments`, {
        bearer: pay.bearer,
        body: { lines },
      });
      expect(ship.status).toBe(201);
      expect(await pay.capture(sale, { lines })).toMatchObject({ status: 201, body: { amount: { amount: 1000 } } });
      await pay.becomes(sale, 'completed', 'paid');
      expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'succeeded', amount_received: 1000 }]);
      expect(await pay.standing(sale)).toEqual(['completed', 'paid', 4, 0]);
    });

    it('canceled at the moment in which the bank comes to hold the money: Stripe is asked before the goods go back', async () => {
      const sale = await pay.place();
      const id = decodeId('payment', sale.paymentId)!;
      pay.stripe.setChaos({ webhooks: [{ kind: 'drop', types: ['*'] }] });
      await pay.shop.confirm(sale.clientSecret);
      const intent = await pay.shop.app.get(StripeGateway, { strict: false }).retrieveIntent(sale.intent);
      let canceled!: Promise<Answer>;
      await pay.shop.db.transaction(async (tx) => {
        await tx.query(`LOCK TABLE orders IN ACCESS EXCLUSIVE MODE`);
        canceled = pay.cancel(sale);
        const waits = () =>
          pay.shop.db.query(`SELECT 1 FROM pg_locks WHERE relation = 'orders'::regclass AND NOT granted`);
        await pay.shop.until(async () => (await waits()).length > 0, 'the cancellation to look at the order');
        await pay.shop.app.get(SettlePayment, { strict: false }).apply(tx, id, { intent, refunds: [] });
      });
      expect(await canceled).toMatchObject({ status: 200, body: { status: 'canceled' } });
      expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled', amount_received: 0 }]);
      // Else it had been found out afterwards, and a job had to let the hold go.
      const jobs = await pay.shop.db.query(
        `SELECT 1 FROM jobs WHERE name = 'payments.release-hold' AND payload->>'paymentId' = $1`,
        [id],
      );
      expect(jobs).toEqual([]);
      expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    });

    describe('a hold that came after its goods were sold to others', () => {
      const waits = (sale: Sale, state: string) =>
        pay.shop.until(
          async () =>
            (
              await pay.shop.db.query(
                `SELECT 1 FROM jobs WHERE name = 'payments.release-hold' AND payload->>'paymentId' = $1 AND state = $2 AND attempts > 0`,
                [decodeId('payment', sale.paymentId), state],
              )
            ).length > 0,
          'the job that lets it go',
        );
      const cancels = (sale: Sale) =>
        pay.stripe.requests({ method: 'POST' }).filter(({ path }) => path.includes(`${sale.intent}/cancel`)).length;
      /** The order has ended, its goods are gone, and Stripe will not let the money go while this lasts. */
      async function heldInVain(): Promise<Sale> {
        const sale = await pay.place({ stock: 2 });
        await pay.endHere(sale);
        await pay.place({ variantId: sale.variantId, pay: 'pm_card_visa' });
        pay.stripe.setChaos({ api: [{ kind: 'status', status: 400, contains: '/cancel' }] });
        await pay.shop.confirm(sale.clientSecret);
        await pay.shop.until(async () => cancels(sale) > 0, 'Stripe to be asked to let it go');
        await waits(sale, 'queued');
        expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'requires_capture' }]);
        return sale;
      }
      const isLetGo = (sale: Sale) =>
        pay.shop.until(
          async () =>
            (await pay.payment(sale)).status === 'canceled' && pay.intentsOf(sale.orderId)[0]!.status === 'canceled',
          'the hold to be let go',
        );

      /** The job that is to let it go has one try left, and Stripe refuses that too. */
      async function dies(sale: Sale): Promise<void> {
        const id = decodeId('payment', sale.paymentId)!;
        const isDead = async () => {
          await pay.shop.db.query(
            `UPDATE jobs SET attempts = max_attempts - 1, next_at = now() - interval '1 ms', dispatched_at = NULL
             WHERE name = 'payments.release-hold' AND payload->>'paymentId' = $1 AND state = 'queued'`,
            [id],
          );
          const dead = await pay.shop.db.query(
            `SELECT 1 FROM jobs WHERE name = 'payments.release-hold' AND payload->>'paymentId' = $1 AND state = 'dead'`,
            [id],
          );
          return dead.length > 0;
        };
        await pay.shop.until(isDead, 'the job to die');
        await pay.shop.db.query(`UPDATE payments SET updated_at = now() - interval '1 hour' WHERE id = $1`, [id]);
      }
      const watch = () =>
        pay.shop.app
          .get(WatchHoldsHandler, { strict: false })
          .handle({ id: newUuid() } as Parameters<WatchHoldsHandler['handle']>[0]);

      it('is let go at the next try when Stripe does not do it at the first', async () => {
        const sale = await heldInVain();
        pay.stripe.clearChaos();
        await pay.wake('payments.release-hold', 'paymentId', decodeId('payment', sale.paymentId));
        await isLetGo(sale);
      });

      it('that Stripe keeps refusing to let go: the job dies, staff are told once a day, and it is begun anew', async () => {
        const sale = await heldInVain();
        await dies(sale);
        const quick = () => pay.shop.app.get(RunReconciliation, { strict: false }).quick();
        await quick();
        await quick();
        const told = await pay.shop.db.query(
          `SELECT f.kind, o.payload->>'severity' AS severity FROM reconciliation_findings f
           JOIN outbox o ON o.aggregate_id = f.reconciliation_id AND o.payload->>'subject' = f.subject WHERE f.subject = $1`,
          [sale.intent],
        );
        expect(told).toEqual([{ kind: 'hold_not_released', severity: 'critical' }]);
        pay.stripe.clearChaos();
        await watch();
        await isLetGo(sale);
      });

      it('is let go when the job has died, also when its order has not ended', async () => {
        const sale = await heldInVain();
        await dies(sale);
        const alive = await pay.place({ pay: 'pm_card_visa' });
        const ids = [sale, alive].map((each) => decodeId('order', each.orderId));
        const becomes = (status: string) =>
          pay.shop.db.query(`UPDATE orders SET status = $2 WHERE id = $1`, [ids[0], status]);
        await pay.shop.db.query(`UPDATE payments SET updated_at = now() - interval '1 hour' WHERE order_id = $1`, [
          ids[1],
        ]);
        await becomes('payment_review');
        await watch();
        await becomes('canceled');
        await waits(sale, 'queued');
        pay.stripe.clearChaos();
        await pay.wake('payments.release-hold', 'paymentId', decodeId('payment', sale.paymentId));
        await isLetGo(sale);
        // Nobody asked for that.
        expect(await pay.standing(alive)).toEqual(['confirmed', 'authorized', 3, 0]);
        expect(cancels(alive)).toBe(0);
      });
    });

    it('S17 hold expires', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      pay.stripe.advance({ days: 6, hours: 23 });
      await pay.shop.quiet();
      expect(await pay.standing(sale)).toEqual(['confirmed', 'authorized', 3, 0]);
      pay.stripe.advance({ hours: 2 });
      await pay.becomes(sale, 'canceled', 'canceled');
      expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled', cancellation_reason: 'automatic' }]);
      expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
      const ship = await pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/fulfillments`, {
        bearer: pay.bearer,
        body: {},
      });
      expect(ship.status).toBe(409);
      expect((await pay.capture(sale)).status).toBe(409);
    });

    it('a capture that Stripe turns away for being too busy (lock_timeout) is made in the end, once', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      pay.stripe.setChaos({
        api: [{ kind: 'status', status: 429, code: 'lock_timeout', method: 'POST', contains: '/capture', count: 2 }],
      });
      expect(await pay.capture(sale)).toMatchObject({ status: 201 });
      await pay.becomes(sale, 'confirmed', 'paid');
      expect(pay.charges(sale)).toMatchObject([{ amount_captured: 2000 }]);
    });
  });

  for (const end of ['lost', 'won'] as const) {
    it(`S28 dispute cycle: ${end}`, async () => {
      const sale = await pay.place({ pay: 'pm_card_createDispute' });
      const asStaff = async () =>
        (await pay.shop.call('GET', `/v1/admin/orders/${sale.orderId}`, { bearer: pay.bearer })).body;
      await pay.shop.until(async () => (await asStaff()).disputed, 'the dispute to be heard of');
      expect(await pay.refund(sale, {})).toMatchObject({ status: 409 });
      expect(pay.refundsAtStripe(sale)).toEqual([]);
      const ship = await pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/fulfillments`, {
        bearer: pay.bearer,
        body: {},
      });
      expect(ship.status).toBe(409);
      if (end === 'lost') pay.stripe.loseDispute(sale.intent);
      else pay.stripe.winDispute(sale.intent);
      await pay.shop.until(async () => (await pay.disputes(sale))[0].status === end, 'the bank to decide');
      await pay.shop.quiet();
      expect(await pay.order(sale)).toMatchObject({ status: 'confirmed', paymentStatus: 'paid' });
      if (end === 'won') expect(await asStaff()).toMatchObject({ disputed: false, hold: null });
    });
  }
});
