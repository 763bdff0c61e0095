import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { AuthModule } from '../../src/modules/auth/index.js';
import { CatalogModule } from '../../src/modules/catalog/index.js';
import { type CallOptions, client } from '../support/call.js';
import { CATEGORIES, fillCatalog } from '../support/catalog-shop.js';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let shop: ModuleApp;
let call: ReturnType<typeof client>;
let owner: string;

beforeAll(async () => {
  database = await cloneDatabase();
  shop = await startModules([AuthModule, CatalogModule], database.url);
  call = client(shop.url);
  await fillCatalog(shop.db);
  owner = await shop.staffToken('owner');
});
afterAll(async () => {
  await shop?.close();
  await database?.drop();
});

const PRODUCTS = '/v1/admin/products';
const staff = (method: string, path: string, options: CallOptions = {}) =>
  call(method, path, { bearer: owner, ...options });
const withVersion = (etag: string) => ({ 'If-Match': etag });
const seen = async (handle: string) =>
  (await call('GET', '/v1/products?limit=100')).body.data.find((card: any) => card.handle === handle);
const page = (handle: string) => call('GET', `/v1/products/${handle}`);

const mug = (changes: object = {}) => ({
  title: 'Speckled Mug',
  descriptionHtml: '<p>Thrown <script>alert(1)</script>by hand.</p>',
  vendor: 'Holm Pottery',
  productType: 'Mug',
  tags: ['new'],
  status: 'active',
  options: ['Glaze'],
  categoryIds: [encodeId('category', CATEGORIES.kitchen)],
  images: [{ url: 'https://images.example.com/speckled.jpg', alt: 'A mug' }],
  variants: [
    {
      options: { Glaze: 'Sand' },
      sku: 'SPK-1',
      trackInventory: false,
      prices: [{ amount: 2400, currency: 'USD', compareAt: 2900 }],
    },
    { options: { Glaze: 'Moss' }, prices: [{ amount: 2600, currency: 'USD' }] },
  ],
  ...changes,
});
let made = 0;
/** A product of its own for a test. */
async function create(changes: object = {}) {
  const handle = `mug-number-${(made += 1)}`;
  const { status, body, headers } = await staff('POST', PRODUCTS, { body: mug({ handle, ...changes }) });
  expect([status, body.code]).toEqual([201, undefined]);
  return { product: body, handle, etag: headers.get('etag')!, path: headers.get('location')! };
}

describe('who may', () => {
  it('only staff, each with its permission', async () => {
    const viewer = await shop.staffToken('viewer');
    expect((await call('GET', PRODUCTS)).status).toBe(401);
    expect((await call('GET', PRODUCTS, { bearer: viewer })).status).toBe(200);
    for (const [method, path] of [
      ['POST', PRODUCTS],
      ['POST', '/v1/admin/categories'],
      ['DELETE', `${PRODUCTS}/${encodeId('product', newUuid())}`],
    ] as const) {
      expect((await call(method, path, { bearer: viewer, body: mug() })).status).toBe(403);
    }
  });
});

