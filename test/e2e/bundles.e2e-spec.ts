import { decodeId, encodeId, newUuid } from '#libs/ids';
import { type Bundle, bundleOf, placeOf, setParts } from '../support/bundles.js';
import { Shop } from '../support/shop.js';

let shop: Shop;
let bearer: string;
beforeAll(async () => {
  shop = await Shop.start();
  bearer = await shop.staff();
});
afterEach(() => shop.settleUp());
afterAll(async () => {
  await shop?.stop();
});

const page = async (bundle: Bundle) => (await shop.call('GET', `/v1/products/${bundle.productId}`)).body;
const shown = async (bundle: Bundle) => {
  const { variants, available } = await page(bundle);
  const { body } = await shop.call('GET', '/v1/products?inStock=true&limit=100');
  const isListed = body.data.some((card: { id: string }) => card.id === bundle.productId);
  return [available, variants[0].stock, isListed];
};
const count = (variantId: string, onHand: number) =>
  shop.call('POST', '/v1/admin/stock-adjustments', {
    bearer,
    key: newUuid(),
    body: { variantId, onHand, reason: 'count' },
  });
const line = (bundle: Bundle, quantity = 1) => ({ variantId: bundle.variantId, quantity });
async function expire(orderId: string) {
  const id = decodeId('order', orderId);
  await shop.db.query(`UPDATE orders SET expires_at = now() - interval '2 minutes' WHERE id = $1`, [id]);
  await shop.db.query(
    `UPDATE jobs SET next_at = now() - interval '1 ms', dispatched_at = NULL WHERE name = 'payments.expire-order' AND payload->>'orderId' = $1`,
    [id],
  );
  await shop.until(async () => {
    const { body } = await shop.call('GET', `/v1/admin/orders/${orderId}`, { bearer });
    return body.status === 'canceled';
  }, 'the order to expire');
}

