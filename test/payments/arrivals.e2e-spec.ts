import { decodeId, newUuid } from '#libs/ids';
import { OrdersRepository } from '../../src/modules/orders/index.js';
import { PaymentsRepository } from '../../src/modules/payments/payments.repository.js';
import { ReportsRepository } from '../../src/modules/payments/reconciliation/reports.repository.js';
import { type Sale, usePaymentShop } from '../support/payments.js';

/** The same things happen in another order than usual: the outcome is the same, and so is what is said of it. */
describe('who comes first', () => {
  const pay = usePaymentShop();
  const id = (sale: Sale) => decodeId('order', sale.orderId)!;
  const get = <T>(type: abstract new (...args: never[]) => T) => pay.shop.app.get<T>(type, { strict: false });

  /** Stripe cancels, but its answers are lost. */
  const loseCancelAnswers = () =>
    pay.stripe.setChaos({ api: [{ kind: 'status', status: 500, executed: true, contains: '/cancel' }] });
  const loseEvents = () => pay.stripe.setChaos({ webhooks: [{ kind: 'drop' }] });
  const decline = async (sale: Sale, times: number) => {
    for (let i = 0; i < times; i += 1) expect((await pay.pay(sale, 'pm_card_chargeDeclined')).status).toBe(201);
  };
  /** The last entry of the history that ended the order. */
  const ending = async (sale: Sale) =>
    (
      await pay.shop.db.query(
        `SELECT actor, data FROM order_events WHERE order_id = $1 AND type = 'order.canceled' ORDER BY id DESC LIMIT 1`,
        [id(sale)],
      )
    )[0];

  describe("an order ends by Stripe's word, because the answer is lost: the reason is whose wish it was", () => {
    it.each<[reason: string, actor: unknown, note: string | undefined, end: (sale: Sale) => Promise<unknown>]>([
      ['expired', 'system', undefined, (sale) => pay.expire(sale)],
      ['too_many_attempts', 'system', undefined, (sale) => decline(sale, 20)],
      [
        'customer',
        'customer',
        'changed my mind',
        (sale) =>
          pay.shop.call('POST', `/v1/orders/${sale.orderId}/cancel`, {
            token: sale.token,
            body: { reason: 'changed my mind' },
          }),
      ],
      [
        'staff',
        expect.stringMatching(/^staff:usr_/),
        'a copy',
        (sale) =>
          pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/cancel`, {
            bearer: pay.bearer,
            body: { reason: 'a copy' },
          }),
      ],
    ])('%s', async (reason, actor, note, end) => {
      const sale = await pay.place();
      loseCancelAnswers();
      await end(sale);
      await pay.becomes(sale, 'canceled', 'canceled');
      expect(await pay.order(sale)).toMatchObject({ cancelReason: reason });
      expect(await ending(sale)).toEqual({ actor, data: { reason, ...(note ? { note } : {}) } });
      expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    });

    it('and nobody here: Stripe itself, or its dashboard', async () => {
      const sale = await pay.place();
      await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}/cancel`);
      await pay.becomes(sale, 'canceled', 'canceled');
      expect(await ending(sale)).toEqual({ actor: 'stripe', data: { reason: 'payment_canceled' } });
    });

    it('and a wish that the bank has refused is none any more', async () => {
      const sale = await pay.place({ pay: 'pm_card_visa' });
      await pay.becomes(sale, 'confirmed', 'paid');
      await pay.shop.quiet();
      const waiting = await pay.place();
      pay.stripe.setChaos({ api: [{ kind: 'slow', delayMs: 700, contains: '/cancel' }] });
      // The shopper pays while Stripe is about to cancel.
      const cancel = pay.cancel(waiting);
      await pay.shop.until(
        async () =>
          pay.stripe.requests({ method: 'POST' }).some(({ path }) => path.endsWith(`${waiting.intent}/cancel`)),
        'the call',
      );
      await pay.shop.confirm(waiting.clientSecret);
      expect((await cancel).status).toBe(200);
      const rows = await pay.shop.db.query(`SELECT 1 FROM payments WHERE cancellation IS NOT NULL`);
      expect(rows).toEqual([]);
    });
  });

  describe('an order that has ended at Stripe is paid', () => {
    it('whose end was not told: 409, and it has ended here too', async () => {
      const sale = await pay.place();
      loseEvents();
      await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}/cancel`);
      expect(await pay.pay(sale, 'pm_card_visa')).toMatchObject({
        status: 409,
        body: { code: 'order_not_payable', orderStatus: 'canceled', paymentStatus: 'canceled' },
      });
      expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
      expect(pay.charges(sale)).toEqual([]);
    });

    it('while the card is on its way: 409', async () => {
      const sale = await pay.place();
      pay.stripe.setChaos({ api: [{ kind: 'slow', delayMs: 700, contains: '/confirm' }] });
      const [answer] = await Promise.all([
        pay.pay(sale, 'pm_card_visa'),
        pay.shop
          .until(
            async () =>
              pay.stripe.requests({ method: 'POST' }).some(({ path }) => path.endsWith(`${sale.intent}/confirm`)),
            'the call',
          )
          .then(() => pay.atStripe('POST', `/v1/payment_intents/${sale.intent}/cancel`)),
      ]);
      expect(answer).toMatchObject({ status: 409, body: { code: 'order_not_payable', orderStatus: 'canceled' } });
      expect(pay.charges(sale)).toEqual([]);
    });

    it('after 20 cards, when it has ended at Stripe only: 409 that says so', async () => {
      const sale = await pay.place();
      loseCancelAnswers();
      loseEvents();
      await decline(sale, 20);
      await pay.shop.until(async () => pay.intentsOf(sale.orderId)[0]!.status === 'canceled', 'the intent to end');
      expect(await pay.pay(sale, 'pm_card_visa')).toMatchObject({
        status: 409,
        body: { code: 'payment_attempts_exhausted' },
      });
      expect(await pay.order(sale)).toMatchObject({ status: 'canceled', cancelReason: 'too_many_attempts' });
    });

    it('and one that was paid in the browser meanwhile answers that it is paid', async () => {
      const sale = await pay.place();
      pay.stripe.setChaos({ api: [{ kind: 'slow', delayMs: 700, contains: '/confirm', count: 1 }] });
      const [answer] = await Promise.all([
        pay.pay(sale, 'pm_card_visa'),
        pay.shop
          .until(
            async () =>
              pay.stripe.requests({ method: 'POST' }).some(({ path }) => path.endsWith(`${sale.intent}/confirm`)),
            'the call',
          )
          .then(() => pay.shop.confirm(sale.clientSecret)),
      ]);
      expect(answer).toMatchObject({ status: 201, body: { status: 'succeeded' } });
      expect(pay.charges(sale)).toHaveLength(1);
    });
  });

  it('what only refers to an order and its payment does not wait for their locks, so nobody waits in a circle', async () => {
    const sale = await pay.place();
    const payment = decodeId('payment', sale.paymentId)!;
    const reports = get(ReportsRepository);
    const to = new Date();
    const run = await reports.create(pay.shop.db, { kind: 'quick', actor: 'system', from: to, to });
    let isWritten = false;
    let hold!: () => void;
    const isHeld = new Promise<void>((resolve) => (hold = resolve));
    await Promise.all([
      pay.shop.db.transaction(async (tx) => {
        await get(OrdersRepository).lockOrder(tx, id(sale));
        await get(PaymentsRepository).lock(tx, payment);
        hold();
        await pay.shop.until(async () => isWritten, 'the finding to be written while order and payment are locked');
      }),
      isHeld.then(async () => {
        await reports.add(run.id, {
          kind: 'fee_late',
          subject: newUuid(),
          paymentId: payment,
          orderId: id(sale),
          action: 'none',
        });
        isWritten = true;
      }),
    ]);
  });
});
