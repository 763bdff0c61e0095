import type { Answer } from '../support/shop.js';
import { type PaymentShop, type Sale, usePaymentShop } from '../support/payments.js';
import { race, RACE_ROUNDS, RACE_TIMEOUT_MS, SEED } from '../support/rounds.js';

/** What happens at the same instant. Each race is run several times, in the long run often. */
describe(`Races of payments (seed ${SEED}, ${RACE_ROUNDS} rounds)`, () => {
  const pay = usePaymentShop();

  /** The webhook, the shopper who comes back, staff and the reconciliation, all at once. */
  const everybody = (sale: Sale): Promise<Answer>[] => [
    ...Array.from({ length: 4 }, () => pay.comeBack(sale)),
    ...Array.from({ length: 2 }, () =>
      pay.shop.call('POST', `/v1/admin/payments/${sale.paymentId}/sync`, { bearer: pay.bearer }),
    ),
  ];

  it(
    'F1 webhook and browser at once: one paid order, no capture, no refund, told once',
    async () => {
      const [captures, refunds] = [pay.posts('/capture'), pay.posts('/v1/refunds')];
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const sale = await pay.place();
        const [, ...answers] = await Promise.all([pay.shop.confirm(sale.clientSecret), ...everybody(sale)]);
        expect(new Set((answers as Answer[]).map((a) => a.status))).toEqual(new Set([200]));
        await pay.becomes(sale, 'confirmed', 'paid');
        await isSettledOnce(pay, sale);
      }
      expect([pay.posts('/capture'), pay.posts('/v1/refunds')]).toEqual([captures, refunds]);
    },
    RACE_TIMEOUT_MS,
  );

  it(
    'S8 browser return vs webhook race, with serialization failures',
    async () => {
      // At most three in a round, however the round goes: what is repeated up to three times has to come through.
      await pay.shop.db.query(`CREATE SEQUENCE collisions`);
      await pay.shop.db.query(
        `CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF nextval('collisions') <= 3 THEN RAISE EXCEPTION 'collision' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$`,
      );
      await pay.shop.db.query(
        `CREATE TRIGGER collide BEFORE UPDATE OF status ON payments FOR EACH ROW EXECUTE FUNCTION collide()`,
      );
      try {
        for (let round = 0; round < RACE_ROUNDS; round += 1) {
          const sale = await pay.place();
          // Nobody has heard of the payment when all of them come.
          pay.stripe.setChaos({ webhooks: [{ kind: 'hold' }] });
          await pay.shop.confirm(sale.clientSecret);
          await pay.shop.db.query(`ALTER SEQUENCE collisions RESTART`);
          const everyone = everybody(sale);
          pay.stripe.clearChaos();
          pay.stripe.release();
          const answers = await Promise.all(everyone);
          const [collisions] = await pay.shop.db.query<{ happened: boolean }>(
            `SELECT is_called AS happened FROM collisions`,
          );
          expect(collisions).toEqual({ happened: true });
          expect(new Set(answers.map((a) => a.status))).toEqual(new Set([200]));
          await pay.becomes(sale, 'confirmed', 'paid');
          await isSettledOnce(pay, sale);
        }
      } finally {
        await pay.shop.db.query(`DROP TRIGGER collide ON payments`);
      }
    },
    RACE_TIMEOUT_MS,
  );

  race('F3 webhooks and shoppers of many orders at once: 200 to each of them', async () => {
    const sales = await Promise.all(Array.from({ length: 8 }, () => pay.place()));
    pay.stripe.setChaos({ webhooks: [{ kind: 'duplicate', times: 3, isConcurrent: true }] });
    const answers = await Promise.all(
      sales.flatMap((sale) => [pay.shop.confirm(sale.clientSecret).then(() => null), ...everybody(sale)]),
    );
    expect(new Set(answers.flatMap((a) => (a === null ? [] : [a.status])))).toEqual(new Set([200]));
    await pay.shop.quiet();
    for (const sale of sales) await isSettledOnce(pay, sale);
    const attempts = pay.stripe.deliveries().flatMap((delivery) => delivery.attempts.map(({ status }) => status));
    expect(new Set(attempts)).toEqual(new Set([200]));
  });

  it(
    'S18 order expiry vs payment race',
    async () => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const sales = await Promise.all(Array.from({ length: 4 }, () => pay.place()));
        await Promise.all(sales.flatMap((sale) => [pay.expire(sale), pay.shop.confirm(sale.clientSecret)]));
        await pay.shop.quiet();
        for (const sale of sales) {
          const standing = (await pay.standing(sale)).join(' ');
          expect(['confirmed paid 3 0', 'canceled canceled 5 0']).toContain(standing);
          const [intent] = pay.intentsOf(sale.orderId);
          expect(intent!.status).toBe(standing.startsWith('confirmed') ? 'succeeded' : 'canceled');
        }
      }
    },
    RACE_TIMEOUT_MS,
  );

  describe('when cards are held first', () => {
    beforeAll(() => pay.captureLater(true));
    afterAll(() => pay.captureLater(false));

    race('S18 order expiry vs authorization race', async () => {
      const sales = await Promise.all(Array.from({ length: 4 }, () => pay.place()));
      await Promise.all(sales.flatMap((sale) => [pay.expire(sale), pay.shop.confirm(sale.clientSecret)]));
      await pay.shop.quiet();
      for (const sale of sales) {
        const standing = (await pay.standing(sale)).join(' ');
        expect(['confirmed authorized 3 0', 'canceled canceled 5 0']).toContain(standing);
        const [intent] = pay.intentsOf(sale.orderId);
        expect(intent!.status).toBe(standing.startsWith('confirmed') ? 'requires_capture' : 'canceled');
        const staffs = await pay.shop.call('GET', `/v1/admin/orders/${sale.orderId}`, { bearer: pay.bearer });
        expect(staffs.body.hold).toBeNull();
      }
    });

    race('S18 who was told that the card is held has an order, whoever hears of it first', async () => {
      pay.stripe.setChaos({ webhooks: [{ kind: 'delay', delayMs: 150 }] });
      const sales = await Promise.all(Array.from({ length: 3 }, () => pay.place()));
      for (const sale of sales)
        expect(await pay.shop.confirm(sale.clientSecret)).toMatchObject({ status: 'requires_capture' });
      await Promise.all(sales.flatMap((sale) => [pay.expire(sale), pay.comeBack(sale)]));
      await pay.shop.quiet();
      for (const sale of sales) {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'authorized', 3, 0]);
        expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'requires_capture' }]);
      }
    });
  });

  it(
    'S18 canceling and paying at the same instant',
    async () => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const sale = await pay.place();
        const [cancel] = await Promise.all([
          pay.shop.call('POST', `/v1/orders/${sale.orderId}/cancel`, { token: sale.token, body: {} }),
          pay.shop.confirm(sale.clientSecret),
        ]);
        expect(cancel.status).toBe(200);
        await pay.shop.quiet();
        const order = await pay.order(sale);
        expect(order.status).toBe('canceled');
        const kept = pay
          .charges(sale)
          .reduce((sum, charge) => sum + charge.amount_captured - charge.amount_refunded, 0);
        expect(kept).toBe(0);
        expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
      }
    },
    RACE_TIMEOUT_MS,
  );

  it(
    'S19 last item, 20 buyers',
    async () => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) await lastItem(pay, 20);
    },
    RACE_TIMEOUT_MS,
  );

  it(
    'F12 two buyers of one item: the second is refused before there is an intent',
    async () => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) await lastItem(pay, 2);
    },
    RACE_TIMEOUT_MS,
  );

  race('F27 many buyers of few goods, paid at checkout: as many charges as orders', async () => {
    const variantId = await pay.shop.product({ stock: 3, shipping: false });
    const carts = await Promise.all(Array.from({ length: 20 }, () => pay.fill({ variantId, quantity: 1 })));
    const answers = await Promise.all(
      carts.map(({ cart }) =>
        pay.shop.checkout(cart, {
          paymentMethod: 'stripe',
          confirmationToken: 'pm_card_visa',
          returnUrl: 'http://localhost/done',
        }),
      ),
    );
    const won = answers.filter((a) => a.status === 201);
    expect(won).toHaveLength(3);
    expect(answers.filter((a) => a.status === 409)).toHaveLength(17);
    const charges = pay.account.charges.filter((c) => won.some((a) => a.body.order.id === c.metadata.order_id));
    expect(charges.map((c) => c.status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(await pay.shop.stock(variantId)).toEqual({ onHand: 0, reserved: 0 });
  });
});

