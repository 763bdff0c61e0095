import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../src/db/seed/index.js';
import { seedDemoShop } from '../../src/db/seed/seed-demo-shop.js';
import { DEMO_PRODUCTS } from '../../src/db/seed/products/index.js';
import { ADDRESS, Shop } from '../support/shop.js';

let shop: Shop;
const seedAll = (target: Shop) => seedDemoShop(target.app, target.config);
/** As a fresh shop is: without what the test shop comes with. */
async function freshShop(env: Record<string, string> = {}): Promise<Shop> {
  const fresh = await Shop.start({ stripe: false, env });
  await fresh.db.query('DELETE FROM shipping_zones');
  return fresh;
}

beforeAll(async () => {
  shop = await freshShop();
});
afterAll(() => shop?.stop());

it('is seeded once, quickly, even by two processes at the same time', async () => {
  const startedAt = performance.now();
  const both = await Promise.all([seedAll(shop), seedAll(shop)]);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  expect(both.filter(Boolean)).toEqual([{ products: DEMO_PRODUCTS.length }]);
  expect(await seedAll(shop)).toBeNull();
  const [counts] = await shop.db.query(
    `SELECT (SELECT count(*)::int FROM products) AS products, (SELECT count(*)::int FROM product_listings) AS listed,
       (SELECT name FROM shop_settings) AS name, (SELECT count(*)::int FROM shipping_methods) AS methods`,
  );
  expect(counts).toEqual({ products: 64, listed: 3 * 64, name: 'Emporium Demo', methods: 11 });
});

it('has the ids that the documentation uses', async () => {
  const get = async (path: string) => (await shop.call('GET', path)).body;
  expect(await get(`/v1/products/${WELL_KNOWN.productId}`)).toMatchObject({
    handle: WELL_KNOWN.productHandle,
    images: [{ id: WELL_KNOWN.imageId }],
    categories: [{ id: WELL_KNOWN.categoryId, handle: WELL_KNOWN.categoryHandle }],
    variants: [{ id: WELL_KNOWN.variantId, stock: 'in_stock' }],
  });
  expect(await get(`/v1/products/${WELL_KNOWN.secondProductHandle}`)).toMatchObject({
    id: WELL_KNOWN.secondProductId,
    variants: [{ id: WELL_KNOWN.secondVariantId, available: true }],
  });
  expect((await get(`/v1/products/${WELL_KNOWN.optionProductHandle}`)).variants[0]).toMatchObject({
    id: WELL_KNOWN.optionVariantId,
    options: { Color: 'White', Size: 'S' },
  });
  expect((await get(`/v1/categories/${WELL_KNOWN.categoryHandle}`)).id).toBe(WELL_KNOWN.categoryId);
  const owner = await shop.staff();
  const exists = async (path: string) => (await shop.call('GET', `/v1/admin/${path}`, { bearer: owner })).status;
  expect(await exists(`shipping-zones/${WELL_KNOWN.shippingZoneId}`)).toBe(200);
  expect(await exists(`tax-rates/${WELL_KNOWN.taxRateId}`)).toBe(200);
  expect(await exists(`tax-classes/${WELL_KNOWN.taxClassId}`)).toBe(200);
  expect(await exists(`markets/${WELL_KNOWN.marketId}`)).toBe(200);
  expect(await exists(`price-lists/${WELL_KNOWN.priceListId}/entries`)).toBe(200);
  expect(await exists(`customer-groups/${WELL_KNOWN.customerGroupId}`)).toBe(200);
  expect(await exists(`shipping-profiles/${WELL_KNOWN.shippingProfileId}`)).toBe(200);
  expect(await exists(`gift-cards/${WELL_KNOWN.giftCardId}`)).toBe(200);
  const members = `customer-groups/${WELL_KNOWN.customerGroupId}/members`;
  expect((await shop.call('GET', `/v1/admin/${members}`, { bearer: owner })).body.data).toMatchObject([
    { customerId: WELL_KNOWN.customerId, email: 'mary.somerville@example.com' },
  ]);
  expect(await exists(`customers/${WELL_KNOWN.customerId}`)).toBe(200);
  const files = `products/${WELL_KNOWN.digitalProductId}/variants/${WELL_KNOWN.digitalVariantId}/files`;
  expect((await shop.call('GET', `/v1/admin/${files}`, { bearer: owner })).body.data).toEqual([
    expect.objectContaining({ name: `${WELL_KNOWN.digitalProductHandle}.pdf` }),
  ]);
});

