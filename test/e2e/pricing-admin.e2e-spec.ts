import { signUp } from '../support/customers.js';
import { priceIn } from '../support/pricing.js';
import { ADDRESS, Shop } from '../support/shop.js';

const GERMANY = { ...ADDRESS, city: 'Berlin', state: null, postalCode: '10115', country: 'DE' };
const usd = (amount: number) => ({ amount, currency: 'USD' });

describe('markets, tax classes and customer groups', () => {
  let shop: Shop;
  let bearer: string;
  beforeAll(async () => {
    shop = await Shop.start();
    bearer = await shop.staff();
  });
  afterAll(async () => {
    await shop?.stop();
  });

  const admin = (method: string, path: string, body?: unknown, version?: string) =>
    shop.call(method, `/v1/admin${path}`, { body, bearer, ...(version ? { headers: { 'If-Match': version } } : {}) });
  const etagOf = async (path: string) => (await admin('GET', path)).headers.get('etag')!;

  it('makes, changes and deletes markets, each country in one', async () => {
    const made = await admin('POST', '/markets', {
      name: 'Euro zone',
      countries: ['DE', 'FR', 'DE'],
      currency: 'EUR',
      pricesIncludeTax: true,
    });
    expect(made).toMatchObject({
      status: 201,
      body: { countries: ['DE', 'FR'], currency: 'EUR', pricesIncludeTax: true },
    });
    expect(made.headers.get('location')).toBe(`/v1/admin/markets/${made.body.id}`);
    const path = `/markets/${made.body.id}`;
    expect(
      await admin('POST', '/markets', { name: 'Other', countries: ['FR'], currency: 'CHF', pricesIncludeTax: true }),
    ).toMatchObject({
      status: 409,
      body: { code: 'markets_overlap', errors: [{ detail: 'FR is in the market "Euro zone"' }] },
    });
    expect(
      await admin('POST', '/markets', { name: 'Nowhere', countries: ['*'], currency: 'CHF', pricesIncludeTax: true }),
    ).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/countries/0', code: 'unknown_country' }] },
    });
    expect(await admin('PATCH', path, { countries: ['DE'] })).toMatchObject({ status: 428 });
    const changed = await admin('PATCH', path, { countries: ['DE', 'AT'] }, made.headers.get('etag')!);
    expect(changed).toMatchObject({ status: 200, body: { countries: ['DE', 'AT'] } });
    expect(await admin('PATCH', path, { name: 'Late' }, made.headers.get('etag')!)).toMatchObject({ status: 412 });
    const list = await admin('POST', '/price-lists', {
      name: 'For the market',
      currency: 'EUR',
      marketId: made.body.id,
    });
    expect(await admin('DELETE', path, undefined, await etagOf(path))).toMatchObject({
      status: 409,
      body: { code: 'market_in_use' },
    });
    await admin('DELETE', `/price-lists/${list.body.id}`, undefined, list.headers.get('etag')!);
    expect(await admin('DELETE', path, undefined, await etagOf(path))).toMatchObject({ status: 204 });
    expect(await admin('GET', path)).toMatchObject({ status: 404 });
  });

  it('taxes by class: the reduced rate, and the standard one where the class has none', async () => {
    const made = await admin('POST', '/tax-classes', { name: 'Reduced' });
    expect(made).toMatchObject({ status: 201, body: { name: 'Reduced' } });
    const taxClassId = made.body.id;
    expect(await admin('POST', '/tax-classes', { name: 'REDUCED' })).toMatchObject({
      status: 409,
      body: { code: 'tax_class_exists' },
    });
    const standard = { name: 'MwSt.', country: 'DE', ratePpm: 190_000 };
    expect(await admin('POST', '/tax-rates', standard)).toMatchObject({ status: 201, body: { taxClassId: null } });
    const reduced = await admin('POST', '/tax-rates', { ...standard, ratePpm: 70_000, taxClassId });
    expect(reduced).toMatchObject({ status: 201, body: { taxClassId } });
    expect(await admin('POST', '/tax-rates', { ...standard, ratePpm: 70_000, taxClassId })).toMatchObject({
      status: 201,
      body: { id: reduced.body.id },
    });
    expect(await admin('POST', '/tax-rates', { ...standard, ratePpm: 50_000, taxClassId })).toMatchObject({
      status: 409,
    });
    expect(await admin('POST', '/tax-rates', { ...standard, taxClassId: `tcls_${'0'.repeat(26)}` })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/taxClassId' }] },
    });
    const [book, mug] = [
      await shop.product({ stock: 9, price: 1000, handle: 'book' }),
      await shop.product({ stock: 9, price: 1000 }),
    ];
    const product = await shop.call('GET', '/v1/products/book');
    const path = `/products/${product.body.id}`;
    const variant = await admin('PATCH', `${path}/variants/${book}`, { taxClassId }, await etagOf(path));
    expect(variant).toMatchObject({ status: 200, body: { taxClassId } });
    expect(
      await admin('PATCH', `${path}/variants/${book}`, { taxClassId: `tcls_${'0'.repeat(26)}` }, await etagOf(path)),
    ).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/taxClassId', code: 'unknown_tax_class' }] },
    });
    const lines = [
      { variantId: book, quantity: 1 },
      { variantId: mug, quantity: 1 },
    ];
    const cart = await shop.call('POST', '/v1/carts', { body: { lines, shippingAddress: GERMANY } });
    expect(cart.body.lines.map((line: any) => line.taxTotal)).toEqual([usd(70), usd(190)]);
    expect(
      await admin('DELETE', `/tax-classes/${taxClassId}`, undefined, await etagOf(`/tax-classes/${taxClassId}`)),
    ).toMatchObject({
      status: 409,
      body: { code: 'tax_class_in_use' },
    });
    await admin('DELETE', `/tax-rates/${reduced.body.id}`, undefined, reduced.headers.get('etag')!);
    const without = await shop.call('GET', `/v1/carts/${cart.body.id}`, { token: cart.body.token });
    expect(without.body.lines.map((line: any) => line.taxTotal)).toEqual([usd(190), usd(190)]);
    await admin('PATCH', `${path}/variants/${book}`, { taxClassId: null }, await etagOf(path));
    expect(
      await admin('DELETE', `/tax-classes/${taxClassId}`, undefined, await etagOf(`/tax-classes/${taxClassId}`)),
    ).toMatchObject({ status: 204 });
  });

  it('a new product names the tax class and the shipping profile of its variants at once', async () => {
    const taxClassId = (await admin('POST', '/tax-classes', { name: 'Books' })).body.id;
    const shippingProfileId = (await admin('POST', '/shipping-profiles', { name: 'Bulky' })).body.id;
    const of = (names: Record<string, string>) => ({
      title: 'Atlas',
      options: ['Size'],
      variants: [{ options: { Size: 'Small' } }, { options: { Size: 'Large' }, ...names }],
    });
    const made = await admin('POST', '/products', of({ taxClassId, shippingProfileId }));
    expect(made).toMatchObject({
      status: 201,
      body: {
        variants: [
          { taxClassId: null, shippingProfileId: null },
          { taxClassId, shippingProfileId },
        ],
      },
    });
    const unknown = { taxClassId: `tcls_${'0'.repeat(26)}`, shippingProfileId: `sprof_${'0'.repeat(26)}` };
    const refused = await admin('POST', '/products', of(unknown));
    expect([refused.status, refused.body.errors]).toEqual([
      400,
      [
        expect.objectContaining({ pointer: '/variants/1/shippingProfileId', code: 'unknown_shipping_profile' }),
        expect.objectContaining({ pointer: '/variants/1/taxClassId', code: 'unknown_tax_class' }),
      ],
    ]);
    const { body } = await admin('GET', '/products?q=Atlas');
    expect(body.data.map((product: any) => product.id)).toEqual([made.body.id]);
  });

  it('groups customers, and writes down who did it', async () => {
    const made = await admin('POST', '/customer-groups', { name: 'Trade' });
    expect(made).toMatchObject({ status: 201, body: { name: 'Trade' } });
    const path = `/customer-groups/${made.body.id}`;
    expect(await admin('POST', '/customer-groups', { name: 'trade' })).toMatchObject({
      status: 409,
      body: { code: 'customer_group_exists' },
    });
    const renamed = await admin('PATCH', path, { name: 'Wholesale' }, made.headers.get('etag')!);
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Wholesale' } });
    const customer = await signUp(shop, 'buyer@example.com');
    for (let i = 0; i < 2; i += 1)
      expect(await admin('PUT', `${path}/members/${customer.id}`)).toMatchObject({ status: 204 });
    expect(await admin('GET', `${path}/members?include=total`)).toMatchObject({
      status: 200,
      body: { data: [{ customerId: customer.id, email: 'buyer@example.com' }], page: { total: 1 } },
    });
    expect(await admin('PUT', `${path}/members/cus_${'0'.repeat(26)}`)).toMatchObject({ status: 404 });
    expect(await admin('PUT', `/customer-groups/cgrp_${'0'.repeat(26)}/members/${customer.id}`)).toMatchObject({
      status: 404,
    });
    const list = await admin('POST', '/price-lists', {
      name: 'Wholesale',
      currency: 'USD',
      customerGroupId: made.body.id,
    });
    expect(await admin('DELETE', path, undefined, await etagOf(path))).toMatchObject({
      status: 409,
      body: { code: 'customer_group_in_use' },
    });
    await admin('DELETE', `/price-lists/${list.body.id}`, undefined, list.headers.get('etag')!);
    expect(await admin('DELETE', `${path}/members/${customer.id}`)).toMatchObject({ status: 204 });
    expect(await admin('DELETE', `${path}/members/${customer.id}`)).toMatchObject({ status: 404 });
    expect(await admin('DELETE', path, undefined, await etagOf(path))).toMatchObject({ status: 204 });
    const log = await shop.db.query<{ action: string }>(
      `SELECT action FROM audit_log WHERE record_type = 'customer_group_members' ORDER BY id`,
    );
    expect(log.map((row) => row.action)).toEqual(['insert', 'delete']);
    const viewer = await shop.staff('viewer');
    expect(await shop.call('GET', '/v1/admin/customer-groups', { bearer: viewer })).toMatchObject({ status: 200 });
    expect(await shop.call('POST', '/v1/admin/customer-groups', { bearer: viewer, body: { name: 'X' } })).toMatchObject(
      { status: 403 },
    );
  });

  it('exempts customers, and takes VAT numbers that have the form of their country', async () => {
    const customer = await signUp(shop, 'business@example.com');
    const path = `/customers/${customer.id}/tax-status`;
    const before = await admin('GET', path);
    expect(before).toMatchObject({ status: 200, body: { customerId: customer.id, vatNumber: null, taxExempt: false } });
    expect(await admin('PATCH', path, { vatNumber: 'DE12' }, before.headers.get('etag')!)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/vatNumber', code: 'invalid_vat_number' }] },
    });
    const mine = await shop.call('PATCH', '/v1/me', { bearer: customer.bearer, body: { vatNumber: 'atu 123 456 78' } });
    expect(mine).toMatchObject({ status: 200, body: { vatNumber: 'ATU12345678' } });
    expect(await admin('PATCH', path, { taxExempt: true }, before.headers.get('etag')!)).toMatchObject({ status: 412 });
    const exempt = await admin('PATCH', path, { taxExempt: true }, await etagOf(path));
    expect(exempt).toMatchObject({ status: 200, body: { vatNumber: 'ATU12345678', taxExempt: true } });
    const variantId = await shop.product({ stock: 9, price: 1000 });
    await priceIn(shop, variantId, 'EUR', 1190);
    const cart = await shop.call('POST', '/v1/carts', {
      bearer: customer.bearer,
      body: { lines: [{ variantId, quantity: 1 }], shippingAddress: GERMANY },
    });
    expect(cart.body).toMatchObject({ taxExemption: 'exempt', taxTotal: usd(0), total: usd(1000) });
    const [row] = await shop.db.query<{ after: object }>(
      `SELECT after FROM audit_log WHERE record_type = 'customers' ORDER BY id DESC LIMIT 1`,
    );
    expect(row!.after).toEqual({ tax_exempt: true });
    expect(await admin('GET', `/customers/cus_${'0'.repeat(26)}/tax-status`)).toMatchObject({ status: 404 });
  });

  it('says where the shop is taxed', async () => {
    const changed = await admin('PATCH', '/settings', { country: 'DE' }, await etagOf('/settings'));
    expect(changed).toMatchObject({ status: 200, body: { country: 'DE' } });
    expect(await admin('PATCH', '/settings', { country: 'XX' }, await etagOf('/settings'))).toMatchObject({
      status: 400,
    });
  });
});
