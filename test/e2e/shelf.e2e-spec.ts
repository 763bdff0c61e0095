import { decodeId } from '#libs/ids';
import { RELATED_BY_ID_SQL } from '../../src/modules/catalog/related/related-products.query.js';
import { Publication } from '../../src/modules/catalog/schedule/publication.service.js';
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

const admin = (method: string, path: string, body?: object, ifMatch = '*') =>
  shop.call(method, `/v1/admin/${path}`, {
    bearer: staff,
    ...(body === undefined ? {} : { body }),
    headers: method === 'POST' || method === 'GET' ? {} : { 'If-Match': ifMatch },
  });
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const page = (handle: string) => shop.call('GET', `/v1/products/${handle}`);
const listed = async (handle: string) =>
  (await shop.call('GET', `/v1/products?limit=100`)).body.data.some((card: any) => card.handle === handle);

/** A product with one variant that is always in stock. */
async function create(handle: string, more: object = {}): Promise<any> {
  const { status, body } = await admin('POST', 'products', {
    title: `Thing ${handle}`,
    handle,
    status: 'active',
    variants: [{ trackInventory: false, prices: [{ amount: 1000, currency: 'USD' }] }],
    ...more,
  });
  expect([status, body.errors]).toEqual([201, undefined]);
  return body;
}

describe('products that come and go by themselves', () => {
  it('are shown at their time and not before, and hidden at their end', async () => {
    const publishAt = inMs(1_500);
    const made = await create('timely', { status: 'draft', publishAt, unpublishAt: inMs(4_500) });
    expect([made.status, made.publishAt]).toEqual(['draft', publishAt]);
    const shownAt = await shop.until(async () => {
      const before = Date.now();
      const seen = [await listed('timely'), (await page('timely')).status === 200];
      return seen.every(Boolean) && before;
    }, 'its time');
    expect(shownAt).toBeGreaterThanOrEqual(Date.parse(publishAt) - 50);
    const variantId = (await page('timely')).body.variants[0].id;
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const after = (await admin('GET', `products/${made.id}`)).body;
    expect([after.status, after.publishAt, after.unpublishAt]).toEqual(['active', null, made.unpublishAt]);

    await shop.until(async () => (await page('timely')).status === 404, 'its end');
    expect(await listed('timely')).toBe(false);
    const { body } = await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
    expect(body.issues).toEqual([expect.objectContaining({ severity: 'blocking' })]);
    const entries = await shop.db.query(
      `SELECT actor, before ->> 'status' AS before, after ->> 'status' AS after FROM audit_log
       WHERE record_type = 'products' AND record_id = $1 AND actor LIKE 'system:%' ORDER BY id`,
      [decodeId('product', made.id)],
    );
    const actor = 'system:catalog.publish-products';
    expect(entries).toEqual([
      { actor, before: 'draft', after: 'active' },
      { actor, before: 'active', after: 'draft' },
    ]);
  });

  it('are caught up on when their job was lost, in the end state where both times are over, and once', async () => {
    const [first, second] = [
      await create('missed', { status: 'draft' }),
      await create('missed-both', { status: 'draft' }),
    ];
    for (const [id, until] of [
      [first.id, null],
      [second.id, '-1 minute'],
    ])
      await shop.db.query(
        `UPDATE products SET publish_at = now() - interval '1 hour', unpublish_at = now() + $2::interval WHERE id = $1`,
        [decodeId('product', id), until],
      );
    const publication = shop.app.get(Publication, { strict: false });
    const counts = await Promise.all([publication.settle(), publication.settle()]);
    expect(counts[0]! + counts[1]!).toBe(2);
    expect([await listed('missed'), await listed('missed-both')]).toEqual([true, false]);
    const states = await Promise.all(
      [first, second].map(async ({ id }) => (await admin('GET', `products/${id}`)).body),
    );
    expect(
      states.map(({ status, publishAt, unpublishAt, version }) => [status, publishAt, unpublishAt, version]),
    ).toEqual([
      ['active', null, null, 2],
      ['draft', null, null, 2],
    ]);
  });

  it('follow what staff decide in between', async () => {
    const { id } = await create('decided', { status: 'draft', publishAt: inMs(3_600_000) });
    const planned = await admin('PATCH', `products/${id}`, { publishAt: inMs(-1_000) });
    expect([planned.status, planned.body.errors[0].pointer]).toEqual([400, '/publishAt']);
    const now = await admin('PATCH', `products/${id}`, { status: 'active' });
    expect([now.status, now.body.publishAt, await listed('decided')]).toEqual([200, null, true]);
    const ending = await admin('PATCH', `products/${id}`, { unpublishAt: inMs(3_600_000) });
    expect(ending.status).toBe(200);
    expect((await admin('DELETE', `products/${id}`)).status).toBe(204);
    const archived = (await admin('GET', `products/${id}`)).body;
    expect([archived.status, archived.unpublishAt]).toEqual(['archived', null]);
  });
});

