import { encodeId, newUuid } from '#libs/ids';
import { draftNumber, save } from '../support/catalog-shop.js';
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
const category = async (title: string): Promise<{ id: string; uuid: string }> => {
  const uuid = newUuid();
  await shop.db.query(`INSERT INTO categories (id, handle, title) VALUES ($1, $2, $2)`, [uuid, title]);
  return { id: encodeId('category', uuid), uuid };
};

describe('a category with many products', () => {
  it('is renamed and moved without keeping anybody waiting; its products follow', async () => {
    const [crowded, above] = [await category('crowded'), await category('above')];
    await save(
      shop.db,
      Array.from({ length: 501 }, (_, n) => ({ ...draftNumber(n), categoryIds: [crowded.uuid] })),
    );
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let isHeld = () => {};
    const holding = new Promise<void>((resolve) => (isHeld = resolve));
    // Somebody is at one of them, for as long as it takes.
    const other = shop.db.transaction(async (tx) => {
      await tx.query(`SELECT FROM products WHERE handle = 'product-7' FOR UPDATE`);
      isHeld();
      await held;
    });
    await holding;
    const answer = await Promise.race([
      admin('PATCH', `categories/${crowded.id}`, { title: 'Roomy', parentId: above.id }),
      new Promise<never>((_, reject) => setTimeout(() => reject(new Error('the change waits')), 5_000).unref()),
    ]).finally(letGo);
    await other;
    expect([answer.status, answer.body.title]).toEqual([200, 'Roomy']);
    await shop.quiet();
    const page = await shop.call('GET', '/v1/products/product-500');
    expect(page.body.categories.map((one: any) => one.title)).toEqual(['Roomy']);
    const inside = await shop.call('GET', '/v1/products?category=above&include=total&limit=1');
    expect(inside.body.page.total).toBe(501);
  });
});
