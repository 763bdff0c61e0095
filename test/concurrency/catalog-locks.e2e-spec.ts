import { Readable } from 'node:stream';
import sharp from 'sharp';
import type { DataSource } from 'typeorm';
import { Db, type Tx } from '#libs/database';
import { decodeId, newUuid } from '#libs/ids';
import type { JobContext } from '#libs/jobs';
import { createDataSource } from '../../ormconfig.js';
import type { UpdateCollectionRequest } from '../../src/modules/catalog/collections/collection.dto.js';
import { CollectionsQuery } from '../../src/modules/catalog/collections/collections.query.js';
import { refreshMembership } from '../../src/modules/catalog/collections/collection-membership.js';
import { EditCollections } from '../../src/modules/catalog/collections/edit-collections.service.js';
import { EditImages } from '../../src/modules/catalog/edit-images.service.js';
import { type ProductDraft, ProductListings, ProductSales, ProductWriter } from '../../src/modules/catalog/index.js';
import { MakeRenditionsProcessor } from '../../src/modules/catalog/make-renditions.processor.js';
import { MediaStore } from '../../src/modules/catalog/media-store.service.js';
import { ProductEdits } from '../../src/modules/catalog/product-edits.service.js';
import { AdminProductsQuery } from '../../src/modules/catalog/products.admin.query.js';
import { Publication } from '../../src/modules/catalog/schedule/publication.service.js';
import { placeOf, setParts } from '../support/bundles.js';
import { Shop } from '../support/shop.js';

let shop: Shop;
let source: DataSource;
/** Waits as long as the machine needs to let the others come and wait, too: what ends a wait here is a deadlock, or nothing. */
let patient: Db;
beforeAll(async () => {
  shop = await Shop.start({ stripe: false });
  await shop.quiet();
  source = createDataSource(shop.database.url, {
    applicationName: 'patient',
    poolSize: 4,
    statementTimeoutMs: 0,
    lockTimeoutMs: 0,
    idleInTransactionTimeoutMs: 0,
  });
  await source.initialize();
  patient = new Db(source);
});
afterAll(async () => {
  await source?.destroy();
  await shop?.stop();
});

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

/** A database whose transactions are counted, those that are tried again too. */
function counting() {
  const count = { tries: 0 };
  const transaction = (work: (tx: Tx) => Promise<unknown>) =>
    patient.transaction((tx) => {
      count.tries += 1;
      return work(tx);
    });
  return { count, db: { query: patient.query.bind(patient), transaction } as unknown as Db };
}

const editsOn = (db: Db) =>
  new ProductEdits(
    db,
    shop.app.get(ProductListings, { strict: false }),
    shop.app.get(AdminProductsQuery, { strict: false }),
  );

/**
 * Starts one after the other while the row of a product is held, lets go of it, and waits for both.
 * Each is made ready outside of the transaction that keeps it waiting.
 */
async function whileHeld(
  productId: string,
  works: readonly (() => Promise<unknown>)[],
  table: 'products' | 'product_listings' = 'products',
): Promise<void> {
  const begins: (() => void)[] = [];
  const done = works.map((work) => new Promise<void>((resolve) => begins.push(resolve)).then(work));
  await patient.transaction(async (tx) => {
    const id = table === 'products' ? 'id' : 'product_id';
    await tx.query(`SELECT FROM ${table} WHERE ${id} = $1 FOR NO KEY UPDATE`, [productId]);
    // Asked elsewhere: a transaction keeps what it saw of the others.
    const waiting = async () =>
      (
        await shop.db.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
          [table === 'products' ? '%FROM products%' : `%${table}%`],
        )
      ).length;
    for (const [i, begin] of begins.entries()) {
      begin();
      await shop.until(async () => (await waiting()) === i + 1, 'it to wait');
    }
  });
  await Promise.all(done);
}

