import { Readable } from 'node:stream';
import type { INestApplicationContext } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { decodeId } from '#libs/ids';
import type { Config } from '../../config/index.js';
import { EditBundle, ProductListings, ProductWriter } from '../../modules/catalog/index.js';
import { IssueGiftCard } from '../../modules/credits/index.js';
import { DigitalFiles } from '../../modules/downloads/index.js';
import { StockLedger } from '../../modules/inventory/index.js';
import { ensureSettings } from '../../modules/settings/index.js';
import { CATEGORIES } from './categories.js';
import { draftOf, scaled, stockOf } from './demo-draft.js';
import { DEMO_PRODUCTS } from './products/index.js';
import { seedPromotions } from './promotions.js';
import { seedUuid } from './seed-ids.js';
import { seedMerchandising } from './seed-merchandising.js';
import { seedMarkets, seedMarketShipping, seedPriceLists } from './seed-prices.js';
import { textPdf } from './text-pdf.js';
import { SHIPPING_ZONES, TAX_RATES } from './shop-rules.js';
import { seedTranslations } from './translations.js';
import { WELL_KNOWN } from './well-known.js';

/** Two processes that start at once must not both fill the shop. */
const SEED_LOCK = 7_304_220;

/**
 * Fills a shop without products with the demo: goods, categories, stock, taxes and shipping, all or nothing, always with
 * the same ids. A shop that has products stays as it is.
 * @returns what was made, or null when there was nothing to do
 */
export async function seedDemoShop(
  app: INestApplicationContext,
  config: Pick<Config, 'currency' | 'manualPayments' | 'admin'>,
): Promise<{ products: number } | null> {
  const db = app.get(Db, { strict: false });
  const services: Services = {
    writer: app.get(ProductWriter, { strict: false }),
    listings: app.get(ProductListings, { strict: false }),
    stock: app.get(StockLedger, { strict: false }),
    bundles: app.get(EditBundle, { strict: false }),
    giftCards: app.get(IssueGiftCard, { strict: false }),
  };
  await ensureSettings(db, config);
  const seeded = await db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [SEED_LOCK]);
    if ((await tx.query('SELECT FROM products LIMIT 1')).length > 0) return null;
    const currency = await openShop(tx);
    await seedMarkets(tx, currency);
    await seedRules(tx, currency);
    await seedCategories(tx);
    await seedProducts(tx, currency, services);
    await seedPromotions(tx, currency);
    await services.giftCards.execute(tx, {
      id: decodeId('giftCard', WELL_KNOWN.giftCardId)!,
      code: WELL_KNOWN.giftCardCode,
      amount: scaled(50_000, currency),
      currency,
      note: 'of the demo shop: its code stands in the documentation',
      actor: 'system',
    });
    return { products: DEMO_PRODUCTS.length };
  });
  if (seeded) await seedFiles(db, app.get(DigitalFiles, { strict: false }));
  return seeded;
}

