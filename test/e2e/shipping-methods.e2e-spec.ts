import { decodeId, encodeId } from '#libs/ids';
import { priceIn } from '../support/pricing.js';
import { ADDRESS, METHOD_ID, Shop, ZONE_ID } from '../support/shop.js';

let shop: Shop;
let owner: string;
const ZONE = encodeId('shippingZone', ZONE_ID);
const STANDARD = encodeId('shippingMethod', METHOD_ID);

const admin = (method: string, path: string, body?: unknown, ifMatch?: string | null) =>
  shop.call(method, `/v1/admin/${path}`, {
    bearer: owner,
    ...(body === undefined ? {} : { body }),
    headers: ifMatch ? { 'If-Match': ifMatch } : {},
  });
const outcome = (answer: { status: number; body: { code?: string } }) => [answer.status, answer.body.code];
const usd = (amount: number) => ({ amount, currency: 'USD' });

async function profile(name: string): Promise<string> {
  const made = await admin('POST', 'shipping-profiles', { name });
  expect(made.status).toBe(201);
  return made.body.id;
}
async function method(terms: Record<string, unknown>): Promise<string> {
  const made = await admin('POST', `shipping-zones/${ZONE}/methods`, { name: 'Method', price: usd(0), ...terms });
  expect([made.status, made.body]).toEqual([201, expect.anything()]);
  return made.body.id;
}
async function change(id: string, body: unknown) {
  const path = `shipping-zones/${ZONE}/methods/${id}`;
  return admin('PATCH', path, body, (await admin('GET', path)).headers.get('etag'));
}
/** A variant that weighs 100 g, changed. */
async function variant(over: Record<string, unknown> = {}, price = 1000): Promise<string> {
  const id = await shop.product({ stock: 100, price });
  const product = await productOf(id);
  const path = `products/${product}/variants/${id}`;
  const changed = await admin('PATCH', path, over, (await admin('GET', path)).headers.get('etag'));
  expect(changed.status).toBe(200);
  return id;
}
async function productOf(variantId: string): Promise<string> {
  const [row] = await shop.db.query<{ product_id: string }>(`SELECT product_id FROM variants WHERE id = $1`, [
    decodeId('variant', variantId),
  ]);
  return encodeId('product', row!.product_id);
}
const offered = async (cart: { id: string; token: string }) =>
  Object.fromEntries(
    (await shop.call('GET', `/v1/carts/${cart.id}/shipping-methods`, { token: cart.token })).body.data.map(
      (m: { id: string; price: { amount: number } }) => [m.id, m.price.amount],
    ),
  );
const choose = (cart: { id: string; token: string }, shippingMethodId: string) =>
  shop.call('PATCH', `/v1/carts/${cart.id}`, { token: cart.token, body: { shippingMethodId } });

beforeAll(async () => {
  shop = await Shop.start();
  owner = await shop.staff();
});
afterAll(() => shop?.stop());

