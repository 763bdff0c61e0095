import { jest } from '@jest/globals';
import pg from 'pg';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { signUp } from '../support/customers.js';
import { promote } from '../support/promotions.js';
import { market, priceIn, priceList, taxRate } from '../support/pricing.js';
import { ADDRESS, METHOD_ID, Shop } from '../support/shop.js';

const GERMANY = { ...ADDRESS, city: 'Berlin', state: null, postalCode: '10115', country: 'DE' };
const usd = (amount: number) => ({ amount, currency: 'USD' });
const eur = (amount: number) => ({ amount, currency: 'EUR' });

describe('prices of carts', () => {
  let shop: Shop;
  let euroId: string;
  beforeAll(async () => {
    shop = await Shop.start();
    euroId = await market(shop, { countries: ['DE', 'AT'], currency: 'EUR', taxIncluded: true });
    await taxRate(shop, 'DE', 190_000);
    await shop.db.query(
      `INSERT INTO shipping_methods (id, zone_id, name, amount, currency)
       SELECT $1, zone_id, 'Standard in euros', 476, 'EUR' FROM shipping_methods WHERE id = $2`,
      [newUuid(), METHOD_ID],
    );
  });
  afterAll(async () => {
    await shop?.stop();
  });

  const make = async (
    body: Record<string, unknown>,
    options: { headers?: Record<string, string>; bearer?: string } = {},
  ) => {
    const made = await shop.call('POST', '/v1/carts', { body, ...options });
    expect(made).toMatchObject({ status: 201 });
    return made.body;
  };
  const groupOf = async (customerId: string) => {
    const id = newUuid();
    await shop.db.query(
      `WITH g AS (INSERT INTO customer_groups (id, name) VALUES ($1::uuid, 'Group ' || $1::text) RETURNING id)
       INSERT INTO customer_group_members (customer_id, group_id) SELECT $2, id FROM g`,
      [id, decodeId('customer', customerId)],
    );
    return encodeId('customerGroup', id);
  };

  it('takes the lowest price that holds, and names the list that it is from', async () => {
    const variantId = await shop.product({ stock: 100, price: 1000 });
    const sale = await priceList(shop, {
      name: 'Summer sale',
      entries: [
        [variantId, 900],
        [variantId, 700, 10],
      ],
    });
    await priceList(shop, { name: 'Dearer', entries: [[variantId, 1200]] });
    const cart = await make({ lines: [{ variantId, quantity: 9 }] });
    expect(cart.lines[0]).toMatchObject({
      unitPrice: usd(900),
      compareAt: usd(1000),
      lowestPrice30Days: usd(1000),
      priceList: { id: sale, name: 'Summer sale' },
      total: usd(8100),
    });
    expect(cart.issues.map((issue: { code: string }) => issue.code)).not.toContain('price_changed');
    const added = await shop.call('POST', `/v1/carts/${cart.id}/lines`, {
      token: cart.token,
      body: { variantId, quantity: 1 },
    });
    expect(added.body.lines[0]).toMatchObject({ quantity: 10, unitPrice: usd(700), total: usd(7000) });
    expect(added.body.issues.map((issue: { code: string }) => issue.code)).not.toContain('price_changed');
    const fewer = await shop.call('PATCH', `/v1/carts/${cart.id}/lines/${cart.lines[0].id}`, {
      token: cart.token,
      body: { quantity: 2 },
    });
    expect(fewer.body.lines[0]).toMatchObject({ unitPrice: usd(900) });
    expect(fewer.body.issues.map((issue: { code: string }) => issue.code)).not.toContain('price_changed');
    const replaced = await shop.call('PATCH', `/v1/carts/${cart.id}`, {
      token: cart.token,
      body: { lines: [{ variantId, quantity: 20 }] },
    });
    expect(replaced.body.lines[0]).toMatchObject({ unitPrice: usd(700) });
    expect(replaced.body.issues.map((issue: { code: string }) => issue.code)).not.toContain('price_changed');
  });

  it('says that the price changed when a sale ends, at once', async () => {
    const variantId = await shop.product({ stock: 100, price: 1000 });
    const list = await priceList(shop, { entries: [[variantId, 800]], endsAt: new Date(Date.now() + 3_600_000) });
    const cart = await make({ lines: [{ variantId, quantity: 1 }] });
    expect(cart.lines[0]).toMatchObject({ unitPrice: usd(800) });
    await shop.db.query(`UPDATE price_lists SET ends_at = now() - interval '1 ms' WHERE id = $1`, [
      decodeId('priceList', list),
    ]);
    const later = await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
    expect(later.body.lines[0]).toMatchObject({ unitPrice: usd(1000), compareAt: null, priceList: null });
    expect(later.body.issues).toContainEqual(
      expect.objectContaining({ code: 'price_changed', severity: 'warning', previousAmount: 800 }),
    );
  });

  it('does not use lists that begin later, ended, are switched off or are in another currency', async () => {
    const variantId = await shop.product({ stock: 100, price: 1000 });
    await priceList(shop, { entries: [[variantId, 1]], startsAt: new Date(Date.now() + 60_000) });
    await priceList(shop, { entries: [[variantId, 2]], endsAt: new Date(Date.now() - 60_000) });
    await priceList(shop, { entries: [[variantId, 3]], currency: 'EUR' });
    await priceList(shop, { entries: [[variantId, 4]], marketId: euroId });
    const off = await priceList(shop, { entries: [[variantId, 5]] });
    await shop.db.query(`UPDATE price_lists SET active = FALSE WHERE id = $1`, [decodeId('priceList', off)]);
    expect((await make({ lines: [{ variantId, quantity: 1 }] })).lines[0]).toMatchObject({ unitPrice: usd(1000) });
  });

  it('gives the prices of a group to its members alone', async () => {
    const member = await signUp(shop, 'member@example.com');
    const other = await signUp(shop, 'other@example.com');
    const variantId = await shop.product({ stock: 100, price: 1000 });
    await priceList(shop, { name: 'Wholesale', entries: [[variantId, 600]], groupId: await groupOf(member.id) });
    const prices = [];
    for (const bearer of [member.bearer, other.bearer, undefined]) {
      const cart = await make({ lines: [{ variantId, quantity: 1 }] }, { bearer });
      prices.push(cart.lines[0].unitPrice.amount);
    }
    expect(prices).toEqual([600, 1000, 1000]);
    const empty = await make({}, { bearer: member.bearer });
    const added = await shop.call('POST', `/v1/carts/${empty.id}/lines`, {
      bearer: member.bearer,
      body: { variantId, quantity: 1 },
    });
    expect(added.body).toMatchObject({ lines: [{ unitPrice: usd(600) }] });
    expect(added.body.issues.map((issue: { code: string }) => issue.code)).not.toContain('price_changed');
  });

  it('brings the cart of a guest to the prices of the customer', async () => {
    const member = await signUp(shop, 'merger@example.com');
    const variantId = await shop.product({ stock: 100, price: 1000 });
    await priceList(shop, { entries: [[variantId, 600, 2]], groupId: await groupOf(member.id) });
    await make({ lines: [{ variantId, quantity: 1 }] }, { bearer: member.bearer });
    const guests = await make({ lines: [{ variantId, quantity: 1 }] });
    const merged = await shop.call('POST', `/v1/carts/${guests.id}/merge`, {
      bearer: member.bearer,
      token: guests.token,
      body: {},
    });
    expect(merged.body).toMatchObject({ outcome: 'merged', cart: { lines: [{ quantity: 2, unitPrice: usd(600) }] } });
    expect(merged.body.cart.issues.map((issue: { code: string }) => issue.code)).not.toContain('price_changed');
  });

  it('sells in the market of the shopper: its currency, the tax in the price, at checkout and on the order', async () => {
    const variantId = await shop.product({ stock: 100, price: 1000 });
    await priceIn(shop, variantId, 'EUR', 1190);
    const cart = await make(
      { lines: [{ variantId, quantity: 2 }], email: 'ada@example.com', shippingAddress: GERMANY },
      { headers: { 'X-Country': 'DE' } },
    );
    expect(cart).toMatchObject({
      currency: 'EUR',
      marketId: euroId,
      taxIncluded: true,
      total: eur(2380),
      taxTotal: eur(380),
    });
    expect(cart.issues.map((issue: { code: string }) => issue.code)).not.toContain('market_mismatch');
    const methods = await shop.call('GET', `/v1/carts/${cart.id}/shipping-methods`, { token: cart.token });
    const shipped = await shop.call('PATCH', `/v1/carts/${cart.id}`, {
      token: cart.token,
      body: { shippingMethodId: methods.body.data[0].id },
    });
    // 2 x 11.90 holds 3.80 of tax, 4.76 of shipping holds 0.76.
    expect(shipped.body).toMatchObject({ total: eur(2856), taxTotal: eur(456), shippingTotal: eur(476) });
    const placed = await shop.checkout(cart, { paymentMethod: 'manual', expectedTotal: 2856 });
    expect(placed).toMatchObject({
      status: 201,
      body: { order: { currency: 'EUR', taxIncluded: true, taxExemption: null, total: eur(2856), taxTotal: eur(456) } },
    });
    await shop.balance();
  });

  it('warns when the goods go to another market, and keeps the prices', async () => {
    const variantId = await shop.product({ stock: 100, price: 1000 });
    await priceIn(shop, variantId, 'EUR', 1190);
    const cart = await make({ lines: [{ variantId, quantity: 1 }], shippingAddress: GERMANY });
    expect(cart).toMatchObject({
      currency: 'USD',
      marketId: null,
      taxIncluded: false,
      taxTotal: usd(190),
      total: usd(1190),
    });
    expect(cart.issues).toContainEqual(
      expect.objectContaining({ code: 'market_mismatch', severity: 'warning', pointer: '/shippingAddress/country' }),
    );
  });

  it('refuses what is no country and no currency, by the name of the header', async () => {
    for (const [name, value] of [
      ['X-Country', 'XX'],
      ['X-Country', 'de'],
      ['X-Currency', 'EURO'],
    ] as const) {
      const refused = await shop.call('POST', '/v1/carts', { body: {}, headers: { [name]: value } });
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_header', errors: [{ pointer: name }] } });
    }
  });

  it('takes the tax off for businesses of other countries of the EU and whom staff exempt', async () => {
    await shop.db.query(`UPDATE shop_settings SET country = 'AT', version = version + 1`);
    const business = await signUp(shop, 'business@example.com');
    const exempt = await signUp(shop, 'exempt@example.com');
    await shop.db.query(`UPDATE customers SET vat_number = 'DE123456789' WHERE id = $1`, [
      decodeId('customer', business.id),
    ]);
    await shop.db.query(`UPDATE customers SET tax_exempt = TRUE WHERE id = $1`, [decodeId('customer', exempt.id)]);
    const variantId = await shop.product({ stock: 100, price: 1000 });
    await priceIn(shop, variantId, 'EUR', 1190);
    const body = { lines: [{ variantId, quantity: 2 }], email: 'ada@example.com', shippingAddress: GERMANY };
    const headers = { 'X-Country': 'DE' };
    for (const [bearer, taxExemption] of [
      [business.bearer, 'reverse_charge'],
      [exempt.bearer, 'exempt'],
    ] as const) {
      const cart = await make(body, { headers, bearer });
      expect(cart).toMatchObject({ taxExemption, taxIncluded: false, taxTotal: eur(0), total: eur(2000) });
      expect(cart.lines[0]).toMatchObject({ unitPrice: eur(1000), compareAt: null });
    }
    const cart = await make(body, { headers, bearer: business.bearer });
    const methods = await shop.call('GET', `/v1/carts/${cart.id}/shipping-methods`, { token: cart.token });
    await shop.call('PATCH', `/v1/carts/${cart.id}`, {
      token: cart.token,
      body: { shippingMethodId: methods.body.data[0].id },
    });
    const placed = await shop.checkout(cart, { paymentMethod: 'manual' });
    expect(placed.body.order).toMatchObject({
      taxExemption: 'reverse_charge',
      vatNumber: 'DE123456789',
      taxTotal: eur(0),
      shippingTotal: eur(400),
      total: eur(2400),
    });
    const read = await shop.order(placed.body.order.id, cart.token);
    expect(read).toEqual(placed.body.order);
    await shop.balance();
  });

  it('costs as many statements for 100 lines as for one', async () => {
    const variants: string[] = [];
    for (let i = 0; i < 100; i += 1) variants.push(await shop.product({ stock: 5, price: 1000 }));
    await priceList(shop, { entries: variants.map((variantId) => [variantId, 900] as const) });
    const counts: number[] = [];
    for (const lines of [1, 100]) {
      const cart = await make({ lines: variants.slice(0, lines).map((variantId) => ({ variantId, quantity: 1 })) });
      expect(cart.subtotal).toEqual(usd(900 * lines));
      // Jobs run beside: the least of three is what the cart costs.
      const tries: number[] = [];
      for (let i = 0; i < 3; i += 1) {
        const spies = [jest.spyOn(shop.db, 'query'), jest.spyOn(shop.db.quick, 'query')];
        await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
        tries.push(spies.reduce((all, { mock }) => all + mock.calls.length, 0));
        for (const spy of spies) spy.mockRestore();
      }
      counts.push(Math.min(...tries));
    }
    expect(counts[0]).toBe(1);
    expect(counts[1]).toBe(1);
  });
});