describe('what a bundle is made of', () => {
  it('is set by staff, stands on its page, and needs the version of the product', async () => {
    const [one, two] = [await shop.product({ stock: 5 }), await shop.product({ stock: 9 })];
    const bundle = await placeOf(shop, await shop.product({ stock: 0, price: 3000 }));
    const body = {
      parts: [
        { variantId: two, quantity: 2 },
        { variantId: one, quantity: 1 },
      ],
    };
    expect((await shop.call('PUT', bundle.path, { bearer, body })).status).toBe(428);
    expect((await shop.call('PUT', bundle.path, { bearer, body, headers: { 'If-Match': '"99"' } })).status).toBe(412);
    const set = await setParts(shop, bearer, bundle, body.parts);
    expect([set.status, set.headers.get('etag')]).toEqual([200, '"2"']);
    expect(set.body).toMatchObject({ id: bundle.variantId, parts: body.parts });
    expect((await page(bundle)).variants[0]).toMatchObject({
      price: { amount: 3000 },
      parts: [
        { variantId: two, productId: (await placeOf(shop, two)).productId, quantity: 2, sku: null },
        { variantId: one, quantity: 1 },
      ],
    });
    expect((await page(await placeOf(shop, one))).variants[0]).not.toHaveProperty('parts');
    const { body: audit } = await shop.call('GET', `/v1/admin/audit-log?recordId=${bundle.variantId}&limit=100`, { bearer }); // prettier-ignore
    expect(audit.data.map((entry: any) => entry.recordType)).toEqual(
      expect.arrayContaining(['bundle_parts', 'variants']),
    );
  });

  it('shows the titles that its parts have now', async () => {
    const part = await shop.product({ stock: 5 });
    const bundle = await bundleOf(shop, bearer, [{ variantId: part, quantity: 1 }]);
    const { productId } = await placeOf(shop, part);
    const { headers } = await shop.call('GET', `/v1/admin/products/${productId}`, { bearer });
    const renamed = await shop.call('PATCH', `/v1/admin/products/${productId}`, {
      bearer,
      body: { title: 'A new name' },
      headers: { 'If-Match': headers.get('etag')! },
    });
    expect(renamed.status).toBe(200);
    expect((await page(bundle)).variants[0].parts[0].title).toBe('A new name');
  });

  it('is refused with the field that is wrong', async () => {
    const part = await shop.product({ stock: 5 });
    const other = await bundleOf(shop, bearer, [{ variantId: part, quantity: 1 }]);
    const bundle = await placeOf(shop, await shop.product({ stock: 0 }));
    const gift = await shop.product({ stock: null });
    await shop.db.query(
      `UPDATE products SET is_gift_card = true WHERE id = (SELECT product_id FROM variants WHERE id = $1)`,
      [decodeId('variant', gift)],
    );
    const refused = async (...parts: { variantId: string; quantity: number }[]) => {
      const { status, body } = await setParts(shop, bearer, bundle, parts);
      return [status, ...(body.errors ?? []).map((error: any) => `${error.pointer} ${error.code}`)];
    };
    const of = (variantId: string, quantity = 1) => ({ variantId, quantity });
    expect(await refused()).toEqual([400, expect.stringContaining('/parts ')]);
    expect(await refused(of(part, 0))).toEqual([400, expect.stringContaining('/parts/0/quantity ')]);
    expect(await refused(of(part, 101))).toEqual([400, expect.stringContaining('/parts/0/quantity ')]);
    expect(await refused(of('prod_x'))).toEqual([400, '/parts/0/variantId invalid_id']);
    expect(await refused(of(part), of(bundle.variantId), of(other.variantId), of(gift), of(part))).toEqual([
      400,
      '/parts/1/variantId is_itself',
      '/parts/2/variantId is_bundle',
      '/parts/3/variantId is_gift_card',
      '/parts/4/variantId repeated',
    ]);
    expect(await refused(of(encodeId('variant', newUuid())))).toEqual([400, '/parts/0/variantId unknown_variant']);
    expect(await setParts(shop, bearer, await placeOf(shop, part), [of(gift)])).toMatchObject({ status: 400 });
    const another = await shop.product({ stock: 1 });
    expect(await setParts(shop, bearer, await placeOf(shop, part), [of(another)])).toMatchObject({
      status: 409,
      body: { code: 'variant_not_bundleable', reason: 'is_part', bundles: [other.variantId] },
    });
    expect(await setParts(shop, bearer, await placeOf(shop, another), [of(part)])).toMatchObject({
      status: 409,
      body: { code: 'variant_not_bundleable', reason: 'has_stock', onHand: 1, reserved: 0 },
    });
    expect(await setParts(shop, bearer, await placeOf(shop, gift), [of(part)])).toMatchObject({
      status: 409,
      body: { reason: 'is_gift_card' },
    });
    const { productId } = await placeOf(shop, part);
    expect(
      await shop.call('PATCH', `/v1/admin/products/${productId}`, {
        bearer,
        body: { giftCard: true },
        headers: { 'If-Match': '*' },
      }),
    ).toMatchObject({ status: 400, body: { errors: [{ pointer: '/giftCard', code: 'is_bundled' }] } });
    const unknown = { ...bundle, path: bundle.path.replace(bundle.variantId, encodeId('variant', newUuid())) };
    expect(await setParts(shop, bearer, unknown, [of(part)])).toMatchObject({
      status: 404,
      body: { code: 'variant_not_found' },
    });
  });

  it('is refused by the database, whoever writes: bundles in bundles, and bundles of nothing', async () => {
    const part = await shop.product({ stock: 5 });
    const bundle = await bundleOf(shop, bearer, [{ variantId: part, quantity: 1 }]);
    const [id, partId] = [decodeId('variant', bundle.variantId), decodeId('variant', part)];
    await expect(
      shop.db.query(`UPDATE variants SET is_bundle = true WHERE id = $1`, [partId]),
    ).rejects.toThrow('bundle_parts_part'); // prettier-ignore
    await expect(
      shop.db.query(
        `INSERT INTO bundle_parts (variant_id, part_variant_id, quantity, position) VALUES ($1, $2, 1, 1)`,
        [partId, id],
      ),
    ).rejects.toThrow(/bundle_parts_(bundle|part)/);
    await expect(shop.db.query(`DELETE FROM bundle_parts WHERE variant_id = $1`, [id])).rejects.toThrow(
      'a bundle has at least one part',
    );
    const plain = decodeId('variant', await shop.product({ stock: 0 }));
    await expect(shop.db.query(`UPDATE variants SET is_bundle = true WHERE id = $1`, [plain])).rejects.toThrow(
      'a bundle has at least one part',
    );
  });

  it('can be taken back: then the variant has stock of its own', async () => {
    const part = await shop.product({ stock: 5 });
    const bundle = await bundleOf(shop, bearer, [{ variantId: part, quantity: 1 }]);
    expect(await count(bundle.variantId, 3)).toMatchObject({ status: 409, body: { code: 'stock_not_tracked' } });
    const remove = async () => {
      const { headers } = await shop.call('GET', `/v1/admin/products/${bundle.productId}`, { bearer });
      return shop.call('DELETE', bundle.path, { bearer, headers: { 'If-Match': headers.get('etag')! } });
    };
    expect((await shop.call('DELETE', bundle.path, { bearer })).status).toBe(428);
    expect((await remove()).status).toBe(204);
    expect(await remove()).toMatchObject({ status: 404, body: { code: 'not_a_bundle' } });
    expect(await shown(bundle)).toEqual([false, 'out_of_stock', false]);
    expect((await count(bundle.variantId, 3)).status).toBe(201);
    expect(await shown(bundle)).toEqual([true, 'low_stock', true]);
    expect((await page(bundle)).variants[0]).not.toHaveProperty('parts');
  });
});

