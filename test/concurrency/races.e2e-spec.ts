import { setTimeout as sleep } from 'node:timers/promises';
import { decodeId, newUuid } from '#libs/ids';
import type { ClientAck } from '../../src/modules/operations/index.js';
import { guestPrincipal } from '../../src/modules/auth/cart-token.js';
import { race } from '../support/rounds.js';
import { type Answer, Shop } from '../support/shop.js';

const ackOf = (answer: Answer, key: string): ClientAck => ({
  requestId: answer.headers.get('x-request-id') ?? newUuid(),
  idempotencyKey: key,
  httpStatus: answer.status,
  orderNumber: answer.status === 201 ? Number(answer.body.order.number) : null,
});

/** Whether a request with this scope and key is under way that keeps its answer with its transaction. */
const CLAIMED = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND ((classid::bigint << 32) | objid::bigint) = hashtextextended($1 || ' ' || $2, 0)`;
const scopeOf = (cart: { token: string }) => guestPrincipal(cart.token);

/** What the key of a checkout on invoice stands for, before it is hashed. */
const askedOf = (cart: { id: string }) => Buffer.from(`POST /v1/carts/${cart.id}/checkout\n{"paymentMethod":"manual"}`);

describe('races', () => {
  let shop: Shop;
  /** A cart with one piece of a product of which there are enough. */
  const cartOfOne = async () => {
    const variantId = await shop.product({ stock: 50 });
    const key = newUuid();
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    return { variantId, cart, key, send: () => shop.checkout(cart, { paymentMethod: 'manual' }, key) };
  };
  type OneCart = Awaited<ReturnType<typeof cartOfOne>>;
  /** Sends a checkout that has its key and waits for its cart, until this is done. */
  async function whileItWaits({ cart, key, send }: OneCart, act: () => Promise<unknown>): Promise<Answer> {
    let late: Promise<Answer> | undefined;
    await shop.db.transaction(async (tx) => {
      await tx.query(`UPDATE carts SET version = version + 1 WHERE id = $1`, [decodeId('cart', cart.id)]);
      late = send();
      await shop.until(
        async () => (await shop.db.query(CLAIMED, [scopeOf(cart), key])).length > 0,
        'the key to be claimed',
      );
      await act();
    });
    return late!;
  }
  beforeAll(async () => {
    shop = await Shop.start();
  });
  afterAll(async () => {
    await shop?.stop();
  });
  afterEach(() => shop.settleUp());

  race('200 shoppers at once for 10 units: 10 paid orders, 190 clear refusals', async () => {
    const variantId = await shop.product({ stock: 10 });
    const carts = await Promise.all(Array.from({ length: 200 }, () => shop.cart([{ variantId, quantity: 1 }])));
    const acks: ClientAck[] = [];
    const answers = await Promise.all(
      carts.map(async (cart) => {
        const key = newUuid();
        const answer = await shop.checkout(cart, { paymentMethod: 'stripe' }, key);
        acks.push(ackOf(answer, key));
        if (answer.status === 201) await shop.confirm(answer.body.payment.clientSecret);
        return answer;
      }),
    );
    const won = answers.filter((a) => a.status === 201);
    const lost = answers.filter((a) => a.status === 409);
    expect([won.length, lost.length]).toEqual([10, 190]);
    for (const answer of lost) {
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body).toMatchObject({
        code: 'out_of_stock',
        type: '/errors/out_of_stock',
        lines: [{ variantId, requested: 1, available: 0 }],
      });
    }
    await shop.quiet();
    const paid = await shop.db.query<{ n: number }>(
      `SELECT count(*) AS n FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN variants v ON v.id = l.variant_id
       WHERE o.payment_status = 'paid' AND o.status = 'confirmed' AND o.number = ANY($1)`,
      [won.map((a) => Number(a.body.order.number))],
    );
    expect(paid[0]!.n).toBe(10);
    expect(await shop.stock(variantId)).toEqual({ onHand: 0, reserved: 0 });
    await shop.balance(acks);
  });

  race('60 shoppers at once with ample stock: 60 orders, nobody is refused', async () => {
    const variantId = await shop.product({ stock: 1000 });
    const carts = await Promise.all(Array.from({ length: 60 }, () => shop.cart([{ variantId, quantity: 1 }])));
    const answers = await Promise.all(carts.map((cart) => shop.checkout(cart, { paymentMethod: 'manual' })));
    expect(answers.map((a) => a.status)).toEqual(Array.from({ length: 60 }, () => 201));
    expect(new Set(answers.map((a) => a.body.order.number)).size).toBe(60);
    expect(await shop.stock(variantId)).toEqual({ onHand: 940, reserved: 0 });
    await shop.balance();
  });

  race('carts of several hot products in any order of lines: no deadlock, nothing oversold', async () => {
    const variants = await Promise.all(Array.from({ length: 6 }, () => shop.product({ stock: 20 })));
    const carts = await Promise.all(
      Array.from({ length: 80 }, (_, i) => {
        const shuffled = [...variants].sort(
          (a, b) => ((a.charCodeAt(25) * 7 + i * 13) % 11) - ((b.charCodeAt(25) * 7 + i * 13) % 11),
        );
        return shop.cart(shuffled.slice(0, 1 + (i % 4)).map((variantId) => ({ variantId, quantity: 1 + (i % 2) })));
      }),
    );
    const before = await deadlocks(shop);
    const answers = await Promise.all(carts.map((cart) => shop.checkout(cart, { paymentMethod: 'manual' })));
    expect(answers.every((a) => a.status === 201 || a.status === 409)).toBe(true);
    expect(answers.some((a) => a.status === 201)).toBe(true);
    expect((await deadlocks(shop)) - before).toBe(0);
    await shop.balance();
  });

  race('20 parallel changes of one cart: none is lost', async () => {
    const variants = await Promise.all(Array.from({ length: 4 }, () => shop.product({ stock: 100 })));
    const cart = await shop.cart([{ variantId: variants[0]!, quantity: 1 }]);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        shop.call('POST', `/v1/carts/${cart.id}/lines`, {
          token: cart.token,
          body: { variantId: variants[i % 4], quantity: 1 },
        }),
      ),
    );
    expect(answers.map((a) => a.status)).toEqual(Array.from({ length: 20 }, () => 201));
    const { body } = await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
    expect(body.itemCount).toBe(21);
  });

  /** Sends a request that has to wait until a line was put into the cart, which takes a moment. */
  async function whileLineIsAdded(cart: { id: string }, variantId: string, send: () => Promise<Answer>) {
    let answer: Promise<Answer> | undefined;
    await shop.db.transaction(async (tx) => {
      const cartId = decodeId('cart', cart.id);
      await tx.query(`UPDATE carts SET version = version + 1 WHERE id = $1`, [cartId]);
      await tx.query(
        `INSERT INTO cart_lines (id, cart_id, variant_id, quantity, seen_amount) VALUES ($1, $2, $3, 2, 1)`,
        [newUuid(), cartId, decodeId('variant', variantId)],
      );
      answer = send();
      await sleep(300);
    });
    return answer!;
  }

  race('a change that had to wait for another one answers with what both did', async () => {
    const [first, second] = [await shop.product({ stock: 10 }), await shop.product({ stock: 10 })];
    const cart = await shop.cart([{ variantId: first, quantity: 1 }]);
    const { status, body } = await whileLineIsAdded(cart, second, () =>
      shop.call('PATCH', `/v1/carts/${cart.id}`, { token: cart.token, body: { email: 'late@example.com' } }),
    );
    expect({ status, email: body.email, itemCount: body.itemCount }).toEqual({
      status: 200,
      email: 'late@example.com',
      itemCount: 3,
    });
  });

  race('a checkout that had to wait for a change orders what is in the cart then', async () => {
    const [first, second] = [await shop.product({ stock: 10 }), await shop.product({ stock: 10 })];
    const cart = await shop.cart([{ variantId: first, quantity: 1 }]);
    const { status, body } = await whileLineIsAdded(cart, second, () =>
      shop.checkout(cart, { paymentMethod: 'manual' }),
    );
    expect(status).toBe(201);
    expect(body.order.lines.map((line: { quantity: number }) => line.quantity)).toEqual([1, 2]);
    await shop.balance();
  });

  race(
    '20 parallel changes of one cart with the ETag that was read: one applies, the others learn the version',
    async () => {
      const variantId = await shop.product({ stock: 100 });
      const cart = await shop.cart([{ variantId, quantity: 1 }]);
      const etag = (await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token })).headers.get('etag')!;
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          shop.call('POST', `/v1/carts/${cart.id}/lines`, {
            token: cart.token,
            headers: { 'If-Match': etag },
            body: { variantId, quantity: 1 },
          }),
        ),
      );
      expect(answers.filter((a) => a.status === 201)).toHaveLength(1);
      const stale = answers.filter((a) => a.status === 412);
      expect(stale).toHaveLength(19);
      expect(stale[0]!.body).toMatchObject({ code: 'version_mismatch', currentVersion: 2 });
    },
  );

  race(
    'another process orders with the same key: who comes second is told at once, and gets the answer later',
    async () => {
      const { cart, key, send } = await cartOfOne();
      await shop.db.transaction(async (tx) => {
        await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))`, [scopeOf(cart), key]);
        const told = await send();
        expect([told.status, told.body.code]).toEqual([409, 'idempotency_key_in_flight']);
      });
      const done = await send();
      expect(done.status).toBe(201);
      await shop.balance();
    },
  );

  race(
    'another process has answered between the look for its answer and the lock: its answer holds, once',
    async () => {
      const one = await cartOfOne();
      const { variantId, cart, key } = one;
      const other = await shop.cart([{ variantId, quantity: 1 }]);
      const done = await shop.checkout(other, { paymentMethod: 'manual' }, key);
      // As the other process would have left it.
      const told = await whileItWaits(one, () =>
        shop.db.query(
          `INSERT INTO idempotency_keys (scope, key, fingerprint, response_status, response_body)
           SELECT $1, key, sha256($2), response_status, response_body FROM idempotency_keys WHERE key = $3`,
          [scopeOf(cart), askedOf(cart), key],
        ),
      );
      expect([told.status, told.headers.get('idempotent-replayed'), told.body]).toEqual([201, 'true', done.body]);
      const orders = await shop.db.query(`SELECT 1 FROM orders WHERE cart_id = $1`, [decodeId('cart', cart.id)]);
      expect(orders).toEqual([]);
      expect((await shop.stock(variantId)).onHand).toBe(49);
      await shop.balance();
    },
  );

  race('what a dead process left under a key is in nobody’s way, what a live one has is', async () => {
    const { cart, key, send } = await cartOfOne();
    const left = (seconds: number) =>
      shop.db.query(
        `INSERT INTO idempotency_keys (scope, key, fingerprint, locked_at) VALUES ($1, $2, sha256($3), now() - make_interval(secs => $4))
         ON CONFLICT (scope, key) DO UPDATE SET locked_at = excluded.locked_at`,
        [scopeOf(cart), key, askedOf(cart), seconds],
      );
    for (const seconds of [10, 90]) {
      await left(seconds);
      const told = await send();
      expect([told.status, told.body.code, told.headers.get('retry-after')]).toEqual([
        409,
        'idempotency_key_in_flight',
        '1',
      ]);
    }
    expect((await send()).status).toBe(201);
    await shop.balance();
  });

  race(
    'a process claims the key by a row while another orders by the lock: one is told, and may come again',
    async () => {
      const one = await cartOfOne();
      const { cart, key, send } = one;
      const told = await whileItWaits(one, () =>
        shop.db.query(
          `INSERT INTO idempotency_keys (scope, key, fingerprint, locked_at) VALUES ($1, $2, sha256($3), now())`,
          [scopeOf(cart), key, askedOf(cart)],
        ),
      );
      expect([told.status, told.body.code]).toEqual([409, 'idempotency_key_in_flight']);
      await shop.db.query(`DELETE FROM idempotency_keys WHERE key = $1`, [key]);
      expect((await send()).status).toBe(201);
      await shop.balance();
    },
  );

  race(
    'a cart that was ordered: a fresh key gets its order, again the same, and never for another request',
    async () => {
      const variantId = await shop.product({ stock: 50 });
      const cart = await shop.cart([{ variantId, quantity: 1 }]);
      const first = await shop.checkout(cart, { paymentMethod: 'manual' }, newUuid());
      const key = newUuid();
      const answers = [];
      for (let i = 0; i < 2; i += 1) answers.push(await shop.checkout(cart, { paymentMethod: 'manual' }, key));
      expect(answers.map(({ status, body }) => [status, body.order.id])).toEqual(
        answers.map(() => [201, first.body.order.id]),
      );
      expect(answers[1]!.headers.get('idempotent-replayed')).toBe('true');
      const other = await shop.checkout(cart, { paymentMethod: 'stripe' }, key);
      expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);

      const paidOnline = await shop.cart([{ variantId, quantity: 1 }]);
      const waiting = await shop.checkout(paidOnline, { paymentMethod: 'stripe' }, newUuid());
      const fresh = newUuid();
      const again = await Promise.all(
        [1, 2, 3].map(() => shop.checkout(paidOnline, { paymentMethod: 'manual' }, fresh)),
      );
      const replay = await shop.checkout(paidOnline, { paymentMethod: 'manual' }, fresh);
      expect([replay.status, replay.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
      expect(replay.body.order.id).toBe(waiting.body.order.id);
      for (const { status, body } of again) if (status !== 201) expect(body.code).toBe('idempotency_key_in_flight');
      expect(intentsOf(shop, waiting.body.order.id)).toBe(1);
      await shop.balance();
    },
  );

  race('an order on invoice that fails frees its key', async () => {
    const variantId = await shop.product({ stock: 1 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const other = await shop.cart([{ variantId, quantity: 1 }]);
    expect((await shop.checkout(other, { paymentMethod: 'manual' })).status).toBe(201);
    const key = newUuid();
    const failed = await shop.checkout(cart, { paymentMethod: 'manual' }, key);
    expect([failed.status, failed.body.code]).toEqual([409, 'out_of_stock']);
    expect(await shop.db.query(`SELECT 1 FROM idempotency_keys WHERE key = $1`, [key])).toEqual([]);
    expect((await shop.checkout(cart, { paymentMethod: 'manual' }, key)).body.code).toBe('out_of_stock');
    await shop.balance();
  });

  race('50 parallel checkouts of one cart on invoice with one key: one order, one answer', async () => {
    const variantId = await shop.product({ stock: 100 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const key = newUuid();
    const send = () => shop.checkout(cart, { paymentMethod: 'manual' }, key);
    const answers = await Promise.all(Array.from({ length: 50 }, send));
    for (const { status, body } of answers) if (status !== 201) expect(body.code).toBe('idempotency_key_in_flight');
    const replay = await send();
    const done = [...answers.filter((a) => a.status === 201), replay];
    expect(done.length).toBeGreaterThan(1);
    expect(done.map(({ body }) => body)).toEqual(done.map(() => replay.body));
    expect((await shop.stock(variantId)).onHand).toBe(99);
    await shop.balance();
  });

  race('50 parallel checkouts of one cart with one key: one order, one intent', async () => {
    const variantId = await shop.product({ stock: 100 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const key = newUuid();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => shop.checkout(cart, { paymentMethod: 'stripe' }, key)),
    );
    const done = answers.filter((a) => a.status === 201);
    const waiting = answers.filter((a) => a.status === 409);
    expect(done.length + waiting.length).toBe(50);
    expect(done.length).toBeGreaterThan(0);
    for (const answer of waiting) expect(answer.body.code).toBe('idempotency_key_in_flight');
    const replay = await shop.checkout(cart, { paymentMethod: 'stripe' }, key);
    expect(replay.body).toEqual(done[0]!.body);
    expect(intentsOf(shop, replay.body.order.id)).toBe(1);
    await shop.balance();
  });

  race(
    'a checkout in flight that waits for its cart: repetitions are told at once, nobody waits with them',
    async () => {
      const one = await cartOfOne();
      const { variantId, send } = one;
      const other = await shop.cart([{ variantId, quantity: 1 }]);
      let done = await whileItWaits(one, async () => {
        // More than there are places for checkouts.
        const repeated = await Promise.all(Array.from({ length: 20 }, send));
        expect(repeated.map(({ body }) => body.code)).toEqual(repeated.map(() => 'idempotency_key_in_flight'));
        expect((await shop.checkout(other, { paymentMethod: 'manual' })).status).toBe(201);
      });
      // On a slow machine it may have given up waiting; then it is free to be sent again.
      if (done.status === 503) done = await send();
      expect(done.status).toBe(201);
      const replay = await send();
      expect([replay.headers.get('idempotent-replayed'), replay.body]).toEqual(['true', done.body]);
      await shop.balance();
    },
  );

  race('50 parallel checkouts of one cart with different keys: one order, one intent', async () => {
    const variantId = await shop.product({ stock: 100 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => shop.checkout(cart, { paymentMethod: 'stripe' })),
    );
    expect(answers.map((a) => a.status)).toEqual(Array.from({ length: 50 }, () => 201));
    expect(new Set(answers.map((a) => a.body.order.number)).size).toBe(1);
    expect(new Set(answers.map((a) => a.body.payment.clientSecret)).size).toBe(1);
    expect(intentsOf(shop, answers[0]!.body.order.id)).toBe(1);
    expect(await shop.stock(variantId)).toEqual({ onHand: 100, reserved: 1 });
    await shop.balance();
  });

  race('20 parallel refunds of 60 %: one succeeds, money and books agree', async () => {
    const variantId = await shop.product({ stock: 10, price: 10_000 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const placed = await shop.checkout(cart, {
      paymentMethod: 'stripe',
      confirmationToken: 'pm_card_visa',
      returnUrl: 'http://localhost/done',
    });
    expect(placed.body.order.paymentStatus).toBe('paid');
    const bearer = await shop.staff();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        shop.call('POST', `/v1/admin/orders/${placed.body.order.id}/refunds`, {
          bearer,
          key: newUuid(),
          body: { amount: 6300 },
        }),
      ),
    );
    expect(answers.filter((a) => a.status === 201)).toHaveLength(1);
    for (const answer of answers.filter((a) => a.status !== 201)) {
      expect(answer).toMatchObject({ status: 422, body: { code: 'refund_too_large', refundable: 4200 } });
    }
    await shop.balance();
    const order = await shop.order(placed.body.order.id, cart.token);
    expect(order).toMatchObject({ paymentStatus: 'partially_refunded', refundedTotal: { amount: 6300 } });
    expect(await shop.stock(variantId)).toEqual({ onHand: 9, reserved: 0 });
  });
});

const intentsOf = (shop: Shop, orderId: string) =>
  (shop.stripe.state() as { payment_intents: { metadata: Record<string, string> }[] }).payment_intents.filter(
    (i) => i.metadata.order_id === orderId,
  ).length;

async function deadlocks(shop: Shop): Promise<number> {
  const [row] = await shop.db.query<{ n: number }>(
    `SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()`,
  );
  return row!.n;
}