describe('a product', () => {
  it('is seen by shoppers as soon as it is made', async () => {
    const { product, handle, etag, path } = await create();
    expect(path).toBe(`${PRODUCTS}/${product.id}`);
    expect(etag).toBe('"1"');
    expect(product).toMatchObject({
      handle,
      version: 1,
      descriptionHtml: '<p>Thrown by hand.</p>',
      options: ['Glaze'],
      variants: [
        { title: 'Sand', options: { Glaze: 'Sand' }, prices: [{ amount: 2400, currency: 'USD', compareAt: 2900 }] },
        {
          title: 'Moss',
          sku: null,
          trackInventory: true,
          prices: [{ amount: 2600, currency: 'USD', compareAt: null }],
        },
      ],
    });
    expect((await staff('GET', path)).body).toEqual(product);
    expect(await seen(handle)).toMatchObject({
      id: product.id,
      priceRange: { min: { amount: 2400 }, max: { amount: 2600 } },
      compareAt: { amount: 2900, currency: 'USD' },
      available: true,
    });
    expect((await page(handle)).body.variants.map((v: any) => [v.title, v.stock])).toEqual([
      ['Sand', 'in_stock'],
      ['Moss', 'out_of_stock'],
    ]);
  });

  it('is a draft unless it is said otherwise, and then nobody sees it', async () => {
    const { product, handle } = await create({ status: undefined });
    expect(product.status).toBe('draft');
    expect((await page(handle)).status).toBe(404);
  });

  it('gets a handle from its title, a free one each time', async () => {
    const body = { title: 'Crème Brûlée Dish', status: 'draft' };
    const both = await Promise.all([1, 2, 3].map(() => staff('POST', PRODUCTS, { body })));
    expect(both.map((answer) => answer.status)).toEqual([201, 201, 201]);
    expect(both.map((answer) => answer.body.handle).sort()).toEqual([
      'creme-brulee-dish',
      'creme-brulee-dish-2',
      'creme-brulee-dish-3',
    ]);
  });

  it('with a handle that is taken is refused, and the other one stays as it was', async () => {
    const { handle, product, path } = await create();
    const answer = await staff('POST', PRODUCTS, { body: mug({ handle, title: 'Thief' }) });
    expect([answer.status, answer.body.code]).toEqual([409, 'handle_taken']);
    expect((await staff('GET', path)).body).toEqual(product);
    const other = await create();
    const renamed = await staff('PATCH', other.path, { body: { handle }, headers: withVersion(other.etag) });
    expect([renamed.status, renamed.body.code]).toEqual([409, 'handle_taken']);
  });

  it.each([
    [{ title: '  ' }, 400, '/title'],
    [{ handle: 'Not A Handle' }, 400, '/handle'],
    [{ status: 'gone' }, 400, '/status'],
    [{ options: ['A', 'a'] }, 400, '/options'],
    [{ options: ['A=B'], variants: [] }, 400, '/options/0'],
    [{ options: ['A', 'B', 'C', 'D'] }, 400, '/options'],
    [{ variants: [{ options: { Glaze: 'Sand', Size: 'M' } }] }, 422, '/variants/0/options'],
    [{ variants: [{}] }, 422, '/variants/0/options'],
    [{ variants: [{ options: { Glaze: 7 } }] }, 400, '/variants/0/options'],
    [
      { variants: [{ options: { Glaze: 'x' }, prices: [{ amount: 1.5, currency: 'USD' }] }] },
      400,
      '/variants/0/prices/0/amount',
    ],
    [
      { variants: [{ options: { Glaze: 'x' }, prices: [{ amount: 1, currency: 'usd' }] }] },
      400,
      '/variants/0/prices/0/currency',
    ],
    [
      {
        variants: [
          {
            options: { Glaze: 'x' },
            prices: [
              { amount: 1, currency: 'USD' },
              { amount: 2, currency: 'USD' },
            ],
          },
        ],
      },
      400,
      '/variants/0/prices',
    ],
    [{ categoryIds: ['prod_x'] }, 400, '/categoryIds/0'],
    [{ images: [{ url: 'javascript:alert(1)' }] }, 400, '/images/0/url'],
    [{ version: 7 }, 400, '/version'],
  ])('%j is refused', async (changes, status, pointer) => {
    const answer = await staff('POST', PRODUCTS, { body: mug(changes) });
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([status, pointer]);
  });

  it('with a category or a variant that cannot be is refused as a whole', async () => {
    const handle = 'never-made';
    const lost = await staff('POST', PRODUCTS, {
      body: mug({ handle, categoryIds: [encodeId('category', newUuid())] }),
    });
    expect([lost.status, lost.body.code]).toEqual([422, 'unknown_category']);
    const variants = [{ options: { Glaze: 'Sand' } }, { options: { Glaze: 'SAND' } }];
    const twice = await staff('POST', PRODUCTS, { body: mug({ handle, variants }) });
    expect([twice.status, twice.body.code]).toEqual([409, 'variant_exists']);
    expect((await staff('GET', `${PRODUCTS}?q=${handle}`)).body.data).toEqual([]);
  });

  it('is changed by those only who have seen its last version', async () => {
    const { path, etag, handle } = await create();
    const body = {
      title: 'Dotted Mug',
      descriptionHtml: '<b>New</b><img src=x onerror=alert(1)>',
      tags: ['a', 'a', 'b'],
    };
    expect((await staff('PATCH', path, { body })).body).toMatchObject({ status: 428, code: 'if_match_required' });
    const changed = await staff('PATCH', path, { body, headers: withVersion(etag) });
    expect([changed.status, changed.headers.get('etag'), changed.body.version]).toEqual([200, '"2"', 2]);
    expect(changed.body).toMatchObject({
      title: 'Dotted Mug',
      descriptionHtml: '<b>New</b><img src="x" />',
      tags: ['a', 'b'],
      handle,
    });
    const stale = await staff('PATCH', path, { body, headers: withVersion(etag) });
    expect(stale.body).toMatchObject({ status: 412, code: 'version_mismatch', currentVersion: 2 });
    expect((await staff('DELETE', path)).status).toBe(428);
    expect((await staff('DELETE', path, { headers: withVersion(etag) })).status).toBe(412);
    expect((await page(handle)).body.title).toBe('Dotted Mug');
    // A proxy that compresses makes the tag weak.
    expect((await staff('PATCH', path, { body: {}, headers: withVersion('W/"2"') })).status).toBe(200);
  });

  it('of twenty changes at once, each with the version it saw, exactly one is applied', async () => {
    const { path, etag } = await create();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        staff('PATCH', path, { body: { vendor: `V${i}` }, headers: withVersion(etag) }),
      ),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 412)).toHaveLength(19);
  });

  it('disappears when it is archived and comes back when it is active again', async () => {
    const { path, etag, handle } = await create();
    const archived = await staff('DELETE', path, { headers: withVersion(etag) });
    expect([archived.status, archived.body]).toEqual([204, undefined]);
    expect(await seen(handle)).toBeUndefined();
    expect((await page(handle)).status).toBe(404);
    const still = await staff('GET', path);
    expect(still.body.status).toBe('archived');
    expect(
      (await staff('PATCH', path, { body: { status: 'active' }, headers: withVersion(still.headers.get('etag')!) }))
        .status,
    ).toBe(200);
    expect(await seen(handle)).toBeDefined();
  });

  it('moves between categories and renames its options', async () => {
    const { path, etag, handle } = await create();
    const { body } = await staff('PATCH', path, {
      body: { categoryIds: [encodeId('category', CATEGORIES.clothing)], options: ['Colour'], seo: { title: 'T' } },
      headers: withVersion(etag),
    });
    expect(body).toMatchObject({ options: ['Colour'], seo: { title: 'T', description: null } });
    const shown = (await page(handle)).body;
    expect(shown.categories.map((c: any) => c.handle)).toEqual(['clothing']);
    expect(shown.variants[0].options).toEqual({ Colour: 'Sand' });
    const names = await staff('PATCH', path, { body: { options: ['A', 'B'] }, headers: withVersion('"2"') });
    expect([names.status, names.body.code]).toEqual([422, 'option_mismatch']);
  });

  it('is listed with filters and pages', async () => {
    const all: string[] = [];
    let cursor = '';
    do {
      const { body } = await staff('GET', `${PRODUCTS}?limit=25&vendor=juniper${cursor && `&cursor=${cursor}`}`);
      all.push(...body.data.map((row: any) => row.handle));
      cursor = body.page.next ?? '';
    } while (cursor);
    expect(all).toHaveLength(20);
    expect(new Set(all).size).toBe(20);
    const found = async (query: string) =>
      (await staff('GET', `${PRODUCTS}?limit=100&${query}`)).body.data.map((row: any) => row.handle);
    expect(await found('q=SKU-7-')).toEqual(['product-7']);
    expect(await found('q=ODUCT-7')).toContain('product-7');
    expect(await found('q=7')).toContain('product-7');
    expect(await found('q=100%25')).toEqual([]);
    expect((await found(`categoryId=${encodeId('category', CATEGORIES.home)}&vendor=Northwind`)).length).toBe(20);
    expect(await found('status=archived&q=product')).toEqual([]);
    expect((await staff('GET', `${PRODUCTS}?include=total&vendor=Juniper&limit=1`)).body.page.total).toBe(20);
    expect((await staff('GET', `${PRODUCTS}?sort=title`)).body.code).toBe('unknown_parameter');
    expect((await staff('GET', `${PRODUCTS}?toString=1`)).body).toMatchObject({
      code: 'unknown_parameter',
      errors: [{ pointer: 'toString' }],
    });
    expect((await staff('GET', `${PRODUCTS}?status=gone`)).body.code).toBe('invalid_parameter');
  });

  it('takes no more variants and images than can be shown, one by one either', async () => {
    const prices = [{ amount: 100, currency: 'USD' }];
    const made = await staff('POST', PRODUCTS, {
      body: { title: 'Very full', options: ['N'], variants: [{ options: { N: 'first' }, prices }] },
    });
    const { id } = made.body;
    await shop.db.query(
      `INSERT INTO variants (id, product_id, position, title, option_values, option_key)
       SELECT gen_random_uuid(), $1, n, n::text, ARRAY[n::text], n::text FROM generate_series(1, 1998) AS n`,
      [decodeId('product', id)],
    );
    const add = (n: string) => staff('POST', `${PRODUCTS}/${id}/variants`, { body: { options: { N: n }, prices } });
    const codes = async (...answers: Promise<any>[]) =>
      (await Promise.all(answers)).map(({ status, body }) => [status, body.code]).sort();
    expect(await codes(add('one'), add('two'))).toEqual([
      [201, undefined],
      [422, 'too_many_variants'],
    ]);
    expect(await codes(add('three'), add('FIRST'))).toEqual([
      [409, 'variant_exists'],
      [422, 'too_many_variants'],
    ]);
    await shop.db.query(
      `INSERT INTO product_images (id, product_id, position, url)
       SELECT gen_random_uuid(), $1, n, 'https://images.example.com/' || n FROM generate_series(0, 248) AS n`,
      [decodeId('product', id)],
    );
    const show = (n: string) =>
      staff('POST', `${PRODUCTS}/${id}/images`, { body: { url: `https://images.example.com/${n}` } });
    expect(await codes(show('a'), show('b'))).toEqual([
      [201, undefined],
      [422, 'too_many_images'],
    ]);
    expect((await show('7')).status).toBe(201);
  });

  it('of another kind, or of none, is told apart', async () => {
    expect((await staff('GET', `${PRODUCTS}/${encodeId('variant', newUuid())}`)).body.code).toBe('invalid_id');
    expect((await staff('GET', `${PRODUCTS}/${encodeId('product', newUuid())}`)).body.code).toBe('product_not_found');
  });
});

