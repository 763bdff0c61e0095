import type { Db, Tx } from '#libs/database';
import { decodeId } from '#libs/ids';
import { ProductSales, ProductWriter } from '../../src/modules/catalog/index.js';
import { Shop } from '../support/shop.js';

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.start({ stripe: false });
});
afterAll(() => shop?.stop());

const draft = (handle: string, title: string) => ({
  handle,
  title,
  descriptionHtml: '',
  vendor: '',
  productType: '',
  tags: [],
  status: 'active' as const,
  optionNames: [],
  images: [],
  variants: [],
});

it('an import and the count of what was sold lock the same products in the same order, and neither is tried again', async () => {
  const ids: string[] = [];
  for (const handle of ['zz-first', 'aa-second']) {
    await shop.product({ stock: 5, handle });
    ids.push(decodeId('product', (await shop.call('GET', `/v1/products/${handle}`)).body.id as string)!);
  }
  expect(ids).toEqual(ids.toSorted());
  let tries = 0;
  const counted = (work: (tx: Tx) => Promise<unknown>) =>
    shop.db.transaction((tx) => {
      tries += 1;
      return work(tx);
    });
  const db = { query: shop.db.query.bind(shop.db), transaction: counted } as unknown as Db;
  const sales = new ProductSales(db);
  const writer = shop.app.get(ProductWriter, { strict: false });
  // Both are started outside of the transaction that keeps them waiting.
  let [beginSales, beginImport] = [() => {}, () => {}];
  const sold = ids.map((productId) => ({ productId, quantity: 3 }));
  const counting = new Promise<void>((resolve) => (beginSales = resolve)).then(() => sales.setDay('2026-01-05', sold));
  const importing = new Promise<void>((resolve) => (beginImport = resolve)).then(() =>
    counted((tx) => writer.saveAll(tx, [draft('zz-first', 'First'), draft('aa-second', 'Second')])),
  );
  await shop.db.transaction(async (tx) => {
    await tx.query(`SELECT FROM products WHERE id = $1 FOR NO KEY UPDATE`, [ids[0]]);
    // Asked elsewhere: a transaction keeps what it saw of the others.
    const waiting = async () =>
      (
        await shop.db.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM products%'`,
        )
      ).length;
    beginSales();
    await shop.until(async () => (await waiting()) === 1, 'the count to wait');
    beginImport();
    await shop.until(async () => (await waiting()) === 2, 'the import to wait');
  });
  await Promise.all([counting, importing]);
  expect(tries).toBe(2);
  const rows = await shop.db.query(`SELECT title FROM products WHERE id = ANY($1) ORDER BY id`, [ids]);
  expect(rows).toEqual([{ title: 'First' }, { title: 'Second' }]);
});
