import { decodeId } from '#libs/ids';
import type { Promotion } from '../../src/modules/promotions/entities/index.js';
import { setPromotionLimits } from '../../src/modules/promotions/promotion-limits.repository.js';
import { applyCode, endPromotion, promote } from '../support/promotions.js';
import { race } from '../support/rounds.js';
import { type Answer, Shop } from '../support/shop.js';

describe('races for promotions', () => {
  let shop: Shop;
  let owner: string;
  let variantId: string;
  beforeAll(async () => {
    shop = await Shop.start();
    owner = await shop.staff();
    variantId = await shop.product({ stock: 100_000 });
  });
  afterAll(async () => {
    await shop?.stop();
  });

  race(
    '50 carts at once for a code with one use left: one order with it, the others are told and can order without',
    async (round) => {
      const code = `LAST-${round}`;
      const { id } = await promote(shop, owner, { code, maxUses: 1 });
      const carts = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const cart = await shop.cart([{ variantId, quantity: 1 }]);
          expect((await applyCode(shop, cart, code)).body.discountTotal.amount).toBe(100);
          return cart;
        }),
      );
      const answers = await Promise.all(carts.map((cart) => shop.checkout(cart, { paymentMethod: 'manual' })));
      const lost = answers.flatMap((answer, i) => (answer.status === 409 ? [{ answer, cart: carts[i]! }] : []));
      expect([answers.filter((a) => a.status === 201).length, lost.length]).toEqual([1, 49]);
      for (const { answer } of lost)
        expect(answer.body).toMatchObject({ code: 'promotion_used_up', promotions: [{ code, reason: 'used_up' }] });
      const [uses] = await shop.db.query<{ uses: number; orders: number }>(
        `SELECT l.uses, (SELECT count(*)::int FROM promotion_uses u WHERE u.promotion_id = l.promotion_id) AS orders
       FROM promotion_limits l JOIN promotion_codes c ON c.promotion_id = l.promotion_id WHERE c.code = $1`,
        [code],
      );
      expect(uses).toEqual({ uses: 1, orders: 1 });
      const { cart } = lost[0]!;
      await shop.call('DELETE', `/v1/carts/${cart.id}/promotions/${code}`, { token: cart.token });
      const without = await shop.checkout(cart, { paymentMethod: 'manual' });
      expect([without.status, without.body.order.discountTotal.amount]).toEqual([201, 0]);
      await shop.call('DELETE', `/v1/admin/promotions/${id}`, { bearer: owner, headers: { 'If-Match': '*' } });
    },
  );

  race('the first limit of all, set while orders wait that know of none: it holds', async () => {
    const promotion = await promote(shop, owner);
    // Of different goods: they do not wait for each other.
    const goods = await Promise.all(Array.from({ length: 8 }, () => shop.product({ stock: 10 })));
    const fill = () => Promise.all(goods.map((each) => shop.cart([{ variantId: each, quantity: 1 }])));
    const order = (carts: { id: string; token: string }[]) =>
      Promise.all(carts.map((cart) => shop.checkout(cart, { paymentMethod: 'manual' })));
    // Some connections have met the statements before, others not.
    expect((await order((await fill()).slice(0, 3))).map(({ status }) => status)).toEqual([201, 201, 201]);
    const carts = await fill();
    let answers: Promise<Answer[]> | undefined;
    const limiting = shop.db.transaction(async (tx) => {
      await setPromotionLimits(tx, {
        id: decodeId('promotion', promotion.id)!,
        maxUses: 5,
        maxUsesPerCustomer: null,
      } as Promotion);
      answers = order(carts);
      const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'promotion_uses'::regclass
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
      await shop.until(async () => (await shop.db.query(waiting)).length >= 3, 'orders to wait');
    });
    // Whatever came of it, nothing is left running behind.
    await limiting.finally(() => answers);
    const statuses = (await answers!).map(({ status, body }) => (status === 201 ? status : body.code)).toSorted();
    expect(statuses).toEqual([201, 201, ...Array.from({ length: 6 }, () => 'promotion_used_up')]);
    await endPromotion(shop, owner, promotion.id);
    await shop.balance([]);
  });

  race('limits that are set and taken away while orders are placed turn nobody down', async (round) => {
    const code = `LOOSE-${round}`;
    const { id } = await promote(shop, owner, { code, maxUses: 1000, maxUsesPerCustomer: 1000 });
    const set = (body: unknown) =>
      shop.call('PATCH', `/v1/admin/promotions/${id}`, { bearer: owner, headers: { 'If-Match': '*' }, body });
    const carts = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const cart = await shop.cart([{ variantId, quantity: 1 }]);
        await applyCode(shop, cart, code);
        return cart;
      }),
    );
    const changes = (async () => {
      for (const body of [
        { maxUses: null, maxUsesPerCustomer: null },
        { maxUsesPerCustomer: 500 },
        { maxUsesPerCustomer: null },
        { maxUses: 500, maxUsesPerCustomer: 400 },
      ])
        expect((await set(body)).status).toBe(200);
    })();
    const answers = await Promise.all(carts.map((cart) => shop.checkout(cart, { paymentMethod: 'manual' })));
    await changes;
    expect(answers.map(({ status }) => status)).toEqual(carts.map(() => 201));
    await shop.balance([]);
    await shop.call('DELETE', `/v1/admin/promotions/${id}`, { bearer: owner, headers: { 'If-Match': '*' } });
  });

  race(
    'one customer with 12 carts at once uses what is for two orders each twice; cancellations in between give back',
    async (round) => {
      const code = `TWICE-${round}`;
      const { id } = await promote(shop, owner, { code, maxUses: 1000, maxUsesPerCustomer: 2 });
      const carts = await Promise.all(
        Array.from({ length: 12 }, async () => {
          const cart = await shop.cart([{ variantId, quantity: 1 }]);
          await applyCode(shop, cart, code);
          return cart;
        }),
      );
      const answers = await Promise.all(
        carts.map(async (cart) => {
          const answer = await shop.checkout(cart, { paymentMethod: 'manual' });
          if (answer.status === 201) return { ...answer, cart };
          expect(answer.body.promotions).toMatchObject([{ code, reason: 'used_by_customer' }]);
          return null;
        }),
      );
      const won = answers.filter((answer) => answer !== null);
      expect(won).toHaveLength(2);
      await Promise.all(
        won.map(({ body, cart }) =>
          shop.call('POST', `/v1/orders/${body.order.id}/cancel`, { token: cart.token, body: {} }),
        ),
      );
      const [left] = await shop.db.query<{ uses: number; of_customer: number }>(
        `SELECT l.uses, (SELECT max(c.uses) FROM promotion_customers c WHERE c.promotion_id = l.promotion_id) AS of_customer
       FROM promotion_limits l JOIN promotion_codes k ON k.promotion_id = l.promotion_id WHERE k.code = $1`,
        [code],
      );
      expect(left).toEqual({ uses: 0, of_customer: 0 });
      await shop.call('DELETE', `/v1/admin/promotions/${id}`, { bearer: owner, headers: { 'If-Match': '*' } });
      await shop.balance();
    },
  );
});
