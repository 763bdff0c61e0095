import { decodeId } from '#libs/ids';
import { ListedSales } from '../../src/modules/catalog/price-lists/listed-sales.js';
import { ProductListings } from '../../src/modules/catalog/index.js';
import { signUp } from '../support/customers.js';
import { market, priceIn, taxRate } from '../support/pricing.js';
import { Shop } from '../support/shop.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

describe('prices of the catalog', () => {
  let shop: Shop;
  let bearer: string;
  beforeAll(async () => {
    shop = await Shop.start();
    bearer = await shop.staff('manager');
  });
  afterAll(async () => {
    await shop?.stop();
  });

  const admin = (method: string, path: string, body?: unknown, version?: string) =>
    shop.call(method, `/v1/admin${path}`, { body, bearer, ...(version ? { headers: { 'If-Match': version } } : {}) });
  const makeList = async (body: Record<string, unknown>, entries: unknown[] = []) => {
    const made = await admin('POST', '/price-lists', { name: 'Sale', currency: 'USD', ...body });
    expect(made).toMatchObject({ status: 201, body: { name: 'Sale', active: true } });
    if (entries.length > 0) {
      const put = await admin('PUT', `/price-lists/${made.body.id}/entries`, { entries }, made.headers.get('etag')!);
      expect(put).toMatchObject({ status: 200, body: { written: entries.length, removed: 0, unchanged: 0 } });
    }
    return made.body.id as string;
  };
  const product = async (price: number) => {
    const handle = `listed-${price}-${Math.random().toString(36).slice(2, 10)}`;
    return { handle, variantId: await shop.product({ stock: 10, price, handle }) };
  };
  const page = async (handle: string, headers: Record<string, string> = {}) =>
    (await shop.call('GET', `/v1/products/${handle}`, { headers })).body;
  const card = async (handle: string) => {
    const list = await shop.call('GET', '/v1/products?sort=price&limit=100');
    return list.body.data.find((one: { handle: string }) => one.handle === handle);
  };
  const etagOf = async (path: string) => (await admin('GET', path)).headers.get('etag')!;
  /** Makes what is known of a product older than it is. */
  const age = (variantId: string, days: number) =>
    shop.db.query(
      `UPDATE price_history SET started_at = started_at - make_interval(days => $2) WHERE variant_id = $1`,
      [decodeId('variant', variantId), days],
    );

  it('shows a sale for everybody in lists, sorted and filtered by it, on the page, with the lowest price of 30 days', async () => {
    const { handle, variantId } = await product(77_000);
    expect(await card(handle)).not.toHaveProperty('compareAt');
    const id = await makeList({}, [{ variantId, amount: 55_000 }]);
    const shown = { compareAt: usd(77_000), lowestPrice30Days: usd(77_000) };
    expect(await card(handle)).toMatchObject({ priceRange: { min: usd(55_000), max: usd(55_000) }, ...shown });
    expect((await page(handle)).variants[0]).toMatchObject({ price: usd(55_000), ...shown });
    const found = await shop.call('GET', '/v1/products?price[gte]=54000&price[lte]=56000');
    expect(found.body.data.map((one: { handle: string }) => one.handle)).toEqual([handle]);
    const facets = await shop.call('GET', '/v1/products/facets?price[gte]=54000&price[lte]=56000');
    const prices = facets.body.data.find((one: { key: string }) => one.key === 'price');
    expect(prices.values).toContainEqual({ value: '50000-99999', label: '50000-99999', count: 1 });
    await admin('PATCH', `/price-lists/${id}`, { active: false }, await etagOf(`/price-lists/${id}`));
    expect((await card(handle)).priceRange.min).toEqual(usd(77_000));
    expect(await card(handle)).not.toHaveProperty('lowestPrice30Days');
  });

  it('begins and ends a sale at its time, in lists by a job, in carts at once', async () => {
    const { handle, variantId } = await product(4000);
    const id = await makeList({ startsAt: soon(3_600_000), endsAt: soon(7_200_000) }, [{ variantId, amount: 3000 }]);
    const settle = () => shop.app.get(ListedSales, { strict: false }).settle();
    await settle();
    expect((await card(handle)).priceRange.min).toEqual(usd(4000));
    await shop.db.query(`UPDATE price_lists SET starts_at = now() - interval '1 second' WHERE id = $1`, [
      decodeId('priceList', id),
    ]);
    const cart = await shop.call('POST', '/v1/carts', { body: { lines: [{ variantId, quantity: 1 }] } });
    expect(cart.body.lines[0]).toMatchObject({ unitPrice: usd(3000), lowestPrice30Days: usd(4000) });
    expect(await settle()).toBe(1);
    expect(await card(handle)).toMatchObject({ priceRange: { min: usd(3000) }, compareAt: usd(4000) });
    expect(await settle()).toBe(0);
    await shop.db.query(`UPDATE price_lists SET ends_at = now() - interval '1 ms' WHERE id = $1`, [
      decodeId('priceList', id),
    ]);
    expect(await settle()).toBe(1);
    expect((await card(handle)).priceRange.min).toEqual(usd(4000));
    const [job] = await shop.db.query(`SELECT 1 FROM jobs WHERE name = 'catalog.settle-sales'`);
    expect(job).toBeDefined();
  });

  it('compares with the lowest price of the 30 days before, not with one of longer ago or of the sale itself', async () => {
    const { handle, variantId } = await product(9000);
    const id = await makeList({}, [{ variantId, amount: 5000 }]);
    const list = `/price-lists/${id}`;
    const put = async (amount: number | null) =>
      admin('PUT', `${list}/entries`, { entries: [{ variantId, amount }] }, await etagOf(list));
    await put(null);
    await age(variantId, 20);
    await put(6000);
    expect((await page(handle)).variants[0]).toMatchObject({
      price: usd(6000),
      compareAt: usd(9000),
      lowestPrice30Days: usd(5000),
    });
    await put(5500);
    expect((await page(handle)).variants[0]).toMatchObject({ price: usd(5500), lowestPrice30Days: usd(5000) });
    await put(null);
    await age(variantId, 40);
    await put(7000);
    expect((await page(handle)).variants[0]).toMatchObject({
      price: usd(7000),
      compareAt: usd(9000),
      lowestPrice30Days: usd(9000),
    });
    const cart = await shop.call('POST', '/v1/carts', { body: { lines: [{ variantId, quantity: 1 }] } });
    expect(cart.body.lines[0]).toMatchObject({
      unitPrice: usd(7000),
      compareAt: usd(9000),
      lowestPrice30Days: usd(9000),
    });
  });

  it('writes a price down once for each change, whatever is rebuilt', async () => {
    const { variantId } = await product(1234);
    const rows = () =>
      shop.db.query(`SELECT amount, compare_at, lowest FROM price_history WHERE variant_id = $1 ORDER BY id`, [
        decodeId('variant', variantId),
      ]);
    const [variant] = await shop.db.query<{ product_id: string }>(`SELECT product_id FROM variants WHERE id = $1`, [
      decodeId('variant', variantId),
    ]);
    const refresh = () =>
      shop.db.transaction((tx) => shop.app.get(ProductListings, { strict: false }).refresh(tx, [variant!.product_id]));
    await refresh();
    expect(await rows()).toEqual([{ amount: 1234, compare_at: null, lowest: null }]);
    await Promise.all([refresh(), refresh(), priceIn(shop, variantId, 'USD', 1000)]);
    await refresh();
    await refresh();
    expect(await rows()).toEqual([
      { amount: 1234, compare_at: null, lowest: null },
      { amount: 1000, compare_at: null, lowest: null },
    ]);
  });

  it('shows tiers to everybody, prices of groups and markets to those whom they are for', async () => {
    const marketId = await market(shop, { countries: ['GB'], currency: 'USD', taxIncluded: true });
    const group = await admin('POST', '/customer-groups', { name: 'Cafés' });
    const customer = await signUp(shop, 'cafe@example.com');
    await admin('PUT', `/customer-groups/${group.body.id}/members/${customer.id}`);
    const { handle, variantId } = await product(2000);
    await makeList({}, [
      { variantId, amount: 1800, minQuantity: 10 },
      { variantId, amount: 1900, minQuantity: 20 },
    ]);
    await makeList({ customerGroupId: group.body.id }, [{ variantId, amount: 1500 }]);
    await makeList({ marketId }, [{ variantId, amount: 1700 }]);
    expect((await page(handle)).variants[0]).toMatchObject({
      price: usd(2000),
      tiers: [{ minQuantity: 10, price: usd(1800) }],
    });
    const prices = async (options: { bearer?: string; headers?: Record<string, string> } = {}) => {
      const answer = await shop.call('GET', `/v1/products/${handle}/prices`, options);
      expect(answer.headers.get('cache-control')).toBe('private, no-store');
      return answer.body.data[0].prices.map((one: any) => [
        one.minQuantity,
        one.price.amount,
        one.priceList,
        one.compareAt?.amount,
      ]);
    };
    expect(await prices()).toEqual([
      [1, 2000, null, undefined],
      [10, 1800, 'Sale', 2000],
    ]);
    expect(await prices({ bearer: customer.bearer })).toEqual([[1, 1500, 'Sale', 2000]]);
    expect(await prices({ headers: { 'X-Country': 'GB' } })).toEqual([[1, 1700, 'Sale', 2000]]);
    expect(await shop.call('GET', '/v1/products/nothing-of-the-kind/prices')).toMatchObject({ status: 404 });
  });

  it('shows the lowest price of 30 days beside every reduced price, in every list', async () => {
    const word = `reduced${Math.random().toString(36).slice(2, 8)}`;
    const owner = await shop.staff();
    const category = await shop.call('POST', '/v1/admin/categories', {
      bearer: owner,
      body: { title: `C ${word}`, handle: word },
    });
    expect(category.status).toBe(201);
    // One is reduced by a price list, one by what staff compare its price with.
    const makes = [{ amount: 9100 }, { amount: 5100, compareAt: 8100 }];
    const made: any[] = [];
    for (const [i, price] of makes.entries()) {
      const answer = await shop.call('POST', '/v1/admin/products', {
        bearer: owner,
        body: {
          title: `${word} ${i}`, handle: `${word}-${i}`, status: 'active', categoryIds: [category.body.id],
          variants: [{ prices: [{ currency: 'USD', ...price }], trackInventory: false }],
        },
      }); // prettier-ignore
      expect(answer).toMatchObject({ status: 201 });
      made.push(answer.body);
    }
    const collection = await shop.call('POST', '/v1/admin/collections', {
      bearer: owner,
      body: { title: word, handle: word, status: 'active' },
    });
    expect(collection).toMatchObject({ status: 201 });
    const filled = await shop.call('PUT', `/v1/admin/collections/${collection.body.id}/products`, {
      bearer: owner,
      headers: { 'If-Match': collection.headers.get('etag')! },
      body: { productIds: made.map(({ id }) => id) },
    });
    expect(filled.status).toBe(200);
    await makeList({}, [{ variantId: made[0].variants[0].id, amount: 7100 }]);
    const expected = [
      [`${word}-0`, 9100, 9100],
      [`${word}-1`, 8100, 5100],
    ];
    const lists = [
      `/v1/products?q=${word}`,
      `/v1/products?category=${word}`,
      `/v1/products?category=${word}&sort=price`,
      `/v1/products?category=${word}&sort=-price`,
      `/v1/products?category=${word}&sort=-createdAt`,
      `/v1/collections/${word}/products`,
      `/v1/products/${word}-0/related`,
    ];
    for (const path of lists) {
      const { status, body } = await shop.call('GET', path);
      const cards = body.data.map((one: any) => [one.handle, one.compareAt?.amount, one.lowestPrice30Days?.amount]);
      const wanted = path.endsWith('/related') ? expected.slice(1) : expected;
      expect([path, status, cards.sort()]).toEqual([path, 200, wanted]);
    }
    for (const [handle, compareAt, lowest] of expected) {
      const shown = { compareAt: usd(compareAt as number), lowestPrice30Days: usd(lowest as number) };
      const { variants } = await page(handle as string);
      expect(variants[0]).toMatchObject(shown);
      const prices = await shop.call('GET', `/v1/products/${handle}/prices`);
      expect(prices.body.data[0].prices[0]).toMatchObject(shown);
      const cart = await shop.call('POST', '/v1/carts', {
        body: { lines: [{ variantId: variants[0].id, quantity: 1 }] },
      });
      expect(cart.body.lines[0]).toMatchObject(shown);
    }
  });

  it('shows what is for one market only to carts and price queries of it: lists, pages, facets and sorting are for all', async () => {
    const marketId = await market(shop, { countries: ['FR'], currency: 'USD', taxIncluded: true });
    const headers = { 'X-Country': 'FR' };
    const [cheap, dear] = [await product(61_000), await product(62_000)];
    await makeList({ marketId }, [{ variantId: dear.variantId, amount: 60_000 }]);
    const list = await shop.call('GET', '/v1/products?price[gte]=59500&price[lte]=62500&sort=price', { headers });
    expect(list.body.data.map((one: any) => [one.handle, one.priceRange.min.amount])).toEqual([
      [cheap.handle, 61_000],
      [dear.handle, 62_000],
    ]);
    expect((await page(dear.handle, headers)).variants[0].price).toEqual(usd(62_000));
    const facets = await shop.call('GET', '/v1/products/facets?price[gte]=59500&price[lte]=60500', { headers });
    expect(facets.body.data.find((one: any) => one.key === 'vendor')?.values ?? []).toEqual([]);
    const prices = async (country: string) => {
      const answer = await shop.call('GET', `/v1/products/${dear.handle}/prices`, {
        headers: { 'X-Country': country },
      });
      return answer.body.data[0].prices[0].price.amount;
    };
    expect([await prices('FR'), await prices('US')]).toEqual([60_000, 62_000]);
    const cart = await shop.call('POST', '/v1/carts', {
      headers,
      body: { lines: [{ variantId: dear.variantId, quantity: 1 }] },
    });
    expect(cart.body.lines[0]).toMatchObject({ unitPrice: usd(60_000), compareAt: usd(62_000) });
  });

  it('shows the market of the country: its currency and whether the tax is in the price, cached by country', async () => {
    await market(shop, { countries: ['DE'], currency: 'EUR', taxIncluded: true });
    await taxRate(shop, 'DE', 190_000);
    const { handle, variantId } = await product(3000);
    const owner = await shop.staff();
    const [id] = (await page(handle)).variants.map((one: { id: string }) => one.id);
    const productId = (await page(handle)).id;
    const stored = await shop.call('GET', `/v1/admin/products/${productId}`, { bearer: owner });
    const changed = await shop.call('PATCH', `/v1/admin/products/${productId}/variants/${id}`, {
      bearer: owner,
      headers: { 'If-Match': stored.headers.get('etag')! },
      body: {
        prices: [
          { amount: 3000, currency: 'USD' },
          { amount: 3570, currency: 'EUR' },
        ],
      },
    });
    expect(changed).toMatchObject({ status: 200 });
    const german = await shop.call('GET', `/v1/products/${handle}`, { headers: { 'X-Country': 'DE' } });
    expect(german.body).toMatchObject({ taxIncluded: true, variants: [{ price: { amount: 3570, currency: 'EUR' } }] });
    expect(german.headers.get('vary')).toContain('X-Country');
    expect(german.headers.get('cache-control')).toContain('public');
    const american = await shop.call('GET', `/v1/products/${handle}`);
    expect(american.body).toMatchObject({ taxIncluded: false, variants: [{ price: usd(3000) }] });
    expect(american.headers.get('etag')).not.toBe(german.headers.get('etag'));
    const list = await shop.call('GET', '/v1/products', { headers: { 'X-Country': 'DE' } });
    expect(list.body.data.map((one: any) => one.priceRange.min.currency)).toEqual(['EUR']);
    const markets = await shop.call('GET', '/v1/markets');
    expect(markets.body.data).toContainEqual(
      expect.objectContaining({ countries: ['DE'], currency: 'EUR', taxIncluded: true }),
    );
    expect(markets.body.data[0]).toMatchObject({ id: null, currency: 'USD', taxIncluded: false });
    expect(await shop.call('GET', '/v1/products', { headers: { 'X-Country': 'Mars' } })).toMatchObject({
      status: 400,
      body: { code: 'invalid_header', errors: [{ pointer: 'X-Country' }] },
    });
    expect(decodeId('variant', variantId)).toBeTruthy();
  });

  it('changes price lists with care: versions, names of what is wrong, the same again, deletion', async () => {
    const { handle, variantId } = await product(8000);
    const id = await makeList({}, [{ variantId, amount: 6000 }]);
    const list = `/price-lists/${id}`;
    expect(await admin('PUT', `${list}/entries`, { entries: [] }, '"1"')).toMatchObject({ status: 400 });
    expect(await admin('PUT', `${list}/entries`, { entries: [{ variantId, amount: 1 }] })).toMatchObject({
      status: 428,
    });
    expect(await admin('PUT', `${list}/entries`, { entries: [{ variantId, amount: 1 }] }, '"99"')).toMatchObject({
      status: 412,
    });
    const same = await admin('PUT', `${list}/entries`, { entries: [{ variantId, amount: 6000 }] }, await etagOf(list));
    expect(same).toMatchObject({ status: 200, body: { written: 0, removed: 0, unchanged: 1 } });
    expect(same.headers.get('etag')).toBe(await etagOf(list));
    const wrong = await admin(
      'PUT',
      `${list}/entries`,
      {
        entries: [
          { variantId, amount: 1 },
          { variantId: `var_${'0'.repeat(26)}`, amount: 1 },
        ],
      },
      await etagOf(list),
    );
    expect(wrong).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/entries/1/variantId', code: 'unknown_variant' }] },
    });
    const twice = await admin(
      'PUT',
      `${list}/entries`,
      {
        entries: [
          { variantId, amount: 1 },
          { variantId, amount: 2 },
        ],
      },
      await etagOf(list),
    );
    expect(twice).toMatchObject({ status: 400, body: { errors: [{ pointer: '/entries/1', code: 'repeated' }] } });
    expect(await admin('GET', `${list}/entries?include=total`)).toMatchObject({
      status: 200,
      body: { data: [{ variantId, minQuantity: 1, price: usd(6000) }], page: { total: 1 } },
    });
    const early = await admin('PATCH', list, { startsAt: '2026-05-02', endsAt: '2026-05-01' }, await etagOf(list));
    expect(early).toMatchObject({ status: 400, body: { errors: [{ pointer: '/endsAt' }] } });
    const nobody = await admin('PATCH', list, { customerGroupId: `cgrp_${'0'.repeat(26)}` }, await etagOf(list));
    expect(nobody).toMatchObject({ status: 400, body: { errors: [{ pointer: '/customerGroupId' }] } });
    expect(await admin('DELETE', list, undefined, await etagOf(list))).toMatchObject({ status: 204 });
    expect(await admin('GET', list)).toMatchObject({ status: 404, body: { code: 'price_list_not_found' } });
    expect((await card(handle)).priceRange.min).toEqual(usd(8000));
    await shop.app.get(ListedSales, { strict: false }).settle();
    expect(await shop.db.query(`SELECT 1 FROM price_lists WHERE id = $1`, [decodeId('priceList', id)])).toEqual([]);
  });
});