async function isSettledOnce(pay: PaymentShop, sale: Sale): Promise<void> {
  expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
  expect((await pay.history(sale)).filter((type) => type === 'payment.succeeded')).toHaveLength(1);
  expect(await pay.told(sale, 'order.paid')).toBe(1);
  expect(pay.charges(sale)).toMatchObject([{ amount_captured: 2000, amount_refunded: 0 }]);
}

async function lastItem(pay: PaymentShop, buyers: number): Promise<void> {
  const variantId = await pay.shop.product({ stock: 1, shipping: false });
  const carts = await Promise.all(Array.from({ length: buyers }, () => pay.fill({ variantId, quantity: 1 })));
  const intents = pay.account.payment_intents.length;
  const answers = await Promise.all(
    carts.map(async ({ cart }) => {
      const answer = await pay.shop.checkout(cart);
      if (answer.status === 201) await pay.shop.confirm(answer.body.payment.clientSecret);
      return answer;
    }),
  );
  const [won, ...more] = answers.filter((a) => a.status === 201);
  expect(more).toEqual([]);
  expect(answers.filter((a) => a.status === 409 && a.body.code === 'out_of_stock')).toHaveLength(buyers - 1);
  expect(pay.account.payment_intents).toHaveLength(intents + 1);
  await pay.shop.until(async () => (await pay.shop.stock(variantId)).onHand === 0, 'the goods to leave');
  const charges = pay.account.charges.filter((c) => c.metadata.order_id === won!.body.order.id);
  expect(charges).toMatchObject([{ status: 'succeeded' }]);
  expect(await pay.shop.stock(variantId)).toEqual({ onHand: 0, reserved: 0 });
}
