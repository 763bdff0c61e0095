import { Shop } from '../support/shop.js';

let shop: Shop;
let staff: string;
beforeAll(async () => {
  shop = await Shop.start();
  staff = await shop.staff('manager');
  for (const body of [
    { key: 'roast', label: 'Roast', type: 'choice', choices: ['Light', 'Medium', 'Dark'], position: 1 },
    { key: 'strength', label: 'Strength', type: 'number', position: 2 },
    { key: 'organic', label: 'Organic', type: 'boolean', position: 3 },
    { key: 'origin', label: 'Origin', type: 'text', position: 4 },
    { key: 'cost_center', label: 'Cost center', type: 'text', filterable: false },
  ])
    expect((await admin('POST', 'attributes', body)).status).toBe(201);
});
afterAll(async () => {
  await shop?.stop();
});

const admin = (method: string, path: string, body?: object, headers: Record<string, string> = { 'If-Match': '*' }) =>
  shop.call(method, `/v1/admin/${path}`, {
    bearer: staff,
    ...(body === undefined ? {} : { body }),
    headers: method === 'POST' || method === 'GET' ? {} : headers,
  });

/** A product with these values, by its handle; answers its id. */
async function product(handle: string, attributes: object, more: object = {}): Promise<string> {
  const { status, body } = await admin('POST', 'products', {
    title: `Coffee ${handle}`,
    handle,
    status: 'active',
    productType: 'Coffee',
    attributes,
    variants: [{ trackInventory: false, prices: [{ amount: 1000, currency: 'USD' }] }],
    ...more,
  });
  expect([status, body.errors]).toEqual([201, undefined]);
  return body.id;
}
const found = async (query: string) => {
  const { status, body } = await shop.call('GET', `/v1/products?sort=title&${query}`);
  expect([query, status]).toEqual([query, 200]);
  return body.data.map((card: any) => card.handle);
};
const attributesOf = async (handle: string) => (await shop.call('GET', `/v1/products/${handle}`)).body.attributes;
const facet = async (key: string, query = '') =>
  (await shop.call('GET', `/v1/products/facets?${query}`)).body.data.find((one: any) => one.key === key);