describe('shipping methods', () => {
  it('are offered in the currency of the cart: a market has methods of its own, and others do not see them', async () => {
    const eur = (amount: number) => ({ amount, currency: 'EUR' });
    const refused = await admin('POST', `shipping-zones/${ZONE}/methods`, { name: 'Post', price: eur(700) });
    expect(refused).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/price/currency', detail: expect.stringContaining('must be USD:') }] },
    });
    const made = await admin('POST', 'markets', { name: 'Germany', countries: ['DE'], currency: 'EUR', pricesIncludeTax: true }); // prettier-ignore
    expect(made.status).toBe(201);
    const post = await method({ price: eur(700), freeAbove: 5000 });
    const id = await variant();
    await priceIn(shop, id, 'EUR', 2000);
    const cartIn = async (country: string, quantity: number) => {
      const answer = await shop.call('POST', '/v1/carts', {
        headers: { 'X-Country': country },
        body: {
          lines: [{ variantId: id, quantity }],
          email: 'ada@example.com',
          shippingAddress: { ...ADDRESS, country },
        },
      });
      expect(answer.status).toBe(201);
      return answer.body;
    };
    const cart = await cartIn('DE', 1);
    expect(await offered(cart)).toEqual({ [post]: 700 });
    expect(await offered(await cartIn('DE', 3))).toEqual({ [post]: 0 });
    const home = await offered(await cartIn('US', 1));
    expect([home[post], home[STANDARD]]).toEqual([undefined, 500]);
    expect((await choose(cart, STANDARD)).body.issues ?? []).not.toEqual([]);
    expect((await choose(cart, post)).body).toMatchObject({ shippingTotal: eur(700), total: eur(2700), issues: [] });
    expect((await shop.checkout(cart, { paymentMethod: 'manual' })).body.order).toMatchObject({ total: eur(2700) });
    expect((await change(post, { price: { amount: 700, currency: 'GBP' } })).status).toBe(400);
    expect((await change(post, { active: false })).status).toBe(200);
  });

  it('cost by weight what the cart weighs, and are free above an amount; flat ones stay as they were', async () => {
    const weight = await method({
      calculation: 'weight',
      bands: [
        { from: 0, amount: 590 },
        { from: 1000, amount: 900, plus: 100, every: 500 },
      ],
      freeAbove: 20_000,
    });
    const item = await variant({ weightGrams: 400 });
    const cart = await shop.cart([{ variantId: item, quantity: 2 }]);
    expect(await offered(cart)).toMatchObject({ [STANDARD]: 500, [weight]: 590 });
    expect((await choose(cart, weight)).body).toMatchObject({ shippingTotal: usd(590), total: usd(2590), issues: [] });
    const [{ id: lineId }] = (await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token })).body.lines;
    const heavier = await shop.call('PATCH', `/v1/carts/${cart.id}/lines/${lineId}`, {
      token: cart.token,
      body: { quantity: 4 },
    });
    expect(heavier.body).toMatchObject({ shippingTotal: usd(1100), total: usd(5100) });
    const order = await shop.checkout(cart, { paymentMethod: 'manual', expectedTotal: 5100 });
    expect([order.status, order.body.order?.shippingTotal]).toEqual([201, usd(1100)]);
    const rich = await shop.cart([{ variantId: item, quantity: 20 }]);
    expect((await offered(rich))[weight]).toBe(0);
  });

  it('are offered to a cart of several profiles when each of them can go, for the sum', async () => {
    const [bulky, cold] = [await profile('Big things'), await profile('Cold things')];
    const both = await method({
      price: usd(700),
      profileRates: [
        { profileId: bulky, calculation: 'items', bands: [{ from: 1, amount: 4000, plus: 1000, every: 1 }] },
        { profileId: cold, calculation: 'flat', amount: 250 },
      ],
    });
    const freight = await method({
      calculation: 'none',
      profileRates: [{ profileId: bulky, calculation: 'flat', amount: 9000 }],
    });
    const [sofa, ice, mug] = [
      await variant({ shippingProfileId: bulky }),
      await variant({ shippingProfileId: cold }),
      await variant(),
    ];
    const sofas = await shop.cart([{ variantId: sofa, quantity: 2 }]);
    expect(await offered(sofas)).toEqual({ [both]: 5000, [freight]: 9000 });
    const all = await shop.cart([sofa, ice, mug].map((variantId) => ({ variantId, quantity: 1 })));
    expect(await offered(all)).toEqual({ [both]: 700 + 4000 + 250 });
    expect((await choose(all, freight)).body.issues).toEqual([
      expect.objectContaining({ code: 'shipping_method_unavailable', severity: 'blocking' }),
    ]);
    expect(outcome(await shop.checkout(all, { paymentMethod: 'manual' }))).toEqual([422, 'cart_incomplete']);
    expect((await choose(all, both)).body.shippingTotal).toEqual(usd(4950));
    expect((await shop.checkout(all, { paymentMethod: 'manual' })).status).toBe(201);
    // What is used is not deleted.
    const tag = (await admin('GET', `shipping-profiles/${bulky}`)).headers.get('etag');
    expect(outcome(await admin('DELETE', `shipping-profiles/${bulky}`, undefined, tag))).toEqual([
      409,
      'shipping_profile_in_use',
    ]);
  });

  it('leave a cart that chose them when they do not fit any more, and tell staff why', async () => {
    const item = await variant({ weightGrams: 900 });
    const product = await productOf(item);
    const light = await method({ price: usd(300), restrictions: { maxWeight: 1000 } });
    const cart = await shop.cart([{ variantId: item, quantity: 1 }]);
    expect((await choose(cart, light)).body.issues).toEqual([]);
    await shop.call('POST', `/v1/carts/${cart.id}/lines`, {
      token: cart.token,
      body: { variantId: item, quantity: 1 },
    });
    const heavy = await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
    expect(heavy.body).toMatchObject({
      shippingTotal: usd(0),
      issues: [
        {
          code: 'shipping_method_unavailable',
          pointer: '/shippingMethodId',
          detail: 'Method: The goods are too heavy for it.',
        },
      ],
    });
    expect(await offered(cart)).not.toHaveProperty(light);
    await change(light, {
      restrictions: { excludedPostalCodes: ['US:97*'], excludedProductIds: [product], maxSubtotal: 5000 },
    });
    const preview = (postalCode: string, quantity = 1) =>
      admin('POST', 'shipping-previews', {
        lines: [{ variantId: item, quantity }],
        to: { country: 'US', postalCode },
      });
    const ofLight = async (answer: ReturnType<typeof preview>) =>
      (await answer).body.methods.find((m: { id: string }) => m.id === light);
    expect(await ofLight(preview('97205'))).toMatchObject({ available: false, reason: 'postal_code_excluded' });
    expect(await ofLight(preview('10001'))).toMatchObject({
      available: false,
      reason: 'product_excluded',
      price: null,
    });
    await change(light, { restrictions: { maxSubtotal: 5000 } });
    expect(await ofLight(preview('97205', 5))).toMatchObject({ available: true, reason: null, price: usd(300) });
    expect(await ofLight(preview('97205', 6))).toMatchObject({ available: false, reason: 'subtotal_too_high' });
    expect(outcome(await admin('POST', 'shipping-previews', { lines: [], to: { country: 'US' } }))).toEqual([
      400,
      'validation_failed',
    ]);
  });

  it.each([
    [{ calculation: 'weight' }, '/bands', 'required'],
    [
      {
        calculation: 'items',
        bands: [
          { from: 2, amount: 1 },
          { from: 2, amount: 2 },
        ],
      },
      '/bands/1/from',
      'not_ascending',
    ],
    [{ calculation: 'items', bands: [{ from: 0, amount: 1, plus: 5 }] }, '/bands/0/every', 'required'],
    [{ restrictions: { minWeight: 5, maxWeight: 4 } }, '/restrictions/maxWeight', 'too_small'],
    [{ restrictions: { excludedCountries: ['US', 'XX'] } }, '/restrictions/excludedCountries/1', 'unknown_country'],
    [{ restrictions: { excludedPostalCodes: ['9[0-9]'] } }, '/restrictions/excludedPostalCodes/0', 'invalid_item'],
    [{ restrictions: { excludedProductIds: ['x'] } }, '/restrictions/excludedProductIds/0', 'invalid_id'],
    [
      { profileRates: [{ profileId: encodeId('shippingProfile', ZONE_ID), calculation: 'flat' }] },
      '/profileRates/0/profileId',
      'unknown_shipping_profile',
    ],
  ])('are refused with %j', async (terms, pointer, code) => {
    const answer = await admin('POST', `shipping-zones/${ZONE}/methods`, { name: 'M', price: usd(1), ...terms });
    expect(outcome(answer)).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer, code })]);
  });

  it('and variants name only profiles that there are', async () => {
    const id = await shop.product({ stock: 1 });
    const path = `products/${await productOf(id)}/variants/${id}`;
    const body = { shippingProfileId: encodeId('shippingProfile', ZONE_ID) };
    const answer = await admin('PATCH', path, body, (await admin('GET', path)).headers.get('etag'));
    expect(outcome(answer)).toEqual([400, 'validation_failed']);
    expect(answer.body.errors[0]).toMatchObject({ pointer: '/shippingProfileId', code: 'unknown_shipping_profile' });
  });

  it('and profiles are changed with their version, have one name each, and leave traces', async () => {
    const made = await admin('POST', 'shipping-profiles', { name: 'Fragile' });
    expect(outcome(await admin('POST', 'shipping-profiles', { name: 'FRAGILE' }))).toEqual([
      409,
      'shipping_profile_exists',
    ]);
    const path = `shipping-profiles/${made.body.id}`;
    expect(outcome(await admin('PATCH', path, { name: 'Glass' }))).toEqual([428, 'if_match_required']);
    const changed = await admin('PATCH', path, { name: 'Glass' }, made.headers.get('etag'));
    expect([changed.status, changed.body.name]).toEqual([200, 'Glass']);
    expect(outcome(await admin('PATCH', path, { name: 'x' }, made.headers.get('etag')))).toEqual([
      412,
      'version_mismatch',
    ]);
    const audit = await admin('GET', `audit-log?recordId=${made.body.id}`);
    expect(audit.body.data.map((entry: { action: string }) => entry.action)).toEqual(['update', 'insert']);
    expect((await admin('DELETE', path, undefined, changed.headers.get('etag'))).status).toBe(204);
    expect(outcome(await admin('GET', path))).toEqual([404, 'not_found']);
  });
});
