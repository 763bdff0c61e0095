import type { INestApplicationContext } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import type { Config } from '../../src/config/index.js';
import { type ProductDraft, ProductListings, ProductWriter } from '../../src/modules/catalog/index.js';
import { StockLedger } from '../../src/modules/inventory/index.js';
import { ensureSettings } from '../../src/modules/settings/index.js';
import type { Wares } from '../client/journeys.js';
import { Random } from '../random.js';
import { CATEGORIES, makeQueries, makeWares, type Ware, WEIGHTS } from './words.js';

export const PRODUCTS = 1_000;
const PAGE_SIZE = 20;
const BATCH = 100;
const SEED = 20_260_101;
const QUERIES = 2_000;
/** More than all rounds together can sell. */
const STOCK = 10_000_000;
const NEWEST = Date.UTC(2026, 0, 1);

/** Fills an empty shop: 1,000 products with three variants each, ten categories, two ways to ship, a sales tax. */
export async function fillShop(app: INestApplicationContext, config: Config): Promise<Wares> {
  const db = app.get(Db);
  const random = new Random(SEED);
  const goods = makeWares(PRODUCTS, random);
  await ensureSettings(db, config);
  await fillSettings(db);
  await fillAttributes(db);
  const categories = await fillCategories(db);
  const wares: Wares = { pages: PRODUCTS / PAGE_SIZE, products: [], variants: [], queries: [] };
  for (let i = 0; i < goods.length; i += BATCH) {
    const batch = goods.slice(i, i + BATCH);
    const saved = await db.transaction((tx) => saveBatch(app, tx, batch, i, categories));
    wares.products.push(...saved.products);
    wares.variants.push(...saved.variants);
  }
  wares.queries = makeQueries(goods, QUERIES, random);
  return wares;
}

/** What a run before left behind; null: nothing. */
export async function keptWares(db: Db): Promise<Wares | null> {
  const products = await db.query<{ handle: string; uuid: string }>(
    `SELECT handle, id AS uuid FROM products ORDER BY created_at DESC`,
  );
  if (products.length === 0) return null;
  const variants = await db.query<{ uuid: string }>(
    `SELECT v.id AS uuid FROM variants v JOIN products p ON p.id = v.product_id ORDER BY p.created_at DESC, v.position`,
  );
  return {
    products,
    variants: variants.map(({ uuid }) => ({ id: encodeId('variant', uuid), uuid })),
    ...shownOf(makeWares(products.length, new Random(SEED)), products.length),
  };
}

const shownOf = (goods: readonly Ware[], count: number) => ({
  pages: Math.floor(count / PAGE_SIZE),
  queries: makeQueries(goods, QUERIES, new Random(count)),
});

/** Adds products to a shop that `fillShop` filled, until it has `count`. `tell` hears how many there are. */
export async function growShop(
  app: INestApplicationContext,
  wares: Wares,
  count: number,
  tell: (products: number) => void,
): Promise<void> {
  const db = app.get(Db);
  // The first of them are those that the shop has.
  const goods = makeWares(count, new Random(SEED));
  const rows = await db.query<{ id: string; title: string }>(`SELECT id, title FROM categories`);
  const categories = new Map(rows.map(({ id, title }) => [title, id]));
  for (let i = wares.products.length; i < count; i += BATCH) {
    const batch = goods.slice(i, i + BATCH);
    const saved = await db.transaction((tx) => saveBatch(app, tx, batch, i, categories));
    wares.products.push(...saved.products);
    wares.variants.push(...saved.variants);
    if (i % 1_000 === 0) tell(i);
  }
  Object.assign(wares, shownOf(goods, count));
}

async function fillSettings(db: Db): Promise<void> {
  await db.query(
    `WITH zone AS (INSERT INTO shipping_zones (id, name, countries) VALUES ($1, 'Everywhere', '{*}') RETURNING id)
     INSERT INTO shipping_methods (id, zone_id, name, amount, currency, position)
     SELECT m.id, zone.id, m.name, m.amount, 'USD', m.position
     FROM zone, (VALUES ($2::uuid, 'Standard', 500, 1), ($3::uuid, 'Express', 1500, 2)) AS m (id, name, amount, position)`,
    [newUuid(), newUuid(), newUuid()],
  );
  await db.query(
    `INSERT INTO tax_rates (id, name, country, state, rate_ppm)
     VALUES ($1, 'California', 'US', 'CA', 72500), ($2, 'Illinois', 'US', 'IL', 62500), ($3, 'Texas', 'US', 'TX', 62500)`,
    [newUuid(), newUuid(), newUuid()],
  );
}

async function fillAttributes(db: Db): Promise<void> {
  await db.query(
    `INSERT INTO attribute_definitions (id, key, label, type, filterable, facetable) VALUES ($1, 'weight', 'Weight', 'number', true, false)`,
    [newUuid()],
  );
}

async function fillCategories(db: Db): Promise<Map<string, string>> {
  const ids = new Map(CATEGORIES.map((title) => [title, newUuid()]));
  for (const [title, id] of ids) {
    await db.query(`INSERT INTO categories (id, handle, title) VALUES ($1, $2, $3)`, [id, title.toLowerCase(), title]);
  }
  return ids;
}

async function saveBatch(
  app: INestApplicationContext,
  tx: Tx,
  batch: readonly Ware[],
  offset: number,
  categories: ReadonlyMap<string, string>,
): Promise<Pick<Wares, 'products' | 'variants'>> {
  const writer = app.get(ProductWriter, { strict: false });
  const drafts = batch.map((ware, i): ProductDraft => {
    const handle = ware.title.toLowerCase().replaceAll(' ', '-');
    return {
      handle,
      title: ware.title,
      descriptionHtml: ware.descriptionHtml,
      vendor: ware.vendor,
      productType: ware.productType,
      tags: ware.tags,
      status: 'active',
      optionNames: ['Color'],
      categoryIds: [categories.get(ware.category)!],
      attributes: { weight: ((offset + i) * 7_919) % WEIGHTS },
      images: [0, 1].map((n) => ({ url: `https://images.example.com/${handle}-${n}.jpg`, alt: ware.title })),
      createdAt: new Date(NEWEST - (offset + i) * 3_600_000),
      variants: ware.colors.map((color, n) => ({
        optionValues: [color],
        sku: `SKU-${offset + i}-${n}`,
        barcode: null,
        weightGrams: 400,
        requiresShipping: true,
        taxable: true,
        trackInventory: true,
        allowBackorder: false,
        prices: [{ currency: 'USD', amount: ware.price + n * 250, compareAt: n === 0 ? ware.price + 1_000 : null }],
      })),
    };
  });
  const saved = await writer.saveAll(tx, drafts);
  const result: Pick<Wares, 'products' | 'variants'> = {
    products: saved.map(({ productId }, i) => ({ handle: drafts[i]!.handle, uuid: productId })),
    variants: saved.flatMap(({ variants }) => variants.map(({ id }) => ({ id: encodeId('variant', id), uuid: id }))),
  };
  await app.get(StockLedger, { strict: false }).setOnHand(
    tx,
    result.variants.map(({ uuid }) => ({
      variantId: uuid,
      onHand: STOCK,
      reason: 'first delivery',
      actor: 'system',
      dedupeKey: `bench:${uuid}`,
    })),
  );
  await app.get(ProductListings, { strict: false }).refresh(
    tx,
    result.products.map(({ uuid }) => uuid),
  );
  return result;
}