describe('attributes of products', () => {
  it('stand on the page, filter lists and are counted, each with all filters but its own', async () => {
    await product('a-dark', { roast: 'dark', strength: 4.5, organic: true, origin: 'Peru', cost_center: 'X1' });
    await product('b-light', { roast: 'Light', strength: 2, organic: false, origin: 'Peru, north' });
    await product('c-none', {});
    expect(await attributesOf('a-dark')).toEqual([
      { key: 'cost_center', label: 'Cost center', value: 'X1' },
      { key: 'roast', label: 'Roast', value: 'Dark' },
      { key: 'strength', label: 'Strength', value: 4.5 },
      { key: 'organic', label: 'Organic', value: true },
      { key: 'origin', label: 'Origin', value: 'Peru' },
    ]);
    expect(await attributesOf('c-none')).toBeUndefined();

    expect(await found('attribute.roast=DARK')).toEqual(['a-dark']);
    expect(await found('attribute.roast=Dark,Light&attribute.organic=true')).toEqual(['a-dark']);
    expect(await found('attribute.origin=peru, north')).toEqual(['a-dark', 'b-light']);
    expect(await found('attribute.strength=4.50')).toEqual(['a-dark']);
    expect(await found('attribute.strength[gte]=2&attribute.strength[lte]=4')).toEqual(['b-light']);
    expect(await found('attribute.strength[gte]=-1')).toEqual(['a-dark', 'b-light']);
    expect(await found('attribute.strength[gte]=2.000001')).toEqual(['a-dark']);
    expect(await found('attribute.strength[lte]=2&attribute.roast=light')).toEqual(['b-light']);
    expect(await found('productType=coffee&q=peru')).toEqual(['a-dark', 'b-light']);

    expect(await facet('attribute.roast', 'attribute.roast=Dark')).toEqual({
      key: 'attribute.roast',
      label: 'Roast',
      values: [
        { value: 'Dark', label: 'Dark', count: 1 },
        { value: 'Light', label: 'Light', count: 1 },
      ],
    });
    expect((await facet('attribute.organic', 'attribute.roast=Dark')).values).toEqual([
      { value: 'true', label: 'true', count: 1 },
    ]);
    expect(await facet('attribute.cost_center')).toBeUndefined();
    expect((await facet('productType')).values).toEqual([{ value: 'Coffee', label: 'Coffee', count: 3 }]);
  });

  it('refuse filters that the shop does not have, by name', async () => {
    for (const [query, code, pointer] of [
      ['attribute.color=red', 'unknown_parameter', 'attribute.color'],
      ['attribute.cost_center=X1', 'unknown_parameter', 'attribute.cost_center'],
      ['attribute.roast[gte]=1', 'invalid_parameter', 'attribute.roast[gte]'],
      ['attribute.strength[lte]=much', 'invalid_parameter', 'attribute.strength[lte]'],
    ]) {
      for (const path of ['/v1/products', '/v1/products/facets']) {
        const { status, body } = await shop.call('GET', `${path}?${query}`);
        expect([query, status, body.code, body.errors[0].pointer]).toEqual([query, 400, code, pointer]);
      }
    }
  });

  it('change one by one, and name each value that cannot be', async () => {
    const id = await product('changing', { roast: 'Dark', origin: 'Chile' });
    const { body } = await admin('PATCH', `products/${id}`, { attributes: { origin: null, organic: true } });
    expect(body.attributes).toEqual({ roast: 'Dark', organic: true });
    const wrong = await admin('PATCH', `products/${id}`, {
      attributes: { roast: 'Burnt', strength: 'strong', organic: null, 'no/such': 1 },
    });
    expect([wrong.status, wrong.body.errors.map((one: any) => one.pointer).sort()]).toEqual([
      400,
      ['/attributes/no~1such', '/attributes/roast', '/attributes/strength'],
    ]);
    expect((await admin('GET', `products/${id}`)).body.attributes).toEqual({ roast: 'Dark', organic: true });
    for (const attributes of [[], 'x', null, { roast: ['Dark'] }, { roast: { a: 1 } }]) {
      const answer = await admin('PATCH', `products/${id}`, { attributes });
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/attributes']);
    }
    await Promise.all(
      ['strength', 'origin'].map((key) =>
        admin('PATCH', `products/${id}`, { attributes: { [key]: key === 'strength' ? 3 : 'Kenya' } }),
      ),
    );
    expect((await admin('GET', `products/${id}`)).body.attributes).toEqual({
      roast: 'Dark',
      organic: true,
      strength: 3,
      origin: 'Kenya',
    });
  });

  it('decide which collections a product is in', async () => {
    await product('strong', { strength: 9 });
    const condition = { field: 'attribute', attribute: 'strength', operator: 'gte', value: '8.0' };
    const rule = { match: 'all', conditions: [condition] };
    const made = await admin('POST', 'collections', { title: 'Strong ones', rule });
    expect(made.body.rule.conditions).toEqual([{ ...condition, value: '8' }]);
    const inside = async () =>
      (await shop.call('GET', '/v1/collections/strong-ones/products?sort=title')).body.data.map((c: any) => c.handle);
    await shop.until(async () => (await inside()).length === 1, 'the rule to be asked');
    await product('stronger', { strength: 10 });
    expect(await inside()).toEqual(['strong', 'stronger']);
    const odd = await admin('POST', 'collections', {
      title: 'Odd',
      rule: {
        match: 'any',
        conditions: [
          { ...condition, attribute: 'color' },
          { ...condition, attribute: 'roast' },
          { ...condition, value: 'much' },
          { ...condition, attribute: undefined },
        ],
      },
    });
    expect([odd.status, odd.body.errors.map((one: any) => one.pointer)]).toEqual([
      400,
      ['/rule/conditions/3/attribute'],
    ]);
    const unknown = await admin('POST', 'collections', {
      title: 'Odd',
      rule: {
        match: 'any',
        conditions: [
          { ...condition, attribute: 'color' },
          { ...condition, attribute: 'roast' },
          { ...condition, value: 'much' },
        ],
      },
    });
    expect([unknown.status, unknown.body.errors.map((one: any) => one.pointer)]).toEqual([
      400,
      ['/rule/conditions/0/attribute', '/rule/conditions/1/operator', '/rule/conditions/2/value'],
    ]);
  });
});