describe('carts of a shop with 50 promotions', () => {
  let shop: Shop;
  beforeAll(async () => {
    // Without jobs: every statement is one of the request.
    shop = await Shop.start({ env: { JOBS: '0' } });
    const bearer = await shop.staff();
    const combinesWith = ['product', 'order', 'shipping'];
    for (let i = 0; i < 50; i += 1) {
      const kinds: Record<string, unknown>[] = [
        { action: { type: 'percent_off_lines', ratePpm: 10_000 + i } },
        { action: { type: 'amount_off_order', amounts: [usd(100)] }, conditions: { minQuantity: 1 + (i % 7) } },
        { action: { type: 'buy_x_get_y', buyQuantity: 60 + i, getQuantity: 1, ratePpm: 1_000_000 } },
        {
          action: { type: 'tiered', tiers: [{ fromQuantity: 1 + i, ratePpm: 5_000 }] },
          conditions: { countries: ['US'] },
        },
        { action: { type: 'free_shipping' }, conditions: { minSubtotal: [usd(2_000 + i)] }, maxUses: 1_000 },
      ];
      await promote(shop, bearer, { name: `Promotion ${i}`, priority: i, combinesWith, ...kinds[i % 5] });
    }
  });
  afterAll(() => shop?.stop());

  /** Runs something, and counts the statements that come to Postgres meanwhile. */
  async function counted<T>(work: () => Promise<T>): Promise<{ statements: number; result: T }> {
    const query = jest.spyOn(pg.Client.prototype, 'query');
    try {
      const result = await work();
      return { statements: query.mock.calls.length, result };
    } finally {
      query.mockRestore();
    }
  }

  it('cost as many statements for 100 lines as for one: to make, to read, to add to, and to order', async () => {
    const variants: string[] = [];
    for (let i = 0; i < 101; i += 1) variants.push(await shop.product({ stock: 50, price: 1000 }));
    await priceList(shop, { entries: variants.map((variantId) => [variantId, 900] as const) });
    const counts: Record<string, number>[] = [];
    for (const lines of [1, 100]) {
      // What is known of the shop, and prepared on its connections, is so after the first.
      const rounds: Record<string, number>[] = [];
      for (let round = 0; round < 4; round += 1) {
        const body = {
          lines: variants.slice(0, lines).map((variantId) => ({ variantId, quantity: 1 })),
          email: `round-${round}-${lines}@example.com`, shippingAddress: ADDRESS, shippingMethodId: encodeId('shippingMethod', METHOD_ID),
        }; // prettier-ignore
        const made = await counted(() => shop.call('POST', '/v1/carts', { body }));
        expect(made.result.status).toBe(201);
        const { token, ...cart } = made.result.body;
        const { id } = cart;
        const read = await counted(() => shop.call('GET', `/v1/carts/${id}`, { token }));
        expect(read.result.body).toEqual(cart);
        expect(read.result.body.promotions.filter((one: any) => one.applied).length).toBeGreaterThanOrEqual(10);
        expect(read.result.body.discountTotal.amount).toBeGreaterThan(0);
        const line = { variantId: variants[100], quantity: 1 };
        const added = await counted(() => shop.call('POST', `/v1/carts/${id}/lines`, { token, body: line }));
        expect(added.result.status).toBe(201);
        const placed = await counted(() => shop.checkout({ id, token }, { paymentMethod: 'manual' }));
        expect(placed.result.status).toBe(201);
        rounds.push({
          make: made.statements,
          read: read.statements,
          add: added.statements,
          order: placed.statements,
        });
      }
      const least = (what: string) => Math.min(...rounds.map((round) => round[what]!));
      counts.push({ make: least('make'), read: least('read'), add: least('add'), order: least('order') });
    }
    expect(counts[0]!.read).toBe(1);
    // It is answered as it was written.
    expect(counts[0]!.make).toBe(1);
    expect(counts[1]).toEqual(counts[0]);
  });
});