it('an import and the count of what was sold lock the same products in the same order, and neither is tried again', async () => {
  const ids: string[] = [];
  for (const handle of ['zz-first', 'aa-second']) {
    await shop.product({ stock: 5, handle });
    ids.push(decodeId('product', (await shop.call('GET', `/v1/products/${handle}`)).body.id as string)!);
  }
  expect(ids).toEqual(ids.toSorted());
  const { count, db } = counting();
  const writer = shop.app.get(ProductWriter, { strict: false });
  await whileHeld(ids[0]!, [
    () =>
      new ProductSales(db).setDay(
        '2026-01-05',
        ids.map((productId) => ({ productId, quantity: 3 })),
      ),
    () => db.transaction((tx) => writer.saveAll(tx, [draft('zz-first', 'First'), draft('aa-second', 'Second')])),
  ]);
  expect(count.tries).toBe(2);
  const rows = await shop.db.query(`SELECT title FROM products WHERE id = ANY($1) ORDER BY id`, [ids]);
  expect(rows).toEqual([{ title: 'First' }, { title: 'Second' }]);
});

it('the smaller versions of a picture and a change of its product: neither is tried again', async () => {
  await shop.product({ stock: 5, handle: 'with-picture' });
  const productId = decodeId('product', (await shop.call('GET', '/v1/products/with-picture')).body.id as string)!;
  const media = shop.app.get(MediaStore, { strict: false });
  const pixels = { create: { width: 40, height: 30, channels: 3 as const, background: '#7a5c3e' } };
  const url = await media.save(Readable.from([await sharp(pixels).png().toBuffer()]));
  const images = new EditImages(editsOn(shop.db), shop.config);
  const { id } = await images.add(productId, { url });
  await shop.quiet();

  const { count, db } = counting();
  const smaller = new MakeRenditionsProcessor(db, media, shop.app.get(ProductListings, { strict: false }));
  await whileHeld(productId, [
    () => new EditImages(editsOn(db), shop.config).update(productId, id, { alt: 'changed' }, undefined),
    () => smaller.handle({ payload: { imageId: id } } as JobContext<{ imageId: string }>),
  ]);
  expect(count.tries).toBe(2);
  const { body } = await shop.call('GET', '/v1/products/with-picture');
  expect(body.images).toMatchObject([{ alt: 'changed', renditions: [{ width: 40 }] }]);
});

describe('a collection that is filled by hand is emptied', () => {
  /** More than are refreshed at once; put in with the youngest first. */
  const SIZE = 502;
  const ids = Array.from({ length: SIZE }, () => newUuid()).sort();
  let collectionId: string;
  /** Never as many as before: what does not differ is not written. */
  let sold = 0;
  beforeAll(async () => {
    await shop.db.query(
      `INSERT INTO products (id, handle, title, status) SELECT id, 'many-' || n, 'One of many', 'active'
       FROM unnest($1::uuid[]) WITH ORDINALITY AS u (id, n)`,
      [ids],
    );
  });
  beforeEach(async () => {
    collectionId = newUuid();
    await shop.db.query(`INSERT INTO collections (id, handle, title) VALUES ($1, $2, 'Many')`, [
      collectionId,
      `many-${collectionId}`,
    ]);
    await shop.db.query(
      `INSERT INTO collection_products (collection_id, product_id, position)
       SELECT $1, id, n - 1 FROM unnest($2::uuid[]) WITH ORDINALITY AS u (id, n)`,
      [collectionId, ids.toReversed()],
    );
  });

  it.each([
    ['deleted', (edit: EditCollections) => edit.delete(collectionId, undefined)],
    [
      'given a rule',
      (edit: EditCollections) =>
        edit.update(collectionId, undefined, {
          rule: { match: 'all', conditions: [{ field: 'tag', operator: 'is', value: 'none' }] },
        } as UpdateCollectionRequest),
    ],
  ])('because it is %s, while its products are written by somebody else: neither is tried again', async (_, empty) => {
    const { count, db } = counting();
    const ends = [ids[0]!, ids.at(-1)!];
    await whileHeld(ends[1]!, [
      () => empty(new EditCollections(db, shop.app.get(CollectionsQuery, { strict: false }))),
      () =>
        new ProductSales(db).setDay(
          '2026-01-06',
          ends.map((productId) => ({ productId, quantity: (sold += 1) })),
        ),
    ]);
    expect(count.tries).toBe(2);
    expect(await shop.db.query(`SELECT 1 FROM collection_products WHERE collection_id = $1`, [collectionId])).toEqual(
      [],
    );
  });
});

