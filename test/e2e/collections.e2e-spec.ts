import { decodeId } from '#libs/ids';
import { Shop } from '../support/shop.js';

let shop: Shop;
let staff: string;
beforeAll(async () => {
  shop = await Shop.start();
  staff = await shop.staff('manager');
});
afterAll(async () => {
  await shop?.stop();
});

const admin = (method: string, path: string, body?: object) =>
  shop.call(method, `/v1/admin/${path}`, {
    bearer: staff,
    ...(body === undefined ? {} : { body }),
    headers: method === 'POST' || method === 'GET' ? {} : { 'If-Match': '*' },
  });

/** A product with one variant, by its handle; answers its id. */
async function product(
  handle: string,
  more: { price?: number; tags?: string[]; stock?: number } = {},
): Promise<string> {
  await shop.product({ stock: more.stock ?? 5, handle, price: more.price ?? 1000 });
  const { id } = (await shop.call('GET', `/v1/products/${handle}`)).body;
  if (more.tags) await admin('PATCH', `products/${id}`, { tags: more.tags });
  return id;
}

const handlesIn = async (collection: string, query = '') =>
  (await shop.call('GET', `/v1/collections/${collection}/products${query}`)).body.data.map((card: any) => card.handle);

describe('a collection by rule', () => {
  it('finds what fits within seconds, and follows each change of a product at once', async () => {
    const cheap = await product('cheap-gift', { price: 900, tags: ['gift'] });
    await product('dear-gift', { price: 9900, tags: ['Gift'] });
    await product('no-gift', { price: 500 });
    const made = await admin('POST', 'collections', {
      title: 'Gifts under 30',
      sort: 'price',
      rule: {
        match: 'all',
        conditions: [
          { field: 'tag', operator: 'is', value: 'gift' },
          { field: 'price', operator: 'lte', value: '3000', currency: 'USD' },
        ],
      },
    });
    expect([made.status, made.body.handle, made.body.productCount]).toEqual([201, 'gifts-under-30', 0]);
    await shop.until(async () => (await handlesIn('gifts-under-30')).length > 0, 'the rule to be asked');
    expect(await handlesIn('gifts-under-30')).toEqual(['cheap-gift']);
    expect((await shop.call('GET', '/v1/collections/gifts-under-30')).body.productCount).toBe(1);
    const byFilter = await shop.call('GET', '/v1/products?collection=gifts-under-30&include=total');
    expect(byFilter.body.page.total).toBe(1);

    await admin('PATCH', `products/${cheap}`, { tags: ['other'] });
    expect(await handlesIn('gifts-under-30')).toEqual([]);
    await product('new-gift', { price: 100, tags: ['GIFT'] });
    await admin('PATCH', `products/${cheap}`, { tags: ['gift'] });
    expect(await handlesIn('gifts-under-30')).toEqual(['new-gift', 'cheap-gift']);

    await admin('PATCH', `collections/${made.body.id}`, {
      rule: { match: 'all', conditions: [{ field: 'tag', operator: 'is', value: 'gift' }] },
    });
    await shop.until(async () => (await handlesIn('gifts-under-30')).length === 3, 'the new rule to be asked');
    expect(await handlesIn('gifts-under-30', '?sort=-price')).toEqual(['dear-gift', 'cheap-gift', 'new-gift']);
    await admin('DELETE', `collections/${made.body.id}`);
    expect((await shop.call('GET', '/v1/collections/gifts-under-30')).body.code).toBe('collection_not_found');
    await shop.quiet();
    const left = await shop.db.query(`SELECT 1 FROM product_listings WHERE collection_ids <> '{}'`);
    expect(left).toEqual([]);
  });

  it('touches only the rows that change', async () => {
    for (const n of [1, 2, 3]) await product(`still-${n}`);
    const moving = await product('moving', { tags: ['gift'] });
    const versions = () =>
      shop.db.query<{ handle: string; at: string }>(
        `SELECT handle, xmin::text AS at FROM product_listings WHERE product_id <> $1 ORDER BY handle`,
        [decodeId('product', moving)],
      );
    const before = await versions();
    const { body } = await admin('POST', 'collections', {
      title: 'Moving',
      rule: { match: 'any', conditions: [{ field: 'title', operator: 'contains', value: 'moving' }] },
    });
    await shop.until(async () => (await handlesIn('moving')).length === 1, 'the rule to be asked');
    await admin('PATCH', `products/${moving}`, { tags: [] });
    await shop.quiet();
    expect(await versions()).toEqual(before);
    await admin('DELETE', `collections/${body.id}`);
  });

  it('misses no product that is made while its rule is', async () => {
    const rule = { match: 'all', conditions: [{ field: 'title', operator: 'contains', value: 'raced' }] };
    const [made] = await Promise.all([
      admin('POST', 'collections', { title: 'Raced', rule, sort: 'title' }),
      ...Array.from({ length: 12 }, (_, i) => shop.product({ stock: 1, handle: `raced-${i}` })),
    ]);
    expect(made!.status).toBe(201);
    await shop.quiet();
    const rows = await shop.db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM product_listings WHERE handle LIKE 'raced-%' AND collection_ids @> ARRAY[$1::uuid]`,
      [decodeId('collection', made!.body.id)],
    );
    // Titles are made of the end of the handle: `Thing aced-7`, `Thing ced-10`.
    const titled = await shop.db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM product_listings WHERE handle LIKE 'raced-%' AND title ILIKE '%raced%'`,
    );
    expect(rows[0]!.n).toBe(titled[0]!.n);
  });

  it('names the condition that makes no sense', async () => {
    const answer = await admin('POST', 'collections', {
      title: 'Odd',
      rule: {
        match: 'all',
        conditions: [
          { field: 'price', operator: 'is', value: 'cheap' },
          { field: 'option', operator: 'is', value: 'Red' },
          { field: 'category', operator: 'in', value: 'coffee' },
        ],
      },
    });
    expect([answer.status, answer.body.errors.map((one: any) => one.pointer)]).toEqual([
      400,
      [
        '/rule/conditions/0/operator',
        '/rule/conditions/0/currency',
        '/rule/conditions/0/value',
        '/rule/conditions/1/option',
        '/rule/conditions/2/value',
      ],
    ]);
    const sorted = await admin('POST', 'collections', {
      title: 'Odd',
      sort: 'position',
      rule: { match: 'all', conditions: [{ field: 'tag', operator: 'is', value: 'x' }] },
    });
    expect([sorted.status, sorted.body.errors[0].pointer]).toEqual([400, '/sort']);
  });
});