describe('a duplicate', () => {
  it('is a draft like the original, without what is one of a kind', async () => {
    const category = (await admin('POST', 'categories', { title: 'Duplicated' })).body;
    const attribute = await admin('POST', 'attributes', { key: 'finish', label: 'Finish', type: 'text' });
    expect(attribute.status).toBe(201);
    const images = [1, 2].map((n) => ({ url: `https://images.example.com/dup-${n}.jpg`, alt: `View ${n}` }));
    const original = await create('original', {
      options: ['Size'],
      tags: ['warm'],
      productType: 'Blanket',
      categoryIds: [category.id],
      attributes: { finish: 'Matt' },
      seo: { title: 'Warm', description: 'Very' },
      images,
      unpublishAt: inMs(3_600_000),
      variants: ['S', 'M'].map((size) => ({
        options: { Size: size },
        sku: `DUP-${size}`,
        barcode: `40000${size}`,
        weightGrams: 10,
        prices: [
          { amount: 1000, currency: 'USD', compareAt: 1200 },
          { amount: 900, currency: 'EUR' },
        ],
      })),
    });
    const [small] = original.variants;
    await admin('PATCH', `products/${original.id}/variants/${small.id}`, { imageId: original.images[1].id });
    const collection = (await admin('POST', 'collections', { title: 'By hand' })).body;
    await admin('PUT', `collections/${collection.id}/products`, { productIds: [original.id] });

    const answers = await Promise.all([1, 2, 3].map(() => admin('POST', `products/${original.id}/duplicate`, {})));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answers.map(({ body }) => body.handle).sort()).toEqual([
      'original-copy',
      'original-copy-2',
      'original-copy-3',
    ]);
    const copy = answers.find(({ body }) => body.handle === 'original-copy')!.body;
    const same = (await admin('GET', `products/${original.id}`)).body;
    expect(copy).toMatchObject({
      title: 'Thing original (copy)',
      status: 'draft',
      publishAt: null,
      unpublishAt: null,
      version: 1,
      ...Object.fromEntries(
        ['descriptionHtml', 'vendor', 'productType', 'tags', 'options', 'seo', 'attributes', 'categoryIds'].map(
          (name) => [name, same[name]],
        ),
      ),
    });
    const bare = ({ variants, images: pictures }: any) => ({
      variants: variants.map(({ title, options, weightGrams, prices, imageId }: any) => ({
        title,
        options,
        weightGrams,
        prices,
        picture: pictures.find((one: any) => one.id === imageId)?.url,
      })),
      images: pictures.map(({ url, alt, position }: any) => ({ url, alt, position })),
    });
    expect(bare(copy)).toEqual(bare(same));
    expect(copy.variants.map((one: any) => [one.sku, one.barcode])).toEqual([
      [null, null],
      [null, null],
    ]);
    const ids = [...same.variants, ...same.images, same].map((one: any) => one.id);
    expect([...copy.variants, ...copy.images, copy].filter((one: any) => ids.includes(one.id))).toEqual([]);
    const inside = (await admin('GET', `collections/${collection.id}/products`)).body.productIds;
    expect([inside.length, inside[0]]).toEqual([4, original.id]);
    expect((await page('original-copy')).status).toBe(404);
    await admin('PATCH', `products/${copy.id}`, { status: 'active' });
    expect((await page('original-copy')).body.variants[0].stock).toBe('out_of_stock');

    const taken = await admin('POST', `products/${original.id}/duplicate`, { handle: 'original' });
    expect([taken.status, taken.body.code]).toEqual([409, 'handle_taken']);
    const named = await admin('POST', `products/${original.id}/duplicate`, { handle: 'other-one', title: ' Other ' });
    expect([named.status, named.body.title]).toEqual([201, 'Other']);
  });

  it('says the same in other languages, and is a bundle of the same parts', async () => {
    const priced = { prices: [{ amount: 1000, currency: 'USD' }] };
    const [part, other] = [await create('copied-part', { variants: [priced] }), await create('copied-other', { variants: [priced] })]; // prettier-ignore
    const original = await create('copied', {
      options: ['Size'],
      variants: ['S', 'M'].map((size) => ({ options: { Size: size }, ...priced })),
    });
    const parts = [
      { variantId: other.variants[0].id, quantity: 3 },
      { variantId: part.variants[0].id, quantity: 1 },
    ];
    const path = `products/${original.id}`;
    expect((await admin('PUT', `${path}/variants/${original.variants[1].id}/parts`, { parts })).status).toBe(200);
    const german = { title: 'Abschrift', descriptionHtml: '<p>Ja</p>', seoTitle: 'Seo', seoDescription: null };
    expect((await admin('PUT', `${path}/translations/de`, german)).status).toBe(200);
    const french = { title: null, descriptionHtml: '<p>Oui</p>', seoTitle: null, seoDescription: null };
    expect((await admin('PUT', `${path}/translations/fr`, french)).status).toBe(200);

    const [copy, named] = await Promise.all([{}, { title: 'New' }].map((body) => admin('POST', `${path}/duplicate`, body))); // prettier-ignore
    expect([copy!.status, named!.status]).toEqual([201, 201]);
    for (const { body } of [copy!, named!]) {
      expect(body.variants.map((one: any) => one.parts ?? null)).toMatchObject([null, parts]);
      expect(body.variants[1].parts).toHaveLength(2);
    }
    const said = async (id: string) => (await admin('GET', `products/${id}/translations`)).body.data;
    expect(await said(copy!.body.id)).toEqual([
      { locale: 'de', ...german, title: 'Abschrift (copy)' },
      { locale: 'fr', ...french },
    ]);
    expect((await said(named!.body.id))[0].title).toBe('Abschrift');
    await shop.db.query(`UPDATE stock_levels SET on_hand = 3 WHERE variant_id = ANY($1::uuid[])`, [
      parts.map(({ variantId }) => decodeId('variant', variantId)),
    ]);
    await admin('PATCH', `products/${copy!.body.id}`, { status: 'active' });
    const shown = (await page(copy!.body.handle)).body.variants;
    expect(shown.map((one: any) => one.available)).toEqual([false, true]);
  });
});

