import { Shop } from '../support/shop.js';

/** What admins make and nothing could tell apart: pressed twice, or sent again when an answer was lost, it is there once. */
describe('the same again', () => {
  let shop: Shop;
  let owner: string;
  beforeAll(async () => {
    shop = await Shop.start();
    owner = await shop.staff();
  });
  afterAll(async () => {
    await shop?.stop();
  });

  const create = (path: string, body: unknown) => shop.call('POST', `/v1/admin/${path}`, { bearer: owner, body });
  const countOf = async (table: string) =>
    (await shop.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]!.n;

  async function product(): Promise<string> {
    const made = await create('products', { title: 'Tee', options: ['Size'] });
    expect(made.status).toBe(201);
    return made.body.id;
  }
  async function promotion(): Promise<string> {
    const action = { type: 'free_shipping' };
    const made = await create('promotions', { name: 'Coded', method: 'code', combinesWith: [], action });
    expect(made.status).toBe(201);
    return made.body.id;
  }

  it.each<[table: string, code: string, path: () => Promise<string> | string, body: object, other: object]>([
    ['tax_classes', 'tax_class_exists', () => 'tax-classes', { name: 'Medicine' }, { name: 'MEDICINE' }],
    [
      'shipping_profiles',
      'shipping_profile_exists',
      () => 'shipping-profiles',
      { name: 'Furniture', description: 'On a pallet' },
      { description: 'By two people' },
    ],
    [
      'markets',
      'markets_overlap',
      () => 'markets',
      { name: 'Switzerland', countries: ['CH', 'LI'], currency: 'CHF', pricesIncludeTax: true },
      { pricesIncludeTax: false },
    ],
    [
      'tax_rates',
      'tax_rate_exists',
      () => 'tax-rates',
      { name: 'Nevada', country: 'US', state: 'NV', ratePpm: 82_500 },
      { ratePpm: 90_000 },
    ],
    [
      'shipping_zones',
      'zones_overlap',
      () => 'shipping-zones',
      { name: 'Antarctica', countries: ['AQ'] },
      { name: 'Ice' },
    ],
    ['customer_groups', 'customer_group_exists', () => 'customer-groups', { name: 'Trade' }, { name: 'trade' }],
    [
      'roles',
      'role_name_taken',
      () => 'roles',
      { name: 'Photographer', permissions: ['catalog.read'] },
      { permissions: [] },
    ],
    [
      'attribute_definitions',
      'attribute_key_taken',
      () => 'attributes',
      { key: 'finish', label: 'Finish', type: 'choice', choices: ['Matte', 'Glossy'] },
      { choices: ['Matte'] },
    ],
    [
      'variants',
      'variant_exists',
      async () => `products/${await product()}/variants`,
      { options: { Size: 'XL' }, sku: 'TEE-XL', prices: [{ amount: 2900, currency: 'USD' }] },
      { prices: [{ amount: 2800, currency: 'USD' }] },
    ],
    [
      'promotion_codes',
      'promotion_code_taken',
      async () => `promotions/${await promotion()}/codes`,
      { code: 'SPRING', maxUses: 5 },
      { maxUses: 6 },
    ],
  ])('of %s answers what is there, something else is %s', async (table, code, pathOf, body, other) => {
    const path = await pathOf();
    const before = await countOf(table);
    // At once and later.
    const answers = [...(await Promise.all([1, 2, 3].map(() => create(path, body)))), await create(path, body)];
    const { id } = answers[0]!.body;
    expect(answers.map((answer) => [answer.status, answer.body.id])).toEqual(answers.map(() => [201, id]));
    expect(await countOf(table)).toBe(before + 1);
    const refused = await create(path, { ...body, ...other });
    expect([refused.status, refused.body.code, await countOf(table)]).toEqual([409, code, before + 1]);
  });

  it('of a variant is no change of its product', async () => {
    const path = `products/${await product()}/variants`;
    const etags = [];
    for (let turn = 0; turn < 2; turn += 1)
      etags.push((await create(path, { options: { Size: 'XS' } })).headers.get('etag'));
    expect(etags).toEqual(['"2"', '"2"']);
  });

  it('of an attribute that was deleted is a new one', async () => {
    const body = { key: 'gone', label: 'Gone', type: 'text' };
    const made = await create('attributes', body);
    const path = `/v1/admin/attributes/${made.body.id}`;
    const { headers } = await shop.call('GET', path, { bearer: owner });
    await shop.call('DELETE', path, { bearer: owner, headers: { 'If-Match': headers.get('etag')! } });
    // Until its values are off all products the key is taken.
    const again = await shop.until(async () => {
      const answer = await create('attributes', body);
      return answer.status !== 409 && answer;
    }, 'the key is free');
    expect([again.status, again.body.id === made.body.id]).toEqual([201, false]);
    expect((await shop.call('GET', `/v1/admin/attributes/${again.body.id}`, { bearer: owner })).status).toBe(200);
  });

  it('of a promotion code that was disabled is taken', async () => {
    const path = `promotions/${await promotion()}/codes`;
    const made = await create(path, { code: 'WITHDRAWN' });
    await shop.db.query(`UPDATE promotion_codes SET disabled_at = now() WHERE code = 'WITHDRAWN'`);
    expect([made.status, (await create(path, { code: 'WITHDRAWN' })).body.code]).toEqual([201, 'promotion_code_taken']);
  });
});
