import { FacetCounts } from '../../src/modules/catalog/facet-counts/facet-counts.service.js';
import { Shop } from '../support/shop.js';
import { countedLive, countedWhole, differences } from '../support/facet-counts.js';
import { seeded } from '../support/fuzz/oddities.js';
import { SEED } from '../support/rounds.js';

const EDITS = process.env.EMPORIUM_TEST_FULL === '1' ? 600 : 150;
const VENDORS = ['', 'Acme', 'ACME', 'acme', 'Holm Pottery', 'Ångström'];
const TYPES = ['', 'Mug', 'mug', 'Lamp'];
const COLORS = ['Red', 'red', 'RED', 'Blue', 'Grün'];
const SIZES = ['S', 'M', 's'];
const ROASTS = ['Dark', 'dark', 'Light'];
const PRICES = [0, 99, 100, 199, 200, 499, 500, 999, 1000, 4999, 123_456];

let shop: Shop;
let staff: string;
beforeAll(async () => {
  shop = await Shop.start({ stripe: false });
  staff = await shop.staff();
});
afterAll(() => shop?.stop());

const random = seeded(SEED);
const int = (n: number) => Math.floor(random() * n);
const one = <T>(list: readonly T[]): T => list[int(list.length)]!;
const some = <T>(list: readonly T[]): T[] => list.filter(() => random() < 0.4);

const admin = (method: string, path: string, body?: object) =>
  shop.call(method, `/v1/admin/${path}`, {
    bearer: staff,
    ...(body === undefined ? {} : { body }),
    headers: method === 'POST' || method === 'GET' ? {} : { 'If-Match': '*' },
  });
const answers = { done: 0, refused: 0 };
/** What must have gone well, or have met a rule of the shop: never a mistake of the server. */
async function done(answer: ReturnType<typeof admin>): Promise<any> {
  const { status, body } = await answer;
  if (status >= 500 || status === 400) throw new Error(`seed ${SEED}: ${status} ${JSON.stringify(body)}`);
  answers[status < 300 ? 'done' : 'refused'] += 1;
  return status < 300 ? body : undefined;
}

let roast: string;
const categories: string[] = [];
const collections: string[] = [];
const products: { id: string; handle: string; variants: string[] }[] = [];
const prices = () => [
  { currency: 'USD', amount: one(PRICES) },
  ...(random() < 0.5 ? [{ currency: 'EUR', amount: one(PRICES) }] : []),
];
const rule = () =>
  one([
    { match: 'all', conditions: [{ field: 'vendor', operator: 'is', value: 'acme' }] },
    { match: 'all', conditions: [{ field: 'price', operator: 'lte', value: '500', currency: 'USD' }] },
    { match: 'any', conditions: [{ field: 'tag', operator: 'is', value: 'sale' }, { field: 'type', operator: 'is', value: 'mug' }] },
  ]); // prettier-ignore
const said = () => ({
  vendor: one(VENDORS),
  productType: one(TYPES),
  tags: some(['sale', 'new']),
  categoryIds: some(categories),
  attributes: { roast: one([null, ...ROASTS]), organic: one([null, true, false]) },
});

let made = 0;
async function create(): Promise<void> {
  const handle = `thing-${(made += 1)}`;
  const size = one(['Size', 'size']);
  const kinds = [...new Set(Array.from({ length: 1 + int(3) }, () => `${int(COLORS.length)}/${int(SIZES.length)}`))];
  const body = await done(
    admin('POST', 'products', {
      ...said(),
      title: `Thing ${handle}`,
      handle,
      status: one(['active', 'active', 'active', 'draft']),
      options: ['Color', size],
      variants: kinds.map((kind) => {
        const [color, measure] = kind.split('/').map(Number);
        const options = { Color: COLORS[color!], [size]: SIZES[measure!] };
        return { trackInventory: random() < 0.5, prices: prices(), options };
      }),
    }),
  );
  if (body) products.push({ id: body.id, handle, variants: body.variants.map((variant: any) => variant.id) });
}