it('shows a sale, two markets with the tax in their prices, and books at a reduced rate', async () => {
  const lamp = (await shop.call('GET', '/v1/products/brass-desk-lamp')).body.variants[0];
  expect(lamp.compareAt.amount).toBeGreaterThan(lamp.price.amount);
  expect(lamp.lowestPrice30Days).toBeDefined();
  const british = await shop.call('GET', '/v1/products/brass-desk-lamp', { headers: { 'X-Country': 'GB' } });
  expect(british.body).toMatchObject({ taxIncluded: true, variants: [{ price: { currency: 'GBP' } }] });
  const books = await shop.call('GET', '/v1/products?category=fiction', { headers: { 'X-Country': 'DE' } });
  const { body: book } = await shop.call('GET', `/v1/products/${books.body.data[0].handle}`, {
    headers: { 'X-Country': 'DE' },
  });
  const { body: cart } = await shop.call('POST', '/v1/carts', {
    headers: { 'X-Country': 'DE' },
    body: {
      lines: [{ variantId: book.variants[0].id, quantity: 1 }],
      shippingAddress: { ...ADDRESS, country: 'DE', state: null },
    },
  });
  const price = book.variants[0].price.amount;
  expect(cart).toMatchObject({ currency: 'EUR', taxIncluded: true, total: { amount: price } });
  expect(cart.taxTotal.amount).toBe(Math.round((price * 7) / 107));
  const methods = await shop.call('GET', `/v1/carts/${cart.id}/shipping-methods`, { token: cart.token });
  expect(methods.body.data.map((method: any) => method.price.currency)).toEqual(['EUR', 'EUR']);
});

it('sells gift cards, which ship nothing, are not taxed and cost the same with every code', async () => {
  const { body: cart } = await shop.call('POST', '/v1/carts', {
    body: {
      lines: [{ variantId: WELL_KNOWN.giftCardVariantId, quantity: 2 }],
      shippingAddress: ADDRESS,
      promotionCodes: [WELL_KNOWN.promotionCode],
    },
  });
  expect(cart).toMatchObject({
    requiresShipping: false,
    total: { amount: 5000 },
    discountTotal: { amount: 0 },
    taxTotal: { amount: 0 },
  });
});

it('shows collections, by hand and by rule, and what people say', async () => {
  const cards = async (handle: string) => (await shop.call('GET', `/v1/collections/${handle}/products`)).body.data;
  expect((await cards(WELL_KNOWN.collectionHandle)).map((card: any) => card.handle).slice(0, 2)).toEqual([
    WELL_KNOWN.productHandle,
    WELL_KNOWN.secondProductHandle,
  ]);
  const gifts = await cards('gifts-under-30');
  expect(gifts.length).toBeGreaterThan(10);
  expect(gifts.every((card: any) => card.priceRange.min.amount <= 3000)).toBe(true);
  expect((await shop.call('GET', `/v1/products/${WELL_KNOWN.productHandle}`)).body.rating).toEqual({
    average: 4.5,
    count: 2,
  });
  const review = await shop.call('GET', `/v1/admin/reviews/${WELL_KNOWN.reviewId}`, { bearer: await shop.staff() });
  expect(review.body.status).toBe('pending');
});

it('shows a bundle, which is there as long as its parts are', async () => {
  const { body } = await shop.call('GET', `/v1/products/${WELL_KNOWN.bundleProductHandle}`);
  expect(body).toMatchObject({ id: WELL_KNOWN.bundleProductId, available: true });
  expect(body.variants).toMatchObject([
    {
      id: WELL_KNOWN.bundleVariantId,
      stock: 'in_stock',
      parts: [
        { variantId: WELL_KNOWN.secondVariantId, quantity: 1 },
        { variantId: WELL_KNOWN.variantId, quantity: 2 },
      ],
    },
  ]);
});

it('gives off: a code, three notebooks for two, and shipping above an amount', async () => {
  const [notebook] = await shop.db.query<{ id: string; amount: number }>(
    `SELECT v.id, pr.amount FROM categories c JOIN product_categories pc ON pc.category_id = c.id
       JOIN variants v ON v.product_id = pc.product_id JOIN prices pr ON pr.variant_id = v.id
     WHERE c.handle = 'notebooks' AND pr.currency = 'USD' ORDER BY v.id LIMIT 1`,
  );
  const cartOf = async (lines: { variantId: string; quantity: number }[]) =>
    (
      await shop.call('POST', '/v1/carts', {
        body: { lines, shippingAddress: ADDRESS, shippingMethodId: WELL_KNOWN.shippingMethodId },
      })
    ).body;
  const three = await cartOf([{ variantId: encodeId('variant', notebook!.id), quantity: 3 }]);
  expect(three.discountTotal.amount).toBe(notebook!.amount);
  const few = await cartOf([{ variantId: WELL_KNOWN.variantId, quantity: 2 }]);
  expect([few.discountTotal.amount, few.shippingTotal.amount]).toEqual([0, 590]);
  expect(few.promotions).toMatchObject([{ name: 'Free standard shipping', reason: 'subtotal_too_low' }]);
  const many = await cartOf([{ variantId: WELL_KNOWN.variantId, quantity: 20 }]);
  expect(many.shippingTotal.amount).toBe(0);
  const { body: welcome } = await shop.call('POST', `/v1/carts/${few.id}/promotions`, {
    token: few.token,
    body: { code: WELL_KNOWN.promotionCode.toLowerCase() },
  });
  expect(welcome.discountTotal.amount).toBe(Math.round(few.subtotal.amount / 10));
  const promotion = await shop.call('GET', `/v1/admin/promotions/${WELL_KNOWN.promotionId}`, {
    bearer: await shop.staff(),
  });
  expect(promotion.body).toMatchObject({ status: 'active', method: 'code', maxUsesPerCustomer: 1 });
});

