import { newUuid } from '#libs/ids';
import { applyCard, balanceOf, giftCard, storeCredit } from '../support/credits.js';
import { signUp } from '../support/customers.js';
import { race, SEED } from '../support/rounds.js';
import { Shop } from '../support/shop.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });

describe('races for credit', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await Shop.start({ seed: SEED, env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  });
  afterAll(() => shop?.stop());

  race(
    '20 spends of one gift card: as many as its balance allows, never below zero, the others may go on without it',
    async () => {
      const variantId = await shop.product({ stock: 100, price: 3000, shipping: false });
      const card = await giftCard(shop, 10_000);
      const carts = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const { body: cart } = await shop.call('POST', '/v1/carts', {
            body: { lines: [{ variantId, quantity: 1 }], email: 'ada@example.com' },
          });
          expect((await applyCard(shop, cart, card.code)).body).toMatchObject({ amountDue: usd(0) });
          return cart as { id: string; token: string };
        }),
      );
      const agreed = { paymentMethod: 'manual', expectedTotal: 3000, expectedAmountDue: 0 };
      const answers = await Promise.all(carts.map((cart) => shop.checkout(cart, agreed)));
      const lost = answers.filter(({ status }) => status !== 201);
      expect([answers.length - lost.length, lost.length]).toEqual([3, 17]);
      for (const { status, body } of lost)
        expect({ status, code: body.code }).toEqual({ status: 409, code: 'credit_changed' });
      expect(await balanceOf(shop, card)).toBe(1000);
      expect(await shop.stock(variantId)).toEqual({ onHand: 97, reserved: 0 });

      // One of them takes what is left, agreed to anew; all others find the card empty, take it off and pay.
      const losers = carts.filter((_, i) => answers[i]!.status !== 201);
      const again = await Promise.all(
        losers.map((cart) => shop.checkout(cart, { paymentMethod: 'manual', expectedAmountDue: 2000 })),
      );
      expect(again.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(await balanceOf(shop, card)).toBe(0);
      const rest = losers.filter((_, i) => again[i]!.status !== 201);
      for (const cart of rest) {
        await shop.call('DELETE', `/v1/carts/${cart.id}/gift-cards/${card.id}`, { token: cart.token });
        expect(await shop.checkout(cart, { paymentMethod: 'manual', expectedAmountDue: 3000 })).toMatchObject({
          status: 201,
          body: { order: { creditTotal: usd(0) } },
        });
      }
      await shop.balance();
    },
    2,
  );

  race('two carts that use the same two cards in opposite order: no deadlock, nothing spent twice', async () => {
    const variantId = await shop.product({ stock: 100, price: 1000, shipping: false });
    const cards = [await giftCard(shop, 600), await giftCard(shop, 600)];
    const carts = await Promise.all(
      [0, 1].map(async (first) => {
        const { body: cart } = await shop.call('POST', '/v1/carts', {
          body: { lines: [{ variantId, quantity: 1 }], email: 'ada@example.com' },
        });
        for (const card of first === 0 ? cards : [...cards].reverse()) await applyCard(shop, cart, card.code);
        return cart as { id: string; token: string };
      }),
    );
    const answers = await Promise.all(
      carts.map((cart) => shop.checkout(cart, { paymentMethod: 'manual', expectedAmountDue: 0 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect((await balanceOf(shop, cards[0]!)) + (await balanceOf(shop, cards[1]!))).toBe(200);
    await shop.balance();
  });

  race(
    'orders with a card are placed and canceled at the same time: all take card and goods in the same order, no deadlock',
    async () => {
      const deadlocks = async () => {
        const [row] = await shop.db.query<{ n: number }>(
          `SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()`,
        );
        return row!.n;
      };
      const variantId = await shop.product({ stock: 500, price: 1000, shipping: false });
      const card = await giftCard(shop, 500_000);
      const fill = async () => {
        const { body } = await shop.call('POST', '/v1/carts', {
          body: { lines: [{ variantId, quantity: 1 }], email: 'ada@example.com' },
        });
        await applyCard(shop, body, card.code);
        return body as { id: string; token: string };
      };
      const place = async (cart: { id: string; token: string }) => {
        const { status, body } = await shop.checkout(cart, { paymentMethod: 'manual', expectedAmountDue: 0 });
        expect(status).toBe(201);
        return { token: cart.token, orderId: body.order.id as string };
      };
      const before = await deadlocks();
      let placed = await Promise.all((await Promise.all(Array.from({ length: 8 }, fill))).map(place));
      for (let round = 0; round < 8; round += 1) {
        const carts = await Promise.all(Array.from({ length: 8 }, fill));
        const [next, canceled] = await Promise.all([
          Promise.all(carts.map(place)),
          Promise.all(placed.map(({ orderId, token }) => shop.call('POST', `/v1/orders/${orderId}/cancel`, { token, body: {} }))), // prettier-ignore
        ]);
        expect(canceled.map(({ status }) => status)).toEqual(placed.map(() => 200));
        placed = next;
      }
      await shop.quiet();
      expect(await deadlocks()).toBe(before);
      expect(await balanceOf(shop, card)).toBe(492_000);
      expect(await shop.stock(variantId)).toEqual({ onHand: 492, reserved: 0 });
      await shop.balance();
    },
    2,
  );

  race('10 carts of one customer race for their store credit', async (round) => {
    const ada = await signUp(shop, `racing${round}@example.com`);
    await storeCredit(shop, ada.id, 2500);
    const variantId = await shop.product({ stock: 100, price: 1000, shipping: false });
    const carts = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const made = await shop.call('POST', '/v1/carts', {
          bearer: ada.bearer,
          body: { lines: [{ variantId, quantity: 1 }] },
        });
        await shop.call('PATCH', `/v1/carts/${made.body.id}`, { bearer: ada.bearer, body: { useStoreCredit: true } });
        return made.body as { id: string };
      }),
    );
    const answers = await Promise.all(
      carts.map(({ id }) =>
        shop.call('POST', `/v1/carts/${id}/checkout`, {
          bearer: ada.bearer,
          key: newUuid(),
          body: { paymentMethod: 'manual', expectedAmountDue: 0 },
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(answers.filter(({ body }) => body.code === 'credit_changed')).toHaveLength(8);
    await shop.balance();
  });
});
