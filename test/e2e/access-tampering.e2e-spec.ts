import { connect } from 'node:net';
import { encodeId, newUuid } from '#libs/ids';
import { World } from '../support/fuzz/world.js';
import { ADDRESS, Shop } from '../support/shop.js';

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
}, 60_000);
afterEach(() => shop.settleUp());
afterAll(async () => {
  await shop?.stop();
});

describe('a price that somebody would like to pay', () => {
  const TOO_CHEAP = [
    { unitPrice: { amount: 1, currency: 'USD' } },
    { unitPrice: 1 },
    { price: 1 },
    { total: { amount: 1, currency: 'USD' } },
    { discount: 999 },
    { discountTotal: { amount: 999, currency: 'USD' } },
    { taxTotal: { amount: 0, currency: 'USD' } },
    { shippingTotal: { amount: 0, currency: 'USD' } },
    { currency: 'JPY' },
    { stripeCustomerId: 'cus_1' },
    { id: 'line_01j4000000e008000000000001' },
    { createdAt: '2026-01-01T00:00:00Z' },
  ];
  const ODD_QUANTITIES = [0, -1, 1.5, 1e9, '2', null, [2], { amount: 2 }, 2 ** 53];

  it('is refused by name wherever it is put, and nothing changes', async () => {
    const variantId = await shop.product({ stock: 10, price: 1000 });
    const cart = await shop.cart([{ variantId, quantity: 2 }]);
    const state = async () => (await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token })).body;
    const before = await state();
    const line = `/v1/carts/${cart.id}/lines/${before.lines[0].id}`;
    for (const extra of TOO_CHEAP) {
      const [name] = Object.keys(extra);
      for (const [method, path, body, pointer] of [
        ['POST', '/v1/carts', { lines: [{ variantId, quantity: 1, ...extra }] }, `/lines/0/${name}`],
        ['POST', '/v1/carts', { lines: [], ...extra }, `/${name}`],
        ['PATCH', `/v1/carts/${cart.id}`, { email: 'ada@example.com', ...extra }, `/${name}`],
        ['POST', `/v1/carts/${cart.id}/lines`, { variantId, quantity: 1, ...extra }, `/${name}`],
        ['PATCH', line, { quantity: 1, ...extra }, `/${name}`],
        ['POST', `/v1/carts/${cart.id}/checkout`, { paymentMethod: 'stripe', ...extra }, `/${name}`],
      ] as const) {
        const answer = await shop.call(method, path, { token: cart.token, key: newUuid(), body });
        expect([method, path, answer.status, answer.body.errors?.map((one: any) => one.pointer)]).toEqual([
          method,
          path,
          400,
          [pointer],
        ]);
      }
    }
    for (const quantity of ODD_QUANTITIES)
      for (const [method, path] of [
        ['POST', `/v1/carts/${cart.id}/lines`],
        ['PATCH', line],
      ] as const) {
        if (method === 'PATCH' && quantity === 0) continue;
        const body = method === 'POST' ? { variantId, quantity } : { quantity };
        const answer = await shop.call(method, path, { token: cart.token, body });
        expect([method, quantity, answer.status]).toEqual([method, quantity, 400]);
      }
    expect(await state()).toEqual(before);
  });

  it('is not what is charged: the server’s own total is, whatever the request says of it', async () => {
    const variantId = await shop.product({ stock: 10, price: 1000 });
    const cart = await shop.cart([{ variantId, quantity: 2 }]);
    const pay = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };
    const ask = (body: object, headers = {}) =>
      shop.call('POST', `/v1/carts/${cart.id}/checkout`, { token: cart.token, key: newUuid(), body, headers });
    for (const expectedTotal of [1, 0, cart.total - 1]) {
      const answer = await ask({ ...pay, expectedTotal });
      expect([expectedTotal, answer.status, answer.body.code]).toEqual([expectedTotal, 409, 'cart_changed']);
    }
    for (const expectedTotal of [-1, 1.5, '1']) expect((await ask({ ...pay, expectedTotal })).status).toBe(400);
    // A way to ship that is free, of another zone.
    const [zone, method] = [newUuid(), newUuid()];
    await shop.db.query(`INSERT INTO shipping_zones (id, name, countries) VALUES ($1, 'Moon', '{IS}')`, [zone]);
    await shop.db.query(
      `INSERT INTO shipping_methods (id, zone_id, name, amount, currency) VALUES ($1, $2, 'Free', 0, 'USD')`,
      [method, zone],
    );
    const shipped = await shop.call('PATCH', `/v1/carts/${cart.id}`, {
      token: cart.token,
      body: { shippingMethodId: encodeId('shippingMethod', method) },
    });
    expect(shipped.status >= 400 || shipped.body.issues.some((one: any) => one.severity === 'blocking')).toBe(true);
    const back = await shop.call('PATCH', `/v1/carts/${cart.id}`, {
      token: cart.token,
      body: {
        shippingMethodId: (await shop.call('GET', `/v1/carts/${cart.id}/shipping-methods`, { token: cart.token })).body
          .data[0].id,
      },
    });
    expect(back.body.total).toEqual({ amount: cart.total, currency: 'USD' });
    // Another currency, in which a thousand would be little.
    const { body, status } = await ask(pay, { 'X-Currency': 'JPY' });
    expect([status, body.order?.total]).toEqual([201, { amount: cart.total, currency: 'USD' }]);
    const charge = shop.providerBooks().charges.find(({ orderId }) => orderId === body.order.id);
    expect(charge).toMatchObject({ captured: cart.total, currency: 'USD' });
    await shop.balance();
  });

  it('is not what an account says of itself', async () => {
    const answer = await shop.call('POST', '/v1/auth/register', {
      body: {
        email: 'eve@example.com',
        password: 'violet harbor 42 pelicans',
        role: 'owner',
        isAdmin: true,
        ...ADDRESS,
      },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((one: any) => one.pointer)).toEqual(expect.arrayContaining(['/role', '/isAdmin']));
    expect(await shop.db.query(`SELECT FROM account_links WHERE email = 'eve@example.com'`)).toEqual([]);
  });
});

