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
      { key: 'finish', label: 'Finish', type: 'choice', choices: ['Matt', 'Glossy'] },
      { choices: ['Matt'] },
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
    [
      'customers',
      'email_taken',
      () => 'customers',
      { email: 'mary@example.com', firstName: 'Mary', tags: ['wholesale'] },
      { firstName: 'Marie' },
    ],
  ])('of %s answers what is there, something else is %s', async (table, code, pathOf, body, other) => {
    const path = await pathOf();
    const before = await countOf(table);
    const [first, second] = [await create(path, body), await create(path, body)];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect([second.body.id, await countOf(table)]).toEqual([first.body.id, before + 1]);
    const refused = await create(path, { ...body, ...other });
    expect([refused.status, refused.body.code, await countOf(table)]).toEqual([409, code, before + 1]);
  });

  it('of a customer who has chosen a password is no way to send mails to them', async () => {
    const body = { email: 'ines@example.com', firstName: 'Ines' };
    const made = await create('customers', body);
    await shop.db.query(`UPDATE customers SET password_hash = 'x' WHERE lower(email) = $1`, [body.email]);
    expect([made.status, (await create('customers', body)).status]).toEqual([201, 409]);
  });
});
