import { ProductListings } from '../../src/modules/catalog/index.js';
import { DeadWords } from '../../src/modules/catalog/words/dead-words.service.js';
import { lockCategoryTreeShared } from '../../src/modules/catalog/catalog-lock.js';
import { decodeId } from '#libs/ids';
import { Shop } from '../support/shop.js';

let shop: Shop;
let staff: string;
beforeAll(async () => {
  shop = await Shop.start({ stripe: false });
  staff = await shop.staff('manager');
});
afterAll(() => shop?.stop());

const patch = async (id: string, body: object) => {
  const answer = await shop.call('PATCH', `/v1/admin/products/${id}`, {
    bearer: staff,
    body,
    headers: { 'If-Match': '*' },
  });
  expect(answer.status).toBe(200);
};

/** @returns the id of a product that is called so */
async function named(handle: string, title: string): Promise<string> {
  await shop.product({ stock: 5, handle });
  const { id } = (await shop.call('GET', `/v1/products/${handle}`)).body;
  await patch(id, { title });
  return id;
}

const words = async (...wanted: string[]) =>
  (await shop.db.query<{ word: string }>(`SELECT word FROM search_words WHERE word = ANY($1)`, [wanted]))
    .map(({ word }) => word)
    .sort();
const suggested = async (q: string) => (await shop.call('GET', `/v1/search/suggest?q=${q}`)).body.data;
const forget = () => shop.app.get(DeadWords, { strict: false }).forget();

it('words go with the last product that has them, and no typo is corrected to them', async () => {
  const one = await named('xylophone', 'Xylophone with the Marimba');
  const other = await named('marimba', 'Marimba');
  await shop.call('PATCH', `/v1/admin/products/${other}`, { bearer: staff, body: { tags: ['Balafon'] }, headers: { 'If-Match': '*' } }); // prettier-ignore
  await forget();
  const all = ['balafon', 'marimba', 'the', 'with', 'xylophone'];
  expect(await words(...all)).toEqual(all);
  expect((await suggested('xylofone'))[0]).toEqual({ kind: 'query', text: 'xylophone' });

  await patch(one, { status: 'draft' });
  expect(await forget()).toBeGreaterThanOrEqual(1);
  expect(await words(...all)).toEqual(['balafon', 'marimba', 'the', 'with']);
  expect(await suggested('xylofone')).toEqual([]);

  await patch(one, { status: 'active' });
  expect(await words('xylophone')).toEqual(['xylophone']);
  await shop.call('DELETE', `/v1/admin/products/${one}`, { bearer: staff, headers: { 'If-Match': '*' } });
  await patch(other, { title: 'Drum', tags: [] });
  await forget();
  expect(await words('balafon', 'drum', 'marimba', 'xylophone')).toEqual(['drum']);
  expect(await forget()).toBe(0);
});

it('a word that comes back while it is taken out is there afterwards', async () => {
  const id = await named('zither', 'Zither');
  await patch(id, { status: 'draft' });
  const listings = shop.app.get(ProductListings, { strict: false });
  let begin!: () => void;
  let isDone = false;
  const forgotten = new Promise<void>((resolve) => (begin = resolve)).then(forget).finally(() => (isDone = true));
  await shop.db.transaction(async (tx) => {
    await lockCategoryTreeShared(tx);
    await tx.query(`UPDATE products SET status = 'active' WHERE id = $1`, [decodeId('product', id)]);
    // It finds its word where it is, and nothing is to be written.
    await listings.refresh(tx, [decodeId('product', id)!]);
    begin();
    const isWaiting = async () =>
      (
        await tx.query(
          `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        )
      ).length > 0;
    await shop.until(async () => isDone || (await isWaiting()), 'who forgets to wait, or to be done');
  });
  await forgotten;
  expect(await words('zither')).toEqual(['zither']);
});

it('two products of one word, that come and go while words are forgotten, are never without it', async () => {
  const ids = [await named('ocarina-1', 'Ocarina'), await named('ocarina-2', 'Ocarina')];
  let isOver = false;
  const sweeping = (async () => {
    let rounds = 0;
    for (; !isOver; rounds += 1) await forget();
    return rounds;
  })();
  const turns = async (id: string, first: boolean) => {
    for (let i = 0; i < 12; i += 1) {
      const isShown = (i % 2 === 0) === first;
      await patch(id, { status: isShown ? 'draft' : 'active' });
      if (!isShown) expect([i, await words('ocarina')]).toEqual([i, ['ocarina']]);
    }
  };
  await Promise.all([turns(ids[0]!, true), turns(ids[1]!, true)]);
  isOver = true;
  expect(await sweeping).toBeGreaterThan(3);
  expect(await words('ocarina')).toEqual(['ocarina']);
});

it('a category brings its words only in the languages in which its products are found by it', async () => {
  const staffCall = (method: string, path: string, body: object) =>
    shop.call(method, `/v1/admin/${path}`, { bearer: staff, body, headers: method === 'POST' ? {} : { 'If-Match': '*' } }); // prettier-ignore
  const { body: category } = await staffCall('POST', 'categories', { title: 'Flutes' });
  expect((await staffCall('PUT', `categories/${category.id}/translations/de`, { title: 'Querflöten' })).status).toBe(
    200,
  );
  const id = await named('piccolo', 'Piccolo');
  await patch(id, { categoryIds: [category.id] });
  expect(await words('flutes', 'querfloten')).toEqual(['flutes']);
  await forget();
  expect(await words('flutes', 'querfloten')).toEqual(['flutes']);

  expect((await staffCall('PUT', `products/${id}/translations/de-AT`, { title: 'Kleine' })).status).toBe(200);
  expect(await words('flutes', 'querfloten')).toEqual(['flutes', 'querfloten']);
  await forget();
  expect(await words('flutes', 'querfloten')).toEqual(['flutes', 'querfloten']);
});