it('collections that are found anew and goods that sell out: neither is tried again', async () => {
  const handles = ['older-listed', 'younger-listed'];
  const ids: string[] = [];
  for (const handle of handles) {
    await shop.product({ stock: 5, handle });
    ids.push(decodeId('product', (await shop.call('GET', `/v1/products/${handle}`)).body.id as string)!);
  }
  await shop.quiet();
  // Whoever reads the table as it lies comes to the younger one first.
  await shop.db.query(`UPDATE products SET updated_at = now() WHERE id = $1`, [ids[0]]);
  await shop.db.query(`UPDATE product_listings SET popularity = popularity WHERE product_id = $1`, [ids[0]]);
  const collectionId = newUuid();
  await shop.db.query(`INSERT INTO collections (id, handle, title) VALUES ($1, 'found-anew', 'Found anew')`, [
    collectionId,
  ]);
  await shop.db.query(
    `INSERT INTO collection_products (collection_id, product_id, position) SELECT $1, id, 0 FROM unnest($2::uuid[]) AS id`,
    [collectionId, ids],
  );
  const { count, db } = counting();
  const listings = shop.app.get(ProductListings, { strict: false });
  await whileHeld(
    ids[0]!,
    [
      () => db.transaction((tx) => listings.refreshAvailability(tx, ids)),
      () => db.transaction((tx) => refreshMembership(tx, ids)),
    ],
    'product_listings',
  );
  expect(count.tries).toBe(2);
  const shown = await shop.call('GET', '/v1/collections/found-anew');
  expect([shown.status, shown.body.productCount]).toEqual([200, 2]);
});

describe('a bundle that is older than its part is locked before it', () => {
  let bundleId: string;
  let partId: string;
  beforeAll(async () => {
    const bearer = await shop.staff();
    const bundle = await placeOf(shop, await shop.product({ stock: 0, handle: 'older-bundle' }));
    const part = await placeOf(shop, await shop.product({ stock: 5, handle: 'younger-part' }));
    expect((await setParts(shop, bearer, bundle, [{ variantId: part.variantId, quantity: 1 }])).status).toBe(200);
    [bundleId, partId] = [bundle, part].map(({ productId }) => decodeId('product', productId)!) as [string, string];
    expect(bundleId < partId).toBe(true);
  });

  it.each([
    ['is changed', (db: Db) => editsOn(db).run(partId, undefined, async () => undefined)],
    ['comes by a file', (db: Db) => db.transaction((tx) => save(tx, [draft('younger-part', 'Part')]))],
    [
      'is due to be hidden',
      async (db: Db) => {
        await shop.db.query(`UPDATE products SET unpublish_at = now() - interval '1 ms' WHERE id = $1`, [partId]);
        await new Publication(db, shop.app.get(ProductListings, { strict: false })).settle();
      },
    ],
  ])('while the part %s and both are saved by somebody else: neither is tried again', async (_, change) => {
    const { count, db } = counting();
    await whileHeld(bundleId, [
      () => db.transaction((tx) => save(tx, [draft('younger-part', 'Part'), draft('older-bundle', 'Bundle')])),
      () => change(db),
    ]);
    expect(count.tries).toBe(2);
  });

  const save = async (tx: Tx, drafts: readonly ProductDraft[]) => {
    const saved = await shop.app.get(ProductWriter, { strict: false }).saveAll(tx, drafts);
    await shop.app.get(ProductListings, { strict: false }).refresh(
      tx,
      saved.map(({ productId }) => productId),
    );
  };
});