describe('related products', () => {
  const related = async (handle: string, query = '') => {
    const { status, body } = await shop.call('GET', `/v1/products/${handle}/related${query}`);
    expect(status).toBe(200);
    return body.data.map((card: any) => card.handle);
  };

  it('are those chosen by hand in their order, then what is most like it; only what shoppers see', async () => {
    const tea = (await admin('POST', 'categories', { title: 'Tea' })).body;
    const green = (await admin('POST', 'categories', { title: 'Green tea', parentId: tea.id })).body;
    const made: Record<string, any> = {};
    for (const [handle, categoryIds, tags] of [
      ['sencha', [green.id], ['japan', 'steamed']],
      ['gyokuro', [green.id], ['japan', 'steamed']],
      ['gunpowder', [green.id], ['china']],
      ['assam', [tea.id], []],
      ['teapot', [], []],
      ['kettle', [], []],
    ] as [string, string[], string[]][])
      made[handle] = await create(handle, { categoryIds, tags, vendor: 'Leaf & Co' });
    expect(await related('sencha', '?limit=3')).toEqual(['gyokuro', 'gunpowder', 'assam']);
    const put = await admin('PUT', `products/${made.sencha.id}/related`, {
      productIds: [made.teapot.id, made.kettle.id],
    });
    expect([put.status, put.body.productIds, put.headers.get('etag')]).toEqual([
      200,
      [made.teapot.id, made.kettle.id],
      '"2"',
    ]);
    expect(await related('sencha', '?limit=4')).toEqual(['teapot', 'kettle', 'gyokuro', 'gunpowder']);
    await admin('PATCH', `products/${made.teapot.id}`, { status: 'draft' });
    expect(await related(made.sencha.id, '?limit=1')).toEqual(['kettle']);
    expect((await shop.call('GET', '/v1/products/teapot/related')).status).toBe(404);
    const cards = await shop.call('GET', '/v1/products/sencha/related?limit=1');
    const list = await shop.call('GET', '/v1/products?q=kettle');
    expect(cards.body.data).toEqual(list.body.data);
    const again = await fetch(`${shop.url}/v1/products/sencha/related?limit=1`, {
      headers: { 'If-None-Match': cards.headers.get('etag')! },
    });
    expect(again.status).toBe(304);
    expect((await shop.call('GET', '/v1/products/sencha/related?limit=25')).status).toBe(400);
    expect((await shop.call('GET', '/v1/products/never-was/related')).body.code).toBe('product_not_found');

    const stale = await admin('PUT', `products/${made.sencha.id}/related`, { productIds: [] }, '"1"');
    expect(stale.status).toBe(412);
    for (const [productIds, pointer] of [
      [[made.kettle.id, made.sencha.id], '/productIds/1'],
      [['prod_01h455vb4pex5vsknk084sn02q'], '/productIds/0'],
    ] as const) {
      const wrong = await admin('PUT', `products/${made.sencha.id}/related`, { productIds });
      expect([wrong.status, wrong.body.errors[0].pointer]).toEqual([400, pointer]);
    }
    await admin('PATCH', `products/${made.sencha.id}`, { handle: 'sencha-first-flush' });
    const moved = await fetch(`${shop.url}/v1/products/sencha/related`, { redirect: 'manual' });
    expect(moved.headers.get('location')).toBe('/v1/products/sencha-first-flush/related');
  });

  it('cost the same however many products are like it', async () => {
    const { id } = await create('one-of-many', { productType: 'Many' });
    await shop.db.query(
      `WITH made AS (
         INSERT INTO products (id, handle, title, status, product_type)
         SELECT uuidv7(), 'many-' || n, 'Many ' || n, 'active', 'Many' FROM generate_series(1, 3000) n RETURNING id, handle, title)
       INSERT INTO product_listings (product_id, currency, handle, title, sort_title, vendor, category_ids, options, option_labels,
         price_min, price_max, available, created_at, search, card, product_type)
       SELECT id, 'USD', handle, title, title, '', '{}', '{}', '{}', 1, 1, true, now(), '', '{"handle":"' || handle || '"}', 'Many' FROM made`,
    );
    await shop.db.query('ANALYZE product_listings, products, product_categories');
    expect((await related(id)).length).toBe(8);
    const [plan] = await shop.db.dataSource.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${RELATED_BY_ID_SQL}`, [
      'USD',
      decodeId('product', id),
      8,
    ]);
    const rowsOf = (node: any): number[] => [
      node['Actual Rows'] * node['Actual Loops'],
      ...(node.Plans ?? []).flatMap(rowsOf),
    ];
    expect(Math.max(...rowsOf(plan['QUERY PLAN'][0].Plan))).toBeLessThan(100);
  });
});
