import { SalesCounter } from '../../src/modules/orders/count-sales.job.js';
import { ProductListings } from '../../src/modules/catalog/index.js';
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

const admin = (method: string, path: string, body?: object, etag = '*') =>
  shop.call(method, `/v1/admin/${path}`, {
    bearer: staff,
    ...(body === undefined ? {} : { body }),
    headers: method === 'POST' || method === 'GET' ? {} : { 'If-Match': etag },
  });

/** A product that is called so. */
async function named(handle: string, title: string): Promise<string> {
  const variantId = await shop.product({ stock: 100, handle });
  const { id } = (await shop.call('GET', `/v1/products/${handle}`)).body;
  await admin('PATCH', `products/${id}`, { title });
  return variantId;
}

const found = async (q: string): Promise<string[]> =>
  (await shop.call('GET', `/v1/products?q=${encodeURIComponent(q)}`)).body.data.map((card: any) => card.handle).sort();

describe('synonyms', () => {
  beforeAll(async () => {
    await named('velvet-sofa', 'Velvet sofa');
    await named('leather-couch', 'Leather couch');
    await named('smartphone-x', 'Smartphone X');
  });

  it('lead to each other as soon as they are written, in lists, facets and suggestions, until they are deleted', async () => {
    expect([await found('sofa'), await found('couch')]).toEqual([['velvet-sofa'], ['leather-couch']]);
    const made = await admin('POST', 'synonyms', { terms: ['Sofa', 'couch', 'chesterfield', 'SOFA'] });
    expect([made.status, made.body.terms, made.body.targets]).toEqual([201, ['Sofa', 'couch', 'chesterfield'], []]);
    expect(made.headers.get('location')).toBe(`/v1/admin/synonyms/${made.body.id}`);
    const both = ['leather-couch', 'velvet-sofa'];
    for (const q of ['sofa', 'couch', 'sofas', 'Chesterfield', 'chestrefield'])
      expect([q, await found(q)]).toEqual([q, both]);
    expect(await found('velvet chesterfield')).toEqual(['velvet-sofa']);
    const facets = (await shop.call('GET', '/v1/products/facets?q=chesterfield')).body.data;
    expect(facets.find((facet: any) => facet.key === 'price').values[0].count).toBe(2);
    const suggested = (await shop.call('GET', '/v1/search/suggest?q=chesterfield')).body.data;
    expect(suggested.map((one: any) => one.handle).sort()).toEqual(both);

    const changed = await admin(
      'PATCH',
      `synonyms/${made.body.id}`,
      { targets: ['couch'], terms: ['chesterfield'] },
      '"1"',
    );
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect([await found('chesterfield'), await found('couch')]).toEqual([['leather-couch'], ['leather-couch']]);
    expect((await admin('DELETE', `synonyms/${made.body.id}`, undefined, '"1"')).status).toBe(412);
    expect((await admin('DELETE', `synonyms/${made.body.id}`, undefined, '"2"')).status).toBe(204);
    expect((await admin('GET', `synonyms/${made.body.id}`)).body.code).toBe('synonym_group_not_found');
    expect(await found('chesterfield')).toEqual([]);
  });

  it('of several words lead one way', async () => {
    await admin('POST', 'synonyms', { terms: ['mobile phone', 'cell'], targets: ['smartphone'] });
    expect([await found('mobile phone'), await found('cell')]).toEqual([['smartphone-x'], ['smartphone-x']]);
    expect((await admin('GET', 'synonyms?include=total')).body.page.total).toBe(1);
  });

  it('are seen by other processes within seconds', async () => {
    expect(await found('divan')).toEqual([]);
    await shop.db.query(
      `INSERT INTO synonym_groups (id, terms) VALUES ('01920000-0000-7000-8000-00000000aaaa', '{divan,sofa}')`,
    );
    await shop.until(async () => (await found('divan')).length === 1, 'the synonym of another process');
  });

  it.each([
    [{ terms: ['sofa'] }, '/terms'],
    [{ terms: ['sofa', 'Sofa!'] }, '/terms'],
    [{ terms: ['sofa', '!!!'] }, '/terms/1'],
    [{ terms: ['sofa'], targets: ['one two three four five six'] }, '/targets/0'],
    [{ terms: [] }, '/terms'],
  ])('that say nothing are refused: %j', async (body, pointer) => {
    const answer = await admin('POST', 'synonyms', body);
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer]);
  });

  it('are audited, and for staff that may write the catalog', async () => {
    const { body } = await admin('POST', 'synonyms', { terms: ['a', 'b'] });
    const owner = await shop.staff('owner');
    const log = await shop.call('GET', `/v1/admin/audit-log?recordType=synonym_groups&action=insert`, {
      bearer: owner,
    });
    expect(log.body.data[0].after).toMatchObject({ terms: ['a', 'b'] });
    const support = await shop.staff('support');
    const refused = await shop.call('DELETE', `/v1/admin/synonyms/${body.id}`, {
      bearer: support,
      headers: { 'If-Match': '*' },
    });
    expect(refused.status).toBe(403);
  });
});