describe('a file', () => {
  const header =
    'Handle,Title,Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Requires Shipping,Gift Card,Status';
  const importRows = async (...rows: string[]) => {
    const form = new FormData();
    form.append('kind', 'products');
    form.append('stock', 'set');
    form.append('file', new Blob([`${[header, ...rows].join('\n')}\n`]), 'products.csv');
    const started = await fetch(`${shop.url}/v1/admin/imports`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${bearer}` },
      body: form,
    });
    const { id } = (await started.json()) as { id: string };
    return shop.until(async () => {
      const { body } = await shop.call('GET', `/v1/admin/imports/${id}`, { bearer });
      return ['completed', 'failed'].includes(body.status) && body;
    }, 'the import');
  };

  it('leaves it as it is: an export has no quantity for it, an import does not count it', async () => {
    const part = await shop.product({ stock: 5 });
    const bundle = await bundleOf(shop, bearer, [{ variantId: part, quantity: 2 }]);
    const { handle } = await page(bundle);
    const done = await importRows(`${handle},Renamed,Title,Default Title,shopify,7,deny,25.00,true,,active`);
    expect([done.status, (await page(bundle)).title]).toEqual(['completed', 'Renamed']);
    expect((await page(bundle)).variants).toMatchObject([
      { parts: [{ variantId: part, quantity: 2 }], stock: 'low_stock' },
    ]);
    expect(await shop.stock(bundle.variantId)).toEqual({ onHand: 0, reserved: 0 });
  });

  it('cannot make a bundle or its part money, or take its parcel off: that is an error of its row', async () => {
    const part = await shop.product({ stock: 5 });
    const bundle = await bundleOf(shop, bearer, [{ variantId: part, quantity: 2 }]);
    const places = [bundle, await placeOf(shop, part)];
    const [ofBundle, ofPart] = await Promise.all(places.map(async (place) => (await page(place)).handle as string));
    const row = (handle: string, shipping: boolean, giftCard: boolean) =>
      `${handle},Changed,Title,Default Title,shopify,5,deny,25.00,${shipping},${giftCard},active`;
    for (const [shipping, giftCard, reason] of [
      [true, true, /cannot be a gift card/],
      [false, false, /cannot do without a parcel/],
    ] as const) {
      const done = await importRows(row(ofBundle!, shipping, giftCard), row('fine', true, false), row(ofPart!, shipping, giftCard)); // prettier-ignore
      expect(done.summary).toMatchObject({ failed: 2 });
      expect(done.errors).toEqual([
        { line: 2, handle: ofBundle, reason: expect.stringMatching(reason) },
        { line: 4, handle: ofPart, reason: expect.stringMatching(reason) },
      ]);
      expect((await shop.call('GET', '/v1/products/fine')).status).toBe(200);
    }
    for (const place of places) expect((await page(place)).title).not.toBe('Changed');
    const mended = await importRows(row(ofBundle!, true, false), row(ofPart!, true, false));
    expect(mended.summary).toMatchObject({ failed: 0, updated: 2 });
    // What staff decided stays as it is, whatever files repeat it.
    await shop.db.query(`UPDATE variants SET requires_shipping = false WHERE id = $1`, [decodeId('variant', part)]);
    expect((await importRows(row(ofPart!, false, false))).summary).toMatchObject({ failed: 0, unchanged: 1 });
  });
});

it('of a product that became a gift card behind it is refused, bundle as it may be', async () => {
  const part = await shop.product({ stock: 5 });
  const bundle = await bundleOf(shop, bearer, [{ variantId: part, quantity: 2 }]);
  await shop.db.query(`UPDATE products SET is_gift_card = true WHERE id = $1`, [decodeId('product', bundle.productId)]);
  expect(await setParts(shop, bearer, bundle, [{ variantId: part, quantity: 1 }])).toMatchObject({
    status: 409,
    body: { code: 'variant_not_bundleable', reason: 'is_gift_card' },
  });
});

describe('what can be had of a bundle', () => {
  it('follows its parts in lists, pages and carts', async () => {
    const [one, two] = [await shop.product({ stock: 1 }), await shop.product({ stock: 90 })];
    const bundle = await bundleOf(shop, bearer, [
      { variantId: one, quantity: 2 },
      { variantId: two, quantity: 1 },
    ]);
    expect(await shown(bundle)).toEqual([false, 'out_of_stock', false]);
    await count(one, 2);
    expect(await shown(bundle)).toEqual([true, 'low_stock', true]);
    await count(one, 80);
    expect(await shown(bundle)).toEqual([true, 'in_stock', true]);
    // The part alone is still sold when one is left, the bundle is not.
    await shop.checkout(await shop.cart([{ variantId: one, quantity: 79 }]), { paymentMethod: 'manual' });
    expect(await shown(bundle)).toEqual([false, 'out_of_stock', false]);
    expect(await shown(await placeOf(shop, one))).toEqual([true, 'low_stock', true]);
    const cart = await shop.cart([line(bundle, 2)]);
    const { body } = await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
    expect(body.issues).toMatchObject([{ code: 'out_of_stock', pointer: '/lines/0', available: 0 }]);
    expect(body.lines[0].parts).toMatchObject([
      { variantId: one, quantity: 2 },
      { variantId: two, quantity: 1 },
    ]);
  });

  it('does not end with parts that are not counted or sold without stock', async () => {
    const [free, ordered] = [await shop.product({ stock: null }), await shop.product({ stock: 0, backorder: true })];
    const endless = await bundleOf(shop, bearer, [{ variantId: free, quantity: 3 }]);
    const late = await bundleOf(shop, bearer, [
      { variantId: free, quantity: 1 },
      { variantId: ordered, quantity: 2 },
    ]);
    expect(await shown(endless)).toEqual([true, 'in_stock', true]);
    expect(await shown(late)).toEqual([true, 'in_stock', true]);
    const placed = await shop.checkout(await shop.cart([line(endless, 9), line(late, 2)]), { paymentMethod: 'manual' });
    expect(placed.status).toBe(201);
    expect(await shop.stock(ordered)).toEqual({ onHand: -4, reserved: 0 });
  });

  it('is shared in a cart: by bundles of the same part, and by the part itself', async () => {
    const part = await shop.product({ stock: 7 });
    const pair = await bundleOf(shop, bearer, [{ variantId: part, quantity: 2 }]);
    const triple = await bundleOf(shop, bearer, [{ variantId: part, quantity: 3 }]);
    const lines = [line(pair, 2), line(triple, 1), { variantId: part, quantity: 1 }];
    const cart = await shop.cart(lines);
    const { body } = await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
    expect(body.issues).toMatchObject([
      {
        code: 'out_of_stock',
        severity: 'blocking',
        pointer: '/lines/2',
        available: 0,
        detail: expect.stringMatching(/^Nothing is left of Thing .+ beside what else is in the cart\.$/),
      },
    ]);
    expect(await shop.checkout(cart, { paymentMethod: 'manual' })).toMatchObject({
      status: 409,
      body: { code: 'out_of_stock', lines: [{ variantId: part, requested: 1, available: 0 }] },
    });
    const fitting = await shop.cart(lines.slice(0, 2));
    expect((await shop.checkout(fitting, { paymentMethod: 'stripe' })).status).toBe(201);
    expect(await shop.stock(part)).toEqual({ onHand: 7, reserved: 7 });
  });
});

describe('an order with a bundle', () => {
  let one: string;
  let two: string;
  let bundle: Bundle;
  beforeEach(async () => {
    [one, two] = [await shop.product({ stock: 20 }), await shop.product({ stock: 20 })];
    bundle = await bundleOf(shop, bearer, [
      { variantId: one, quantity: 1 },
      { variantId: two, quantity: 3 },
    ]);
  });
  const stocks = async () => {
    const [a, b] = [await shop.stock(one), await shop.stock(two)];
    return [a.onHand, a.reserved, b.onHand, b.reserved];
  };
  const pay = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };

  it('holds its parts until it is paid, and sells them then', async () => {
    const cart = await shop.cart([line(bundle, 2), { variantId: one, quantity: 1 }]);
    const placed = await shop.checkout(cart, { paymentMethod: 'stripe' });
    expect(await stocks()).toEqual([20, 3, 20, 6]);
    await shop.confirm(placed.body.payment.clientSecret);
    await shop.until(async () => (await shop.order(placed.body.order.id, cart.token)).paymentStatus === 'paid', 'it');
    expect(await stocks()).toEqual([17, 0, 14, 0]);
    const moved = await shop.call('GET', `/v1/admin/stock-movements?variantId=${two}`, { bearer });
    expect(moved.body.data[0]).toMatchObject({ kind: 'sale', delta: -6, orderId: placed.body.order.id });
  });

  it('gives all its parts back when its time is over', async () => {
    const placed = await shop.checkout(await shop.cart([line(bundle, 2)]), { paymentMethod: 'stripe' });
    expect(await stocks()).toEqual([20, 2, 20, 6]);
    await expire(placed.body.order.id);
    expect(await stocks()).toEqual([20, 0, 20, 0]);
  });

  it('gives its parts back when it is canceled, and with each refund that says so', async () => {
    const paid = await shop.checkout(await shop.cart([line(bundle, 3)]), pay);
    expect(paid.body.order.paymentStatus).toBe('paid');
    expect(await stocks()).toEqual([17, 0, 11, 0]);
    const [sold] = paid.body.order.lines;
    const refund = (quantity: number) =>
      shop.call('POST', `/v1/admin/orders/${paid.body.order.id}/refunds`, {
        bearer,
        key: newUuid(),
        body: { lines: [{ lineId: sold.id, quantity }], restock: true },
      });
    expect((await refund(1)).status).toBe(201);
    expect(await stocks()).toEqual([18, 0, 14, 0]);
    const cancel = () =>
      shop.call('POST', `/v1/admin/orders/${paid.body.order.id}/cancel`, { bearer, key: newUuid(), body: {} });
    expect((await cancel()).status).toBe(200);
    expect(await stocks()).toEqual([20, 0, 20, 0]);
  });

  it('keeps what was in it when it was sold, whatever becomes of the bundle', async () => {
    const cart = await shop.cart([line(bundle, 2)]);
    expect((await setParts(shop, bearer, bundle, [{ variantId: two, quantity: 2 }])).status).toBe(200);
    const placed = await shop.checkout(cart, { paymentMethod: 'manual' });
    expect(placed.body.order.lines[0]).toMatchObject({ quantity: 2, parts: [{ variantId: two, quantity: 2 }] });
    expect(await stocks()).toEqual([20, 0, 16, 0]);
    expect((await setParts(shop, bearer, bundle, [{ variantId: one, quantity: 5 }])).status).toBe(200);
    const { id } = placed.body.order;
    const asStaff = await shop.call('GET', `/v1/admin/orders/${id}`, { bearer });
    const asShopper = await shop.order(id, cart.token);
    for (const order of [asStaff.body, asShopper]) {
      expect(order.lines[0].parts).toEqual([
        {
          variantId: two,
          productId: (await placeOf(shop, two)).productId,
          title: expect.stringMatching(/^Thing/),
          variantTitle: '',
          sku: null,
          quantity: 2,
        },
      ]);
    }
    expect((await shop.call('POST', `/v1/orders/${id}/cancel`, { token: cart.token, body: {} })).status).toBe(200);
    expect(await stocks()).toEqual([20, 0, 20, 0]);
  });

  it('says in its mails and parcels what is to be packed', async () => {
    const cart = await shop.cart([line(bundle, 2), { variantId: one, quantity: 1 }]);
    const placed = await shop.checkout(cart, pay);
    const { id, lines } = placed.body.order;
    const sent = await shop.call('POST', `/v1/admin/orders/${id}/fulfillments`, {
      bearer,
      key: newUuid(),
      body: { lines: [{ lineId: lines[0].id, quantity: 1 }, { lineId: lines[1].id, quantity: 1 }] },
    }); // prettier-ignore
    expect(sent.status).toBe(201);
    const [parcel] = (await shop.order(id, cart.token)).fulfillments;
    const packed = new Map(parcel.lines.map((part: any) => [part.lineId, part.parts]));
    expect(packed.get(lines[0].id)).toMatchObject([
      { variantId: one, quantity: 1 },
      { variantId: two, quantity: 3 },
    ]);
    expect(packed.get(lines[1].id)).toBeUndefined();
    await shop.quiet();
    const { body: mails } = await shop.call<{ subject: string; text: string }[]>(
      'GET',
      '/dev/mailbox.json?to=ada%40example.com',
    );
    const title = lines[0].parts[1].title as string;
    const confirmation = mails.find((mail) => mail.subject.includes(placed.body.order.number) && mail.text.includes(`3 x ${title}`)); // prettier-ignore
    expect(confirmation).toBeDefined();
  });

  it('is shipped as what the bundle is, not as its parts are', async () => {
    const { headers } = await shop.call('GET', `/v1/admin/products/${bundle.productId}`, { bearer });
    const changed = await shop.call('PATCH', bundle.path.replace('/parts', ''), {
      bearer,
      body: { requiresShipping: false },
      headers: { 'If-Match': headers.get('etag')! },
    });
    expect(changed.status).toBe(200);
    const cart = await shop.call('POST', '/v1/carts', { body: { lines: [line(bundle)] } });
    expect(cart.body.requiresShipping).toBe(false);
  });
});
