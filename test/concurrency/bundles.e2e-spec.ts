import { decodeId, newUuid } from '#libs/ids';
import { type Bundle, bundleOf, placeOf, setParts } from '../support/bundles.js';
import { race } from '../support/rounds.js';
import { type Answer, Shop } from '../support/shop.js';

describe('races for bundles', () => {
  let shop: Shop;
  let bearer: string;
  beforeAll(async () => {
    shop = await Shop.start();
    bearer = await shop.staff();
  });
  afterAll(async () => {
    await shop?.stop();
  });
  afterEach(() => shop.settleUp());

  const listed = async (bundle: Bundle) =>
    (await shop.call('GET', `/v1/products/${bundle.productId}`)).body.available as boolean;

  race('40 carts race for a bundle whose part has one unit left: one order, 39 clear refusals', async () => {
    const scarce = await shop.product({ stock: 1 });
    const ample = await shop.product({ stock: 500 });
    const bundle = await bundleOf(shop, bearer, [
      { variantId: scarce, quantity: 1 },
      { variantId: ample, quantity: 3 },
    ]);
    const carts = await Promise.all(
      Array.from({ length: 40 }, () => shop.cart([{ variantId: bundle.variantId, quantity: 1 }])),
    );
    const answers = await Promise.all(
      carts.map((cart, i) => shop.checkout(cart, { paymentMethod: i % 2 === 0 ? 'manual' : 'stripe' })),
    );
    const lost = answers.filter((answer) => answer.status === 409);
    expect([answers.filter((answer) => answer.status === 201).length, lost.length]).toEqual([1, 39]);
    for (const { body } of lost) {
      expect(body).toMatchObject({
        code: 'out_of_stock',
        errors: [{ pointer: '/lines/0', code: 'out_of_stock' }],
        lines: [{ lineId: expect.any(String), variantId: bundle.variantId, requested: 1, available: 0 }],
      });
    }
    const won = answers.find((answer) => answer.status === 201)!.body.order;
    const [onHand, reserved] = won.status === 'confirmed' ? [-1, 0] : [0, 1];
    expect(await shop.stock(scarce)).toEqual({ onHand: 1 + onHand, reserved });
    expect(await shop.stock(ample)).toEqual({ onHand: 500 + 3 * onHand, reserved: 3 * reserved });
    expect(await listed(bundle)).toBe(false);
    await shop.balance();
  });

  race('bundles, other bundles of the same part and the part alone, in any order: nothing is oversold', async () => {
    const [left, right] = [await shop.product({ stock: 30 }), await shop.product({ stock: 60 })];
    const pair = await bundleOf(shop, bearer, [
      { variantId: left, quantity: 1 },
      { variantId: right, quantity: 2 },
    ]);
    const other = await bundleOf(shop, bearer, [
      { variantId: right, quantity: 3 },
      { variantId: left, quantity: 2 },
    ]);
    const kinds = [pair.variantId, other.variantId, left, right];
    const carts = await Promise.all(
      Array.from({ length: 60 }, (_, i) => {
        const lines = [0, 1, 2].map((k) => ({ variantId: kinds[(i + k * (1 + (i % 3))) % 4]!, quantity: 1 }));
        return shop.cart(lines.slice(0, 1 + (i % 3)));
      }),
    );
    const before = await deadlocks(shop);
    const answers = await Promise.all(carts.map((cart) => shop.checkout(cart, { paymentMethod: 'manual' })));
    expect(answers.filter((answer) => ![201, 409].includes(answer.status)).map((answer) => answer.body)).toEqual([]);
    expect((await deadlocks(shop)) - before).toBe(0);
    const sold = answers.filter((answer) => answer.status === 201).flatMap((answer) => answer.body.order.lines);
    const count = (variantId: string) =>
      sold.filter((line) => line.variantId === variantId).reduce((sum, line) => sum + line.quantity, 0);
    const [pairs, others] = [count(pair.variantId), count(other.variantId)];
    expect((await shop.stock(left)).onHand).toBe(30 - count(left) - pairs - 2 * others);
    expect((await shop.stock(right)).onHand).toBe(60 - count(right) - 2 * pairs - 3 * others);
    expect((await shop.stock(left)).onHand).toBeGreaterThanOrEqual(0);
    expect((await shop.stock(right)).onHand).toBeGreaterThanOrEqual(0);
    expect(answers.some((answer) => answer.status === 409)).toBe(true);
    await shop.balance();
  });

  race('a bundle is edited while it is sold and its parts are counted: each order has what it took', async () => {
    const [one, two] = [await shop.product({ stock: 100 }), await shop.product({ stock: 100 })];
    const bundle = await bundleOf(shop, bearer, [{ variantId: one, quantity: 1 }]);
    const carts = await Promise.all(
      Array.from({ length: 30 }, () => shop.cart([{ variantId: bundle.variantId, quantity: 1 }])),
    );
    const edits = [
      [{ variantId: two, quantity: 2 }],
      [{ variantId: one, quantity: 2 }, { variantId: two, quantity: 1 }],
      [{ variantId: two, quantity: 1 }, { variantId: one, quantity: 1 }],
    ]; // prettier-ignore
    const [orders] = await Promise.all([
      Promise.all(carts.map((cart) => shop.checkout(cart, { paymentMethod: 'manual' }))),
      (async () => {
        for (const parts of edits) expect((await setParts(shop, bearer, bundle, parts)).status).toBe(200);
      })(),
      ...[one, two].map((variantId) =>
        shop.call('POST', '/v1/admin/stock-adjustments', {
          bearer,
          key: newUuid(),
          body: { variantId, delta: 5, reason: 'found' },
        }),
      ),
    ]);
    expect(orders.map((answer) => answer.status)).toEqual(orders.map(() => 201));
    const took = (variantId: string) =>
      orders
        .flatMap((answer) => answer.body.order.lines[0].parts)
        .filter((part) => part.variantId === variantId)
        .reduce((sum, part) => sum + part.quantity, 0);
    expect((await shop.stock(one)).onHand).toBe(105 - took(one));
    expect((await shop.stock(two)).onHand).toBe(105 - took(two));
    await shop.balance();
  });

  race('20 edits of a bundle with the version that was read: one applies', async () => {
    const part = await shop.product({ stock: 10 });
    const bundle = await bundleOf(shop, bearer, [{ variantId: part, quantity: 1 }]);
    const etag = (await shop.call('GET', `/v1/admin/products/${bundle.productId}`, { bearer })).headers.get('etag')!;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        shop.call('PUT', bundle.path, {
          bearer,
          headers: { 'If-Match': etag },
          body: { parts: [{ variantId: part, quantity: i + 1 }] },
        }),
      ),
    );
    const done = answers.filter((answer) => answer.status === 200);
    expect([done.length, answers.filter((answer) => answer.status === 412).length]).toEqual([1, 19]);
    const now = await shop.call('GET', `/v1/products/${bundle.productId}`);
    expect(now.body.variants[0].parts).toEqual(done[0]!.body.parts);
    await shop.balance();
  });

  race(
    'a variant becomes a bundle, or is one no longer, while an order has it: the variant first, then stock',
    async () => {
      const part = await shop.product({ stock: 5 });
      const bundle = await placeOf(shop, await shop.product({ stock: null }));
      const change = [
        () => setParts(shop, bearer, bundle, [{ variantId: part, quantity: 1 }]),
        () => setParts(shop, bearer, bundle, [{ variantId: part, quantity: 2 }]),
        () => shop.call('DELETE', bundle.path, { bearer, headers: { 'If-Match': '*' } }),
      ];
      for (const start of change) {
        const order = shop.db.dataSource.createQueryRunner();
        await order.startTransaction();
        // As a checkout does: the line of the order refers to the variant, and its stock is taken last.
        await order.query(`SELECT FROM variants WHERE id = $1 FOR KEY SHARE`, [decodeId('variant', bundle.variantId)]);
        const changed = start();
        await shop.until(
          async () => (await shop.db.query(`SELECT FROM pg_locks WHERE NOT granted`)).length > 0,
          'the change to wait for the order',
        );
        await order.query(`SELECT FROM stock_levels WHERE variant_id = $1 FOR NO KEY UPDATE NOWAIT`, [
          decodeId('variant', part),
        ]);
        await order.commitTransaction();
        await order.release();
        expect([200, 204]).toContain((await changed).status);
      }
      await shop.balance();
    },
  );

  race('two variants that want to be part of each other: one of them is a bundle', async () => {
    const [a, b] = [await shop.product({ stock: 0 }), await shop.product({ stock: 0 })];
    const attempt = async (of: string, part: string): Promise<Answer> => {
      return setParts(shop, bearer, await placeOf(shop, of), [{ variantId: part, quantity: 1 }]);
    };
    const answers = await Promise.all([attempt(a, b), attempt(b, a)]);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    const refused = answers.find((answer) => answer.status !== 200)!;
    expect([refused.body.code, refused.body.errors?.[0].code ?? refused.body.reason]).toEqual(
      refused.status === 409 ? ['variant_not_bundleable', 'is_part'] : ['validation_failed', 'is_bundle'],
    );
    await shop.balance();
  });

  race('two parts that come back at the same moment bring the bundle back, once', async () => {
    const [one, two] = [await shop.product({ stock: 0 }), await shop.product({ stock: 0 })];
    const bundle = await bundleOf(shop, bearer, [
      { variantId: one, quantity: 1 },
      { variantId: two, quantity: 2 },
    ]);
    expect(await listed(bundle)).toBe(false);
    const wait = await shop.call('POST', `/v1/variants/${bundle.variantId}/stock-alerts`, {
      body: { email: 'patient@example.com' },
    });
    expect(wait.status).toBe(202);
    const counted = await Promise.all(
      [one, two].map((variantId) =>
        shop.call('POST', '/v1/admin/stock-adjustments', {
          bearer,
          key: newUuid(),
          body: { variantId, onHand: 2, reason: 'delivery' },
        }),
      ),
    );
    expect(counted.map((answer) => answer.status)).toEqual([201, 201]);
    expect(await listed(bundle)).toBe(true);
    await shop.balance();
    const announced = await shop.db.query(
      `SELECT FROM outbox WHERE topic = 'inventory.back_in_stock' AND aggregate_id = $1`,
      [decodeId('variant', bundle.variantId)],
    );
    expect(announced).toHaveLength(1);
    const told = await shop.db.query(
      `SELECT 1 FROM stock_alerts WHERE email = 'patient@example.com' AND notified_at IS NULL`,
    );
    expect(told).toEqual([]);
  });
});

async function deadlocks(shop: Shop): Promise<number> {
  const [row] = await shop.db.query<{ n: number }>(
    `SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()`,
  );
  return row!.n;
}