describe('the best-selling', () => {
  const count = () => shop.app.get(SalesCounter, { strict: false }).handle();
  const bestSelling = async (query = '') =>
    (await shop.call('GET', `/v1/products?sort=bestSelling${query}`)).body.data.map((card: any) => card.handle);
  const variants: Record<string, string> = {};
  const buy = async (handle: string, quantity: number) => {
    const cart = await shop.cart([{ variantId: variants[handle]!, quantity }]);
    const { body } = await shop.checkout(cart, { paymentMethod: 'manual' });
    return body.order.id as string;
  };

  beforeAll(async () => {
    for (const handle of ['sold-a', 'sold-b', 'sold-c']) variants[handle] = await shop.product({ stock: 1000, handle });
  });

  it('come first, as orders are confirmed and canceled', async () => {
    await buy('sold-b', 3);
    const canceled = await buy('sold-c', 20);
    await buy('sold-a', 2);
    await count();
    expect((await bestSelling()).slice(0, 3)).toEqual(['sold-c', 'sold-b', 'sold-a']);
    const done = await shop.call('POST', `/v1/admin/orders/${canceled}/cancel`, {
      bearer: staff,
      body: {},
      headers: { 'If-Match': '*', 'Idempotency-Key': 'cancel-sold-c' },
    });
    expect(done.status).toBe(200);
    await count();
    expect((await bestSelling()).slice(0, 2)).toEqual(['sold-b', 'sold-a']);
    expect((await bestSelling()).indexOf('sold-c')).toBeGreaterThan(1);
  });

  it('are those of these days: a piece sold a month earlier counts half as much', async () => {
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString();
    // 2 pieces today against 3 of 30 days ago, which are worth 1.5.
    await shop.db.query(
      `UPDATE orders SET placed_at = $1 WHERE id IN (SELECT order_id FROM order_lines WHERE quantity = 3)`,
      [day(30)],
    );
    await shop.db.query(`DELETE FROM product_sales`);
    await count();
    expect((await bestSelling()).slice(0, 2)).toEqual(['sold-a', 'sold-b']);
  });

  it('writes nothing when nothing was sold, and a product that comes back keeps its place', async () => {
    const before = await shop.db.query(`SELECT product_id, xmin::text FROM product_listings ORDER BY product_id`);
    await count();
    expect(await shop.db.query(`SELECT product_id, xmin::text FROM product_listings ORDER BY product_id`)).toEqual(
      before,
    );
    const { id } = (await shop.call('GET', '/v1/products/sold-a')).body;
    await admin('PATCH', `products/${id}`, { status: 'archived' });
    expect(await bestSelling()).not.toContain('sold-a');
    await admin('PATCH', `products/${id}`, { status: 'active' });
    expect((await bestSelling())[0]).toBe('sold-a');
    await shop.db.transaction((tx) =>
      shop.app.get(ProductListings, { strict: false }).refresh(tx, [decodeId('product', id)!]),
    );
    expect((await bestSelling())[0]).toBe('sold-a');
  });

  it('are paged by cursor, and are an order of collections', async () => {
    const pages: string[] = [];
    for (let cursor = ''; ;) {
      const { data, page } = (await shop.call('GET', `/v1/products?sort=bestSelling&limit=2${cursor}`)).body;
      pages.push(...data.map((card: any) => card.handle));
      if (!page.next) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(pages).toEqual(await bestSelling('&limit=100'));
    const rule = { match: 'all', conditions: [{ field: 'vendor', operator: 'is', value: 'Acme' }] };
    const made = await admin('POST', 'collections', { title: 'What sells', rule, sort: 'bestSelling' });
    expect(made.status).toBe(201);
    await shop.until(async () => {
      const { data } = (await shop.call('GET', '/v1/collections/what-sells/products')).body;
      return data[0]?.handle === 'sold-a' && data[1]?.handle === 'sold-b';
    }, 'the collection');
  });

  it('lose what is canceled late, weeks after it was sold', async () => {
    await buy('sold-b', 4);
    const late = await buy('sold-c', 50);
    await shop.db.query(`UPDATE orders SET placed_at = now() - interval '20 days' WHERE id = $1`, [
      decodeId('order', late),
    ]);
    await shop.db.query(`DELETE FROM product_sales`);
    await count();
    expect((await bestSelling())[0]).toBe('sold-c');
    const canceled = await shop.call('POST', `/v1/admin/orders/${late}/cancel`, {
      bearer: staff,
      body: {},
      headers: { 'If-Match': '*', 'Idempotency-Key': 'cancel-late' },
    });
    expect(canceled.status).toBe(200);
    await count();
    expect((await bestSelling()).indexOf('sold-c')).toBeGreaterThan(1);
    const sales = await shop.db.query(
      `SELECT FROM product_sales WHERE day < current_date - 5 AND day > current_date - 25`,
    );
    expect(sales).toEqual([]);
  });

  it('are right after a crash in the middle of the count, at the next one', async () => {
    const rank = async () => (await bestSelling()).indexOf('sold-c');
    await buy('sold-a', 150);
    await count();
    const before = await rank();
    expect(before).toBeGreaterThan(0);
    await buy('sold-c', 200);
    await shop.db.query(
      `CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the power went out'; END $$`,
    );
    await shop.db.query(
      `CREATE TRIGGER crash BEFORE UPDATE OF popularity ON product_listings FOR EACH ROW EXECUTE FUNCTION crash()`,
    );
    await expect(count()).rejects.toThrow('the power went out');
    await shop.db.query(`DROP FUNCTION crash CASCADE`);
    expect(await rank()).toBe(before);
    await count();
    expect(await rank()).toBe(0);
  });
});

it('what lists show of sales is right again a day or two later, whatever they were made to show', async () => {
  const counter = shop.app.get(SalesCounter, { strict: false });
  const handles = ['healed-a', 'healed-b'];
  for (const [i, handle] of handles.entries()) {
    const cart = await shop.cart([{ variantId: await shop.product({ stock: 100, handle }), quantity: 1 + i }]);
    await shop.checkout(cart, { paymentMethod: 'manual' });
  }
  await counter.handle();
  const shown = () =>
    shop.db.query(`SELECT handle, popularity FROM product_listings WHERE handle = ANY($1) ORDER BY handle`, [handles]);
  const before = await shown();
  await shop.db.query(`UPDATE product_listings SET popularity = 7 WHERE handle = ANY($1)`, [handles]);
  expect(await shown()).not.toEqual(before);
  for (let run = 0, at = Date.now(); run <= 370; run += 1, at += 300_000) await counter.heal(at);
  expect(await shown()).toEqual(before);
});