describe('credentials of a hundred kilobytes', () => {
  const HUGE = 'Zq9'.repeat(34_000);
  const told = ({ status, body, headers }: { status: number; body: any; headers: Headers }) => ({
    status,
    body: body && { ...body, requestId: null },
    headers: [...headers].filter(([name]) => !/^(date|x-request-id|ratelimit-.*|etag|age)$/.test(name)),
  });

  it('are what wrong ones are, on every kind of route: refused in the same words, or not looked at', async () => {
    const variantId = await shop.product({ stock: 3, price: 1000 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    for (const [status, method, path, scheme] of [
      [401, 'GET', '/v1/admin/orders', 'Bearer'],
      [401, 'GET', '/v1/admin/orders', 'bearer'],
      [401, 'GET', '/v1/admin/orders', 'Basic'],
      [401, 'GET', '/v1/admin/orders', 'Bearer emp_sk_'],
      [401, 'GET', '/v1/me', 'Bearer'],
      [401, 'GET', `/v1/carts/${cart.id}`, 'Bearer'],
      [200, 'GET', `/v1/carts/${cart.id}`, 'Basic'],
      [200, 'GET', '/v1/products', 'Bearer'],
      [404, 'GET', '/v1/nowhere', 'Bearer'],
    ] as const) {
      const ask = (token: string) =>
        shop.call(method, path, {
          headers: { Authorization: `${scheme}${scheme.includes('_') ? '' : ' '}${token}`, 'X-Cart-Token': cart.token },
        });
      const [wrong, huge] = [await ask('wrong'), await ask(HUGE)];
      expect([path, scheme, huge.status]).toEqual([path, scheme, status]);
      expect(told(huge)).toEqual(told(wrong));
    }
    const secret = await shop.call('POST', '/v1/oauth/token', {
      headers: { Authorization: `Basic ${HUGE}`, 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(secret.status).toBe(401);
  });

  it('are wrong however long they are, also where they alone are as long as all headers may be', async () => {
    const OTHERS = { 'X-Padding': 'x'.repeat(9_000) };
    for (const [others, from, to, step] of [
      [{}, 15_000, 17_000, 50],
      [OTHERS, 6_000, 9_000, 100],
    ] as const)
      for (let length = from; length < to; length += step) {
        const headers = { ...others, Authorization: `Bearer ${'x'.repeat(length)}` };
        expect([length, (await shop.call('GET', '/v1/admin/orders', { headers })).status]).toEqual([length, 401]);
      }
    // Right ones are right beside as much.
    const bearer = await shop.staff('owner');
    const headers = { 'X-Padding': 'x'.repeat(15_900) };
    expect((await shop.call('GET', '/v1/admin/orders', { bearer, headers })).status).toBe(200);
  });

  it('are not lost among thousands of small headers: a request with so many is refused', async () => {
    const ask = (headers: readonly string[]) =>
      new Promise<string>((done, failed) => {
        const { hostname, port } = new URL(shop.url);
        const socket = connect(Number(port), hostname, () =>
          socket.write(
            `GET /v1/products HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n${headers.join('\r\n')}\r\nAuthorization: Bearer wrong\r\n\r\n`,
          ),
        );
        let answer = '';
        socket.on('data', (chunk) => (answer += chunk)).on('error', failed);
        socket.on('close', () => done(answer.split('\r\n')[0]!));
      });
    const many = (n: number) => Array.from({ length: n }, () => 'a:b');
    expect(await ask(many(100))).toBe('HTTP/1.1 200 OK');
    for (const n of [600, 990, 997, 1_100, 20_000])
      expect([n, await ask(many(n))]).toEqual([n, expect.stringMatching(/^HTTP\/1\.1 431 /)]);
    // Each counts with all that it is on the wire.
    const short = Array.from({ length: 450 }, (_, i) => `h${i}: ${'x'.repeat(30)}`);
    expect(await ask(short)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await ask(short.slice(0, 300))).toBe('HTTP/1.1 200 OK');
  });

  it('do not make room for other headers, nor for more than the parser reads', async () => {
    const status = async (headers: Record<string, string>, path = '/v1/products') =>
      (await shop.call('GET', path, { headers })).status;
    expect(await status({ 'X-Padding': 'x'.repeat(15_000) })).toBe(200);
    for (const headers of [
      { 'X-Padding': 'x'.repeat(17_000) },
      { 'X-Padding': 'x'.repeat(17_000), Authorization: `Bearer ${HUGE}` },
      { Cookie: HUGE },
    ] as Record<string, string>[]) {
      const answer = await shop.call('GET', '/v1/admin/orders', { headers });
      expect([answer.status, answer.body.code]).toEqual([431, 'headers_too_large']);
    }
    expect(await status({}, `/v1/products?q=${'x'.repeat(17_000)}`)).toBe(431);
    expect(await status({ Authorization: `Bearer ${HUGE}${HUGE}` }, '/v1/admin/orders')).toBe(431);
    expect(await status({}, '/v1/products')).toBe(200);
  });
});

describe('what is searched for', () => {
  const ID = /^[a-z]+_[0-9a-z]{26}$/;
  const SEARCHES = [
    '/v1/products',
    '/v1/admin/products',
    '/v1/admin/categories',
    '/v1/admin/promotions',
    '/v1/admin/orders',
    '/v1/admin/customers',
    '/v1/admin/payments',
  ];

  /** The demo shop: there is something of everything. */
  let full: Shop;
  beforeAll(async () => {
    full = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  }, 60_000);
  afterAll(async () => {
    await full?.stop();
  });

  it('is a text and no pattern: signs that mean anything to LIKE mean themselves', async () => {
    const world = await World.open(full);
    await world.order(await world.person('customer'), 'invoice');
    const bearer = world.owner.bearer;
    await full.call('POST', '/v1/admin/promotions', {
      bearer,
      body: { name: 'Quarter off', method: 'automatic', action: { type: 'percent_off_order', ratePpm: 250_000 } },
    });
    /** Rows that do not have the text anywhere in what they say. */
    const astray = async (path: string, q: string) => {
      const answer = await full.call('GET', `${path}?limit=100&q=${encodeURIComponent(q)}`, { bearer });
      expect([path, q, answer.status]).toEqual([path, q, 200]);
      return answer.body.data.filter(
        (row: object) =>
          !Object.values(row).some((text) => typeof text === 'string' && !ID.test(text) && text.includes(q)),
      );
    };
    for (const path of SEARCHES) {
      const all = await full.call('GET', `${path}?limit=100`, { bearer });
      expect([path, all.body.data.length > 0]).toEqual([path, true]);
      // To storefronts they part words.
      const within = path === '/v1/products' ? [] : ['a%e', 'a_a', '\\%'];
      for (const q of ['%', '_', '%%', '____', '\\', ...within])
        expect([path, q, await astray(path, q)]).toEqual([path, q, []]);
    }
  }, 60_000);

  it('is sorted by what the list knows, and by nothing else', async () => {
    for (const sort of [
      'id; DROP TABLE x',
      'price,(SELECT pg_sleep(2))',
      "price' --",
      'password_hash',
      'constructor',
    ]) {
      const began = performance.now();
      const answer = await full.call('GET', `/v1/products?sort=${encodeURIComponent(sort)}`);
      expect([sort, answer.status, answer.body.errors?.[0]?.parameter ?? answer.body.errors?.[0]?.pointer]).toEqual([
        sort,
        400,
        expect.stringContaining('sort'),
      ]);
      expect(performance.now() - began).toBeLessThan(1_900);
    }
  });
});