it('sells: the examples make a cart with tax and a choice of shipping', async () => {
  const { body: cart } = await shop.call('POST', '/v1/carts', {
    body: {
      lines: [{ variantId: WELL_KNOWN.variantId, quantity: 2 }],
      email: 'ada@example.com',
      shippingAddress: ADDRESS,
      shippingMethodId: WELL_KNOWN.shippingMethodId,
    },
  });
  expect(cart).toMatchObject({
    subtotal: { amount: 2900, currency: 'USD' },
    shippingTotal: { amount: 590 },
    taxTotal: { amount: 239 },
    issues: [],
  });
  const methods = await shop.call('GET', `/v1/carts/${cart.id}/shipping-methods`, { token: cart.token });
  expect(methods.body.data.map((method: any) => [method.id, method.price.amount])).toEqual([
    [WELL_KNOWN.shippingMethodId, 590],
    [WELL_KNOWN.expressShippingMethodId, 1490],
    [expect.stringMatching(/^ship_/), 390],
  ]);
  const rich = await shop.call('POST', '/v1/carts', {
    body: { lines: [{ variantId: WELL_KNOWN.variantId, quantity: 11 }], shippingAddress: ADDRESS },
  });
  const free = await shop.call('GET', `/v1/carts/${rich.body.id}/shipping-methods`, { token: rich.body.token });
  expect(free.body.data.map((method: any) => method.price.amount)).toEqual([0, 1490, 0]);
});

it('shows every state of stock', async () => {
  const states = await shop.db.query<{ state: string }>(
    `SELECT DISTINCT CASE WHEN NOT v.track_inventory THEN 'untracked' WHEN v.allow_backorder AND s.on_hand = 0 THEN 'backorder'
       WHEN s.on_hand = 0 THEN 'sold out' WHEN s.on_hand <= 5 THEN 'low' ELSE 'in stock' END AS state
     FROM variants v LEFT JOIN stock_levels s ON s.variant_id = v.id ORDER BY 1`,
  );
  expect(states.map((row) => row.state)).toEqual(['backorder', 'in stock', 'low', 'sold out', 'untracked']);
  const dear = await shop.db.query('SELECT FROM prices WHERE compare_at <= amount');
  expect(dear).toEqual([]);
});

it('has a picture of its own for each product, which caches keep', async () => {
  const seen = new Set<string>();
  for (const { handle, title } of DEMO_PRODUCTS) {
    const { status, headers, body } = await shop.call('GET', `/media/demo/${handle}.svg`);
    expect([status, headers.get('content-type')]).toEqual([200, 'image/svg+xml; charset=utf-8']);
    expect(body).toContain(title.replaceAll('&', '&amp;'));
    expect(body).not.toMatch(/<script|undefined|NaN/);
    seen.add(body);
  }
  expect(seen.size).toBe(DEMO_PRODUCTS.length);
  const { thumbnail } = (await shop.call('GET', `/v1/products/${WELL_KNOWN.productHandle}`)).body;
  expect(new URL(thumbnail).pathname).toBe(`/media/demo/${WELL_KNOWN.productHandle}.svg`);

  const first = await shop.call('GET', new URL(thumbnail).pathname);
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'cache-control': 'public, max-age=604800',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  });
  const again = await shop.call('GET', new URL(thumbnail).pathname, {
    headers: { 'If-None-Match': first.headers.get('etag')! },
  });
  expect([again.status, again.body]).toEqual([304, '']);
  expect((await shop.call('GET', '/media/demo/..%2F..%2Fetc%2Fpasswd')).status).toBe(404);
  expect((await shop.call('GET', '/media/demo/nothing.svg')).body.code).toBe('not_found');
});

it.each([
  ['JPY', 1450, 590],
  ['KWD', 14_500, 5_900],
])('has prices that make sense in %s', async (currency, coffee, shipping) => {
  const other = await freshShop({ CURRENCY: currency });
  try {
    await seedAll(other);
    const { variants } = (await other.call('GET', `/v1/products/${WELL_KNOWN.productHandle}`)).body;
    expect(variants[0].price).toEqual({ amount: coffee, currency });
    const [method] = await other.db.query(
      'SELECT amount, currency FROM shipping_methods WHERE currency = $1 AND calculation = $2 ORDER BY amount LIMIT 1',
      [currency, 'flat'],
    );
    expect(method).toEqual({ amount: shipping, currency });
  } finally {
    await other.stop();
  }
});