describe('attributes themselves', () => {
  it('follow the rules of their type, and are changed by one at a time', async () => {
    for (const [body, pointer] of [
      [{ key: 'Bad Key', label: 'x', type: 'text' }, '/key'],
      [{ key: 'ok', label: 'x', type: 'choice' }, '/choices'],
      [{ key: 'ok', label: 'x', type: 'text', choices: ['a'] }, '/choices'],
      [{ key: 'ok', label: 'x', type: 'choice', choices: ['a', 'A '] }, '/choices'],
      [{ key: 'ok', label: 'x', type: 'choice', choices: ['a', ' '] }, '/choices/1'],
      [{ key: 'ok', label: 'x', type: 'text', filterable: false, facetable: true }, '/facetable'],
    ] as const) {
      const answer = await admin('POST', 'attributes', body);
      expect([answer.status, answer.body.errors?.[0].pointer]).toEqual([400, pointer]);
    }
    const twice = await Promise.all(
      [1, 2].map(() => admin('POST', 'attributes', { key: 'finish', label: 'Finish', type: 'text' })),
    );
    expect(twice.map(({ status, body }) => [status, body.id])).toEqual([
      [201, twice[0]!.body.id],
      [201, twice[0]!.body.id],
    ]);
    expect((await admin('POST', 'attributes', { key: 'finish', label: 'Other', type: 'text' })).status).toBe(409);
    const { body } = twice.find(({ status }) => status === 201)!;
    const both = await Promise.all(
      ['One', 'Two'].map((label) => admin('PATCH', `attributes/${body.id}`, { label }, { 'If-Match': '"1"' })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    const list = await admin('GET', 'attributes?limit=2&include=total');
    expect([list.body.data.map((one: any) => one.key), list.body.page.total]).toEqual([['cost_center', 'finish'], 6]);
  });

  it('keep the choices that products have, and let pages follow a new label', async () => {
    await product('medium', { roast: 'Medium' });
    const { body } = await admin('GET', 'attributes');
    const roast = body.data.find((one: any) => one.key === 'roast');
    const refused = await admin('PATCH', `attributes/${roast.id}`, { choices: ['Light', 'Dark'] });
    expect([refused.status, refused.body.code, refused.body.choices]).toEqual([
      409,
      'attribute_choice_in_use',
      ['Medium'],
    ]);
    const more = await admin('PATCH', `attributes/${roast.id}`, {
      choices: ['Light', 'Medium', 'Dark', 'Espresso'],
      label: 'Roasting',
    });
    expect(more.status).toBe(200);
    await shop.until(async () => (await attributesOf('medium'))[0].label === 'Roasting', 'the page to follow');
  });

  it('go at once for whoever filters, then off the products, and leave their key to others', async () => {
    const made = await admin('POST', 'attributes', { key: 'fleeting', label: 'Fleeting', type: 'text' });
    const id = await product('short-lived', { fleeting: 'x', roast: 'Dark' });
    expect(await found('attribute.fleeting=x')).toEqual(['short-lived']);
    expect((await admin('DELETE', `attributes/${made.body.id}`)).status).toBe(204);
    expect((await shop.call('GET', '/v1/products?attribute.fleeting=x')).status).toBe(400);
    expect((await admin('GET', `attributes/${made.body.id}`)).body.code).toBe('attribute_not_found');
    await shop.quiet();
    expect((await admin('GET', `products/${id}`)).body.attributes).toEqual({ roast: 'Dark' });
    expect((await attributesOf('short-lived')).map((one: any) => one.key)).toEqual(['roast']);
    const again = await admin('POST', 'attributes', { key: 'fleeting', label: 'Again', type: 'number' });
    expect(again.status).toBe(201);
    expect(await found('attribute.fleeting[gte]=0')).toEqual([]);
  });

  it('leave no value behind when one is written while its attribute is deleted', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, (_, i) => product(`racing-${i}`, {})));
    const made = await admin('POST', 'attributes', { key: 'raced', label: 'Raced', type: 'number' });
    await Promise.all([
      ...ids.slice(0, 4).map((id) => admin('PATCH', `products/${id}`, { attributes: { raced: 1 } })),
      admin('DELETE', `attributes/${made.body.id}`),
      ...ids.slice(4).map((id) => admin('PATCH', `products/${id}`, { attributes: { raced: 2 } })),
    ]);
    await shop.quiet();
    const left = await shop.db.query(
      `SELECT 1 FROM products WHERE attributes ? 'raced' UNION ALL SELECT 1 FROM attribute_definitions WHERE key = 'raced'
       UNION ALL SELECT 1 FROM product_listings WHERE array_to_string(attributes, ' ') LIKE '%raced=%'`,
    );
    expect(left).toEqual([]);
  });
});

describe('categories', () => {
  it('say what search engines show', async () => {
    const seo = { title: 'Coffee beans, fresh', description: 'Roasted every day' };
    const { body } = await admin('POST', 'categories', { title: 'Beans', seo });
    expect(body.seo).toEqual(seo);
    await admin('PATCH', `categories/${body.id}`, { seo: { description: null } });
    const seen = await shop.call('GET', '/v1/categories/beans');
    expect(seen.body.seo).toEqual({ title: 'Coffee beans, fresh', description: null });
  });
});