async function importFile(): Promise<void> {
  const rows = Array.from({ length: 5 }, () => {
    const known = products.length > 0 && random() < 0.5 ? one(products).handle : `imported-${int(20)}`;
    return `${known},Thing ${known},${one(VENDORS)},${one(TYPES)},active,${(one(PRICES) / 100).toFixed(2)}`;
  });
  const form = new FormData();
  form.append(
    'file',
    new Blob([['Handle,Title,Vendor,Type,Status,Variant Price', ...rows].join('\n')]),
    'products.csv',
  );
  const answer = await fetch(`${shop.url}/v1/admin/imports`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${staff}` },
    body: form,
  });
  expect(answer.status).toBe(202);
  await shop.quiet();
}

const EDITS_OF_STAFF: (() => Promise<unknown>)[] = [
  create,
  create,
  create,
  importFile,
  () => done(admin('PATCH', `products/${one(products).id}`, said())),
  () => done(admin('PATCH', `products/${one(products).id}`, { title: `Thing ${int(1e6)}`, tags: some(['sale']) })),
  () => done(admin('PATCH', `products/${one(products).id}`, { status: one(['active', 'draft', 'archived']) })),
  () => done(admin('DELETE', `products/${products.splice(int(products.length), 1)[0]!.id}`)),
  async () => {
    const { id, variants } = one(products);
    await done(admin('PATCH', `products/${id}/variants/${one(variants)}`, { prices: prices() }));
  },
  async () => {
    const variantId = one(one(products).variants);
    await shop.call('POST', '/v1/admin/stock-adjustments', {
      bearer: staff,
      key: `stock-${random()}`,
      body: { variantId, onHand: int(2), reason: 'counted' },
    });
  },
  async () => {
    const body = await done(admin('POST', 'categories', { title: `Category ${categories.length}`, parentId: one([null, ...categories]) }));
    if (body) categories.push(body.id);
  }, // prettier-ignore
  () => done(admin('PATCH', `categories/${one(categories)}`, { parentId: one([null, ...categories]) })),
  async () => {
    const body = await done(admin('POST', 'collections', { title: `Collection ${collections.length}`, rule: rule(), onlyAvailable: random() < 0.5 }));
    if (body) collections.push(body.id);
  }, // prettier-ignore
  () => done(admin('PATCH', `collections/${one(collections)}`, { rule: rule(), onlyAvailable: random() < 0.5 })),
  () => done(admin('PATCH', `attributes/${roast}`, { facetable: random() < 0.5 })),
  () => shop.app.get(FacetCounts, { strict: false }).fold(),
];

/** Category and collection counts as the listings give them, and as storefronts are told. */
async function compareCounts(currency: string): Promise<void> {
  // Rules of collections are asked by a job.
  await shop.quiet();
  const live = await shop.db.query<{ handle: string; n: number }>(
    `SELECT c.handle, (SELECT count(*) FROM product_listings l WHERE l.currency = $1 AND l.category_ids @> ARRAY[c.id]) AS n FROM categories c
     UNION ALL SELECT c.handle, (SELECT count(*) FROM product_listings l WHERE l.currency = $1 AND l.collection_ids @> ARRAY[c.id]
       AND (l.available OR NOT c.only_available)) FROM collections c`,
    [currency],
  );
  const headers = { 'X-Currency': currency };
  const flat = (nodes: any[]): any[] => nodes.flatMap((node) => [node, ...flat(node.children)]);
  const tree = flat((await shop.call('GET', '/v1/categories', { headers })).body.data);
  const listed = (await shop.call('GET', '/v1/collections?limit=100', { headers })).body.data;
  const told = Object.fromEntries([...tree, ...listed].map((row: any) => [row.handle, row.productCount]));
  expect(told).toEqual(Object.fromEntries(live.map(({ handle, n }) => [handle, n])));
}

it(`the whole shop is counted as its listings give it, whatever ${EDITS} edits did (seed ${SEED})`, async () => {
  roast = (await done(admin('POST', 'attributes', { key: 'roast', label: 'Roast', type: 'text', position: 1 }))).id;
  await done(admin('POST', 'attributes', { key: 'organic', label: 'Organic', type: 'boolean', position: 2 }));
  for (let i = 0; i < 3; i += 1) {
    categories.push((await done(admin('POST', 'categories', { title: `Root ${i}` }))).id);
    collections.push((await done(admin('POST', 'collections', { title: `First ${i}`, rule: rule() }))).id);
  }
  for (let i = 0; i < 8; i += 1) await create();
  for (let edit = 1; edit <= EDITS; edit += 1) {
    while (products.length < 5) await create();
    await one(EDITS_OF_STAFF)();
    expect(await differences(shop.db)).toEqual([]);
    for (const currency of edit % 5 === 0 ? ['USD', 'EUR'] : []) {
      for (const inStock of [false, true])
        expect(await countedWhole(shop.db, currency, inStock)).toEqual(await countedLive(shop.db, currency, inStock));
      await compareCounts(currency);
    }
  }
  // Rules of the shop refuse some of what chance asks for; what most of it did is what was compared.
  expect(answers.refused).toBeLessThan(answers.done / 4);
  await shop.quiet();
  const { data, page } = (await shop.call('GET', '/v1/products?include=total&limit=100')).body;
  expect([data.length, page.total]).toEqual([Math.min(page.total, 100), page.total]);
  expect((await shop.db.query(`SELECT 1 FROM product_listings WHERE currency = 'USD'`)).length).toBe(page.total);
  await shop.app.get(FacetCounts, { strict: false }).fold();
  expect(await countedWhole(shop.db, 'USD')).toEqual(await countedLive(shop.db, 'USD'));
  const [rows] = await shop.db.query<{ rows: number; values: number }>(
    `SELECT count(*) AS rows, count(DISTINCT (currency, kind, text, label)) AS values FROM facet_counts`,
  );
  expect(rows!.rows).toBe(rows!.values);
}, 240_000);