/** The files of what is sold as a file. */
async function seedFiles(db: Db, files: DigitalFiles): Promise<void> {
  for (const product of DEMO_PRODUCTS.filter(({ digital }) => digital)) {
    const content = Readable.from([textPdf([product.title, ...product.description])]);
    const { id, bytes, sha256 } = await files.save(content, seedUuid('file', product.handle));
    await db.query(
      `INSERT INTO variant_files (id, variant_id, name, bytes, sha256) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      [id, seedUuid('variant', product.handle), `${product.handle}.pdf`, bytes, sha256],
    );
  }
}

interface Services {
  writer: ProductWriter;
  listings: ProductListings;
  stock: StockLedger;
  bundles: EditBundle;
  giftCards: IssueGiftCard;
}

/** A shop that was not named yet becomes the demo. */
async function openShop(tx: Tx): Promise<string> {
  const [settings] = await tx.query<{ currency: string }>(
    `UPDATE shop_settings SET name = CASE name WHEN 'Emporium' THEN 'Emporium Demo' ELSE name END,
       version = version + 1, updated_at = now() RETURNING currency`,
  );
  return settings!.currency;
}

async function seedRules(tx: Tx, currency: string): Promise<void> {
  const rates = TAX_RATES.map(({ key, name, country, state, ppm, shipping }) => ({
    id: seedUuid('tax', key),
    name,
    country,
    state: state ?? null,
    rate_ppm: ppm,
    shipping,
  }));
  await tx.query(
    `INSERT INTO tax_rates (id, name, country, state, rate_ppm, shipping)
     SELECT id, name, country, state, rate_ppm, shipping
     FROM jsonb_to_recordset($1) AS r (id uuid, name text, country text, state text, rate_ppm int, shipping boolean)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rates)],
  );
  await tx.query(
    `INSERT INTO shipping_profiles (id, name, description) VALUES ($1, 'Bulky goods', 'Two people carry it') ON CONFLICT DO NOTHING`,
    [seedUuid('profile', 'bulky')],
  );
  if ((await tx.query('SELECT FROM shipping_zones LIMIT 1')).length > 0) return;
  for (const { key, name, countries, methods } of SHIPPING_ZONES) {
    const zoneId = seedUuid('zone', key);
    await tx.query('INSERT INTO shipping_zones (id, name, countries) VALUES ($1, $2, $3)', [zoneId, name, countries]);
    for (const [position, method] of methods.entries()) {
      const { bands = [], freeAbove } = method;
      await tx.query(
        `INSERT INTO shipping_methods (id, zone_id, name, amount, currency, position, calculation, bands, free_above)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          seedUuid('method', `${key}/${method.key}`),
          zoneId,
          method.name,
          scaled(method.amount, currency),
          currency,
          position,
          bands.length > 0 ? 'weight' : 'flat',
          JSON.stringify(
            bands.map(({ from, every, amount, plus }) => ({
              from,
              every,
              amount: scaled(amount, currency),
              plus: scaled(plus, currency),
            })),
          ),
          freeAbove === undefined ? null : scaled(freeAbove, currency),
        ],
      );
    }
  }
  await seedMarketShipping(tx, currency);
}

async function seedCategories(tx: Tx): Promise<void> {
  const rows = CATEGORIES.flatMap(({ handle, title, description, children }, position) => [
    { id: seedUuid('category', handle), parent_id: null as string | null, handle, title, description, position },
    ...children.map(([childHandle, childTitle], childPosition) => ({
      id: seedUuid('category', childHandle),
      parent_id: seedUuid('category', handle),
      handle: childHandle,
      title: childTitle,
      description: '',
      position: childPosition,
    })),
  ]);
  await tx.query(
    `INSERT INTO categories (id, parent_id, handle, title, description, position)
     SELECT id, parent_id, handle, title, description, position
     FROM jsonb_to_recordset($1) AS c (id uuid, parent_id uuid, handle text, title text, description text, position int)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows)],
  );
}

async function seedProducts(tx: Tx, currency: string, services: Services): Promise<void> {
  const { writer, listings, stock, bundles } = services;
  const productIds: string[] = [];
  const counts: Parameters<StockLedger['setOnHand']>[1][number][] = [];
  const saves = await writer.saveAll(
    tx,
    DEMO_PRODUCTS.map((product, index) => draftOf(product, index, currency)),
  );
  for (const [index, product] of DEMO_PRODUCTS.entries()) {
    const saved = saves[index]!;
    productIds.push(saved.productId);
    stockOf(product).forEach((onHand, i) => {
      const { id } = saved.variants[i]!;
      if (onHand) {
        counts.push({ variantId: id, onHand, reason: 'opening stock', actor: 'system', dedupeKey: `seed:${id}` });
      }
    });
  }
  await stock.setOnHand(tx, counts);
  for (const { handle, parts } of DEMO_PRODUCTS) {
    if (!parts) continue;
    await bundles.compose(
      tx,
      { productId: seedUuid('product', handle), variantId: seedUuid('variant', handle) },
      parts.map((part) => ({ variantId: seedUuid('variant', part.handle), quantity: part.quantity })),
    );
  }
  await seedPriceLists(tx, currency);
  await seedMerchandising(tx, currency, (hundredths) => scaled(hundredths, currency));
  await seedTranslations(tx);
  await listings.refresh(tx, productIds);
}