describe('a collection by hand', () => {
  it('shows what was put in, in the order of staff, page by page, and is hidden while it is a draft', async () => {
    const ids = [await product('hand-b'), await product('hand-a'), await product('hand-c', { stock: 0 })];
    const { body } = await admin('POST', 'collections', { title: 'By hand', status: 'draft' });
    expect(body.sort).toBe('position');
    const put = await admin('PUT', `collections/${body.id}/products`, { productIds: ids });
    expect([put.status, put.body.productCount]).toEqual([200, 3]);
    expect((await shop.call('GET', '/v1/collections/by-hand')).status).toBe(404);
    expect((await shop.call('GET', '/v1/products?collection=by-hand')).body.data).toEqual([]);
    await admin('PATCH', `collections/${body.id}`, { status: 'active' });
    expect(await handlesIn('by-hand')).toEqual(['hand-b', 'hand-a', 'hand-c']);
    const first = await shop.call('GET', '/v1/collections/by-hand/products?limit=2');
    const second = await shop.call('GET', `/v1/collections/by-hand/products?limit=2&cursor=${first.body.page.next}`);
    expect(second.body.data.map((card: any) => card.handle)).toEqual(['hand-c']);

    await admin('PUT', `collections/${body.id}/products`, { productIds: [ids[2], ids[0]] });
    expect(await handlesIn('by-hand')).toEqual(['hand-c', 'hand-b']);
    expect((await admin('GET', `collections/${body.id}/products`)).body.productIds).toEqual([ids[2], ids[0]]);
    await admin('PATCH', `collections/${body.id}`, { onlyAvailable: true });
    expect(await handlesIn('by-hand')).toEqual(['hand-b']);

    const unknown = await admin('PUT', `collections/${body.id}/products`, {
      productIds: [ids[0], 'prod_01h455vb4pex5vsknk084sn02q'],
    });
    expect([unknown.status, unknown.body.errors[0].pointer]).toEqual([400, '/productIds/1']);
    const rule = { match: 'all', conditions: [{ field: 'tag', operator: 'is', value: 'none' }] };
    await admin('PATCH', `collections/${body.id}`, { rule });
    const closed = await admin('PUT', `collections/${body.id}/products`, { productIds: ids });
    expect([closed.status, closed.body.code]).toEqual([409, 'collection_has_rule']);
    expect(await handlesIn('by-hand')).toEqual([]);
  });
});

describe('a handle that changed', () => {
  const visit = (path: string) => fetch(`${shop.url}${path}`, { redirect: 'manual' });

  it('leads to the new one, until something else has it', async () => {
    const id = await product('old-name');
    await admin('PATCH', `products/${id}`, { handle: 'new-name' });
    const moved = await visit('/v1/products/old-name');
    expect([moved.status, moved.headers.get('location')]).toEqual([301, '/v1/products/new-name']);
    await admin('PATCH', `products/${id}`, { handle: 'newest-name' });
    for (const old of ['old-name', 'new-name'])
      expect((await visit(`/v1/products/${old}`)).headers.get('location')).toBe('/v1/products/newest-name');
    const other = await product('taken-name');
    await admin('PATCH', `products/${other}`, { handle: 'old-name' });
    expect((await shop.call('GET', '/v1/products/old-name')).body.id).toBe(other);
    await admin('PATCH', `products/${id}`, { handle: 'new-name' });
    expect((await visit('/v1/products/new-name')).status).toBe(200);
    expect((await visit('/v1/products/never-was')).status).toBe(404);
    // A new owner keeps the handle, also while it is not for sale; and nobody is led to what is not for sale.
    await product('newest-name');
    expect((await visit('/v1/products/newest-name')).status).toBe(200);
    await admin('PATCH', `products/${id}`, { handle: 'hidden-name', status: 'draft' });
    expect((await visit('/v1/products/new-name')).status).toBe(404);
  });

  it('of a collection leads to its products, too', async () => {
    const { body } = await admin('POST', 'collections', { title: 'Before' });
    await admin('PATCH', `collections/${body.id}`, { handle: 'after' });
    const moved = await visit('/v1/collections/before/products');
    expect([moved.status, moved.headers.get('location')]).toEqual([301, '/v1/collections/after/products']);
  });
});