describe('variants', () => {
  it('are added, and their price changes are seen at once', async () => {
    const { path, handle } = await create();
    const body = {
      options: { Glaze: 'Night' },
      sku: 'SPK-3',
      trackInventory: false,
      prices: [{ amount: 900, currency: 'USD' }],
    };
    const added = await staff('POST', `${path}/variants`, { body });
    expect([added.status, added.headers.get('etag')]).toEqual([201, '"2"']);
    expect(added.headers.get('location')).toBe(`${path}/variants/${added.body.id}`);
    expect((await seen(handle)).priceRange.min.amount).toBe(900);
    expect((await staff('GET', added.headers.get('location')!)).body).toEqual(added.body);
    const again = await staff('POST', `${path}/variants`, { body: { options: { Glaze: 'NIGHT' } } });
    expect([again.status, again.body.code]).toEqual([409, 'variant_exists']);

    const variant = added.headers.get('location')!;
    const change = {
      prices: [
        { amount: 700, currency: 'USD', compareAt: 900 },
        { amount: 650, currency: 'EUR' },
      ],
      sku: null,
    };
    expect((await staff('PATCH', variant, { body: change })).status).toBe(428);
    expect((await staff('PATCH', variant, { body: change, headers: withVersion('"1"') })).status).toBe(412);
    const changed = await staff('PATCH', variant, { body: change, headers: withVersion('"2"') });
    expect([changed.status, changed.headers.get('etag'), changed.body.sku]).toEqual([200, '"3"', null]);
    expect(await seen(handle)).toMatchObject({ priceRange: { min: { amount: 700 } }, compareAt: { amount: 900 } });
    expect(
      (await call('GET', `/v1/products/${handle}`, { headers: { 'X-Currency': 'EUR' } })).body.variants,
    ).toHaveLength(1);

    const dollars = { prices: [{ amount: 700, currency: 'USD' }] };
    expect((await staff('PATCH', variant, { body: dollars, headers: withVersion('"3"') })).body.prices).toHaveLength(1);
    expect((await call('GET', `/v1/products/${handle}`, { headers: { 'X-Currency': 'EUR' } })).status).toBe(404);
  });

  it('are archived and come back', async () => {
    const { path, handle, etag, product } = await create();
    const variant = `${path}/variants/${product.variants[0].id}`;
    expect((await staff('DELETE', variant, { headers: withVersion(etag) })).status).toBe(204);
    expect((await page(handle)).body.variants.map((v: any) => v.title)).toEqual(['Moss']);
    expect(await seen(handle)).toMatchObject({ available: false, priceRange: { min: { amount: 2600 } } });
    const back = await staff('POST', `${path}/variants`, {
      body: { options: { Glaze: 'Sand' }, allowBackorder: true, prices: [{ amount: 1, currency: 'USD' }] },
    });
    expect([back.status, back.body.id, back.body.status]).toEqual([201, product.variants[0].id, 'active']);
    expect((await page(handle)).body.variants[0]).toMatchObject({
      title: 'Sand',
      available: true,
      price: { amount: 1 },
    });
  });

  it('keep one set of options each, and fit their product', async () => {
    const { path, etag, product } = await create();
    const [sand, moss] = product.variants.map((v: any) => `${path}/variants/${v.id}`);
    const same = await staff('PATCH', sand, { body: { options: { Glaze: 'moss' } }, headers: withVersion(etag) });
    expect([same.status, same.body.code]).toEqual([409, 'variant_exists']);
    const odd = await staff('PATCH', moss, { body: { options: { Size: 'L' } }, headers: withVersion(etag) });
    expect([odd.status, odd.body.code]).toEqual([422, 'option_mismatch']);
    const renamed = await staff('PATCH', moss, { body: { options: { Glaze: 'Fern' } }, headers: withVersion(etag) });
    expect(renamed.body).toMatchObject({ title: 'Fern', options: { Glaze: 'Fern' } });
    const other = await create();
    const foreign = await staff('PATCH', `${other.path}/variants/${product.variants[0].id}`, {
      body: { sku: 'X' },
      headers: withVersion(other.etag),
    });
    expect([foreign.status, foreign.body.code]).toEqual([404, 'variant_not_found']);
    const image = await staff('PATCH', sand, {
      body: { imageId: other.product.images[0].id },
      headers: withVersion('"2"'),
    });
    expect([image.status, image.body.errors[0].code]).toEqual([400, 'unknown_image']);
  });

  it('can be sold without stock when they are no longer counted', async () => {
    const { path, handle, etag, product } = await create();
    const moss = `${path}/variants/${product.variants[1].id}`;
    expect((await staff('PATCH', moss, { body: { trackInventory: false }, headers: withVersion(etag) })).status).toBe(
      200,
    );
    expect((await page(handle)).body.variants[1].available).toBe(true);
    expect((await staff('PATCH', moss, { body: { trackInventory: true }, headers: withVersion('"2"') })).status).toBe(
      200,
    );
    expect((await page(handle)).body.variants[1].available).toBe(false);
  });
});

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe('images', () => {
  const upload = async (path: string, content: Buffer, fields: Record<string, string> = {}, name = 'file') => {
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    form.append(name, new Blob([new Uint8Array(content)], { type: 'image/png' }), '../../evil.svg');
    const answer = await fetch(`${shop.url}${path}/images`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${owner}` },
      body: form,
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any };
  };
  /** The uploads, without the smaller versions that a job makes of them. */
  const stored = () => {
    try {
      return readdirSync(join(shop.config.dataDir, 'media')).filter((name) => !/-\d+\.(?:webp|avif)$/.test(name));
    } catch {
      return [];
    }
  };

  it('are named by address, described, ordered and taken off', async () => {
    const { path, handle } = await create();
    const second = await staff('POST', `${path}/images`, {
      body: { url: 'https://images.example.com/back.jpg', alt: 'Back' },
    });
    expect([second.status, second.body.position, second.headers.get('etag')]).toEqual([201, 1, '"2"']);
    const same = await staff('POST', `${path}/images`, { body: { url: 'https://images.example.com/back.jpg' } });
    expect([same.status, same.body.id, same.body.alt]).toEqual([201, second.body.id, 'Back']);
    const image = second.headers.get('location')!;
    expect((await staff('PATCH', image, { body: { position: 0 } })).status).toBe(428);
    const moved = await staff('PATCH', image, { body: { position: 0, alt: 'Front' }, headers: withVersion('"3"') });
    expect(moved.body).toMatchObject({ position: 0, alt: 'Front' });
    expect((await seen(handle)).thumbnail).toBe('https://images.example.com/back.jpg');
    expect((await staff('DELETE', image, { headers: withVersion('"4"') })).status).toBe(204);
    expect((await seen(handle)).thumbnail).toBe('https://images.example.com/speckled.jpg');
    expect((await staff('GET', image)).body.code).toBe('image_not_found');
    expect((await staff('POST', `${path}/images`, { body: { url: 'file:///etc/passwd' } })).status).toBe(400);
    expect((await staff('POST', `${path}/images`, { body: {} })).body.errors[0]).toMatchObject({
      pointer: '/url',
      code: 'required',
    });
  });

  it('are uploaded, kept under a name of our own and served for good', async () => {
    const { path, handle } = await create({ images: [] });
    const { status, body } = await upload(path, PNG, { alt: 'A pixel' });
    expect([status, body.alt]).toEqual([201, 'A pixel']);
    expect(body.url).toMatch(/^http:\/\/localhost:\d+\/media\/[0-9a-f-]{36}\.png$/);
    expect((await seen(handle)).thumbnail).toBe(body.url);
    expect((await page(handle)).body.images[0].url).toBe(body.url);
    const address = new URL(body.url).pathname;
    const served = await fetch(`${shop.url}${address}`);
    expect(Buffer.from(await served.arrayBuffer())).toEqual(PNG);
    expect(Object.fromEntries(served.headers)).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    const again = await fetch(`${shop.url}${address}`, { headers: { 'If-None-Match': served.headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  it('must be images, by their bytes', async () => {
    const { path } = await create();
    const before = stored();
    const svg = await upload(path, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'));
    expect([svg.status, svg.body.code]).toEqual([422, 'not_an_image']);
    expect((await upload(path, Buffer.alloc(0))).body.code).toBe('not_an_image');
    const big = await upload(path, Buffer.concat([PNG, Buffer.alloc(20 * 1024 * 1024)]));
    expect([big.status, big.body.code]).toEqual([413, 'payload_too_large']);
    expect((await upload(path, PNG, {}, 'picture')).body.errors[0].pointer).toBe('/picture');
    expect((await upload(path, PNG, { color: 'red' })).body.errors[0].pointer).toBe('/color');
    expect((await upload(`${PRODUCTS}/${encodeId('product', newUuid())}`, PNG)).status).toBe(404);
    expect(stored()).toEqual(before);
  });

  it.each(['..%2f..%2fetc%2fpasswd', '%2e%2e', 'x.png', `${newUuid()}.svg`, `${newUuid()}.png`, '.hidden'])(
    'nothing else is served: %s',
    async (name) => {
      expect((await fetch(`${shop.url}/media/${name}`)).status).toBe(404);
    },
  );
});

describe('categories', () => {
  const make = async (body: object) => {
    const answer = await staff('POST', '/v1/admin/categories', { body });
    expect([answer.status, answer.body.code]).toEqual([201, undefined]);
    return { ...answer.body, etag: answer.headers.get('etag')!, path: answer.headers.get('location')! };
  };

  it('grow, and what is in them is found under their names at once', async () => {
    const root = await make({ title: 'Crockery', position: 5 });
    const child = await make({ title: 'Drinking Vessels', parentId: root.id });
    expect([root.handle, child.parentId, child.etag]).toEqual(['crockery', root.id, '"1"']);
    const { handle } = await create({ categoryIds: [child.id] });
    const inside = async (category: string) =>
      (await call('GET', `/v1/products?category=${category}`)).body.data.map((card: any) => card.handle);
    expect(await inside('crockery')).toEqual([handle]);

    const body = { title: 'Goblets', handle: 'goblets' };
    expect((await staff('PATCH', child.path, { body })).status).toBe(428);
    const renamed = await staff('PATCH', child.path, { body, headers: withVersion(child.etag) });
    expect(renamed.body).toMatchObject({ title: 'Goblets', version: 2, productCount: 1 });
    expect((await staff('PATCH', child.path, { body, headers: withVersion(child.etag) })).body).toMatchObject({
      code: 'version_mismatch',
      currentVersion: 2,
    });
    expect(await inside('goblets')).toEqual([handle]);
    expect((await call('GET', '/v1/products?q=goblet')).body.data[0].handle).toBe(handle);
    expect((await page(handle)).body.categories).toMatchObject([{ title: 'Goblets' }]);

    const moved = await staff('PATCH', child.path, { body: { parentId: null }, headers: withVersion('"2"') });
    expect(moved.body.parentId).toBeNull();
    expect(await inside('crockery')).toEqual([]);
    expect((await call('GET', '/v1/categories/goblets')).body).toMatchObject({
      productCount: 1,
      breadcrumb: [{ handle: 'goblets' }],
    });
  });

  it('never lie inside themselves, even when two are moved at once', async () => {
    const a = await make({ title: 'Ring A' });
    const b = await make({ title: 'Ring B', parentId: a.id });
    const c = await make({ title: 'Ring C', parentId: b.id });
    for (const parentId of [a.id, b.id, c.id]) {
      const answer = await staff('PATCH', a.path, { body: { parentId }, headers: withVersion(a.etag) });
      expect([answer.status, answer.body.code]).toEqual([422, 'category_cycle']);
    }
    const [x, y] = [await make({ title: 'Ring X' }), await make({ title: 'Ring Y' })];
    const both = await Promise.all([
      staff('PATCH', x.path, { body: { parentId: y.id }, headers: withVersion(x.etag) }),
      staff('PATCH', y.path, { body: { parentId: x.id }, headers: withVersion(y.etag) }),
    ]);
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 422]);
    const lost = await staff('POST', '/v1/admin/categories', {
      body: { title: 'Lost', parentId: encodeId('category', newUuid()) },
    });
    expect([lost.status, lost.body.code]).toEqual([422, 'unknown_category']);
  });

  it('are deleted when they are empty', async () => {
    const root = await make({ title: 'Full' });
    const child = await make({ title: 'Inside', parentId: root.id });
    await create({ categoryIds: [child.id], status: 'draft' });
    const full = await staff('DELETE', root.path, { headers: withVersion(root.etag) });
    expect(full.body).toMatchObject({ status: 409, code: 'category_not_empty', children: 1, products: 0 });
    expect((await staff('DELETE', child.path, { headers: withVersion(child.etag) })).body).toMatchObject({
      children: 0,
      products: 1,
    });
    const empty = await make({ title: 'Empty' });
    expect((await staff('DELETE', empty.path)).status).toBe(428);
    expect((await staff('DELETE', empty.path, { headers: withVersion(empty.etag) })).status).toBe(204);
    expect((await staff('GET', empty.path)).body.code).toBe('category_not_found');
  });

  it('have unique handles and are listed', async () => {
    const taken = await staff('POST', '/v1/admin/categories', { body: { title: 'Kitchen', handle: 'kitchen' } });
    expect([taken.status, taken.body.code]).toEqual([409, 'handle_taken']);
    expect((await make({ title: 'Kitchen' })).handle).toBe('kitchen-2');
    const { body } = await staff(
      'GET',
      `/v1/admin/categories?parentId=${encodeId('category', CATEGORIES.home)}&include=total`,
    );
    expect(body.data.map((row: any) => row.handle)).toEqual(['kitchen', 'bath']);
    expect(body.page.total).toBe(2);
    const first = (await staff('GET', '/v1/admin/categories?limit=3')).body;
    const second = (await staff('GET', `/v1/admin/categories?limit=3&cursor=${first.page.next}`)).body;
    const back = (await staff('GET', `/v1/admin/categories?limit=3&cursor=${second.page.prev}`)).body;
    expect(back.data).toEqual(first.data);
    expect((await staff('GET', '/v1/admin/categories?q=KITCH')).body.data.map((row: any) => row.handle)).toEqual([
      'kitchen-2',
      'kitchen',
    ]);
  });
});
