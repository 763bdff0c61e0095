import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { withKeptAttributes } from './attributes/attribute-values.js';
import { bundlesSql } from './bundles/bundle-sql.js';
import { assertKeepsBundled } from './bundles/keep-bundled.js';
import { OptionMismatch, TooManyImages, TooManyVariants, VariantExists } from './catalog.errors.js';
import { lockCategoryTreeShared } from './catalog-lock.js';
import { sanitizeDescription } from './description.js';
import { writeCategories } from './product-categories.js';
import { compareProduct, type ProductChanges } from './product-changes.js';
import { MAX_IMAGES, MAX_VARIANTS, optionKeyOf, type ProductDraft, type SavedProduct } from './product-draft.js';
import { writeSchedule } from './schedule/product-schedule.js';
import { loadStoredProducts, type StoredProduct } from './stored-product.js';

/**
 * Makes the stored product what a draft says, found by its handle: creates it or changes only what differs.
 * Saving the same draft twice writes nothing the second time. What the draft does not name (other variants, other images,
 * prices in other currencies) stays. The read model is not touched: call ProductListings.refresh in the same transaction
 * with the ids of what was created or updated.
 */
@Injectable()
export class ProductWriter {
  /**
   * @throws OptionMismatch when a variant has not one value for each option
   * @throws VariantExists when two variants of the draft have the same options
   * @throws TooManyVariants, TooManyImages when the product would have more with those that are stored
   * @throws UnknownCategory when a category id does not exist
   * @throws ValidationFailed when an attribute cannot have such a value, when a time of its schedule is over, when a bundle, or a part of one, would become a gift card or lose its parcel
   */
  async save(tx: Tx, draft: ProductDraft): Promise<SavedProduct> {
    const [saved] = await this.saveAll(tx, [draft]);
    return saved!;
  }

  /**
   * Saves many products with about as many statements as one takes. Their handles must differ.
   * @returns in the order of the drafts
   * @throws as `save`; then none is saved
   */
  async saveAll(tx: Tx, drafts: readonly ProductDraft[]): Promise<SavedProduct[]> {
    drafts.forEach(assertVariants);
    await lockCategoryTreeShared(tx);
    const wanted = (await withKeptAttributes(tx, drafts)).map((draft) => ({
      ...draft,
      descriptionHtml: sanitizeDescription(draft.descriptionHtml),
      tags: [...new Set(draft.tags)],
    }));
    const ids = await lockByHandles(
      tx,
      wanted.map((draft) => draft.handle),
    );
    const created = await insertProducts(
      tx,
      wanted.filter((draft) => !ids.has(draft.handle)),
    );
    for (const [handle, id] of created) ids.set(handle, id);
    // Not inserted: another transaction made the handle a moment ago, and is committed by now.
    const late = wanted.filter((draft) => !ids.has(draft.handle)).map((draft) => draft.handle);
    if (late.length > 0) for (const [handle, id] of await lockByHandles(tx, late)) ids.set(handle, id);
    const stored = new Map((await loadStoredProducts(tx, [...ids.values()])).map((product) => [product.id, product]));
    const products = wanted.map((draft): ChangedProduct => {
      const id = ids.get(draft.handle)!;
      const before = stored.get(id)!;
      return { id, draft, before, created: created.has(draft.handle), changes: compareProduct(before, draft) };
    });
    products.forEach(assertSize);
    await assertKeepsBundled(
      tx,
      products.map(({ id, draft: { handle }, changes: { isMoneyNow, unshippedIds } }) => {
        return { productId: id, handle, isMoneyNow, unshippedIds };
      }),
    );
    await writeChanges(
      tx,
      products.filter((product) => product.created || product.changes.any),
    );
    return products.map(({ id, created: isNew, changes }) => ({
      outcome: isNew ? 'created' : changes.any ? 'updated' : 'unchanged',
      productId: id,
      variants: changes.variants,
    }));
  }
}

interface ChangedProduct {
  id: string;
  draft: ProductDraft;
  before: StoredProduct;
  created: boolean;
  changes: ProductChanges;
}

/** The products, and the bundles that are shown anew with them, in the order in which everybody locks products. */
async function lockByHandles(tx: Tx, handles: string[]): Promise<Map<string, string>> {
  const found = 'SELECT id FROM products WHERE handle = ANY($1::text[])';
  const rows = await tx.query<{ id: string; handle: string }>(
    `SELECT id, handle FROM products WHERE id = ANY(ARRAY(${found}) || ARRAY(${bundlesSql(`ARRAY(${found})`)}))
     ORDER BY id FOR NO KEY UPDATE`,
    [handles],
  );
  const wanted = new Set(handles);
  return new Map(rows.flatMap(({ handle, id }) => (wanted.has(handle) ? [[handle, id]] : [])));
}

async function insertProducts(tx: Tx, drafts: ProductDraft[]): Promise<Map<string, string>> {
  if (drafts.length === 0) return new Map();
  const rows = await tx.query<{ id: string; handle: string }>(
    `INSERT INTO products (id, handle, title, description_html, vendor, product_type, tags, status, is_gift_card,
                           option_names, seo_title, seo_description, attributes, created_at)
     SELECT id, handle, title, description_html, vendor, product_type, tags, status, is_gift_card, option_names,
            seo_title, seo_description, attributes, coalesce(created_at, now())
     FROM jsonb_to_recordset($1) AS p (id uuid, handle text, title text, description_html text, vendor text,
          product_type text, tags text[], status text, is_gift_card boolean, option_names text[], seo_title text, seo_description text,
          attributes jsonb, created_at timestamptz)
     ORDER BY handle
     ON CONFLICT (handle) DO NOTHING RETURNING id, handle`,
    [
      JSON.stringify(
        drafts.map((draft) => ({
          id: draft.id ?? newUuid(),
          handle: draft.handle,
          title: draft.title,
          description_html: draft.descriptionHtml,
          vendor: draft.vendor,
          product_type: draft.productType,
          tags: draft.tags,
          status: draft.status,
          is_gift_card: draft.giftCard ?? false,
          option_names: draft.optionNames,
          seo_title: draft.seoTitle ?? null,
          seo_description: draft.seoDescription ?? null,
          attributes: draft.attributes ?? {},
          created_at: draft.createdAt ?? null,
        })),
      ),
    ],
  );
  return new Map(rows.map(({ handle, id }) => [handle, id]));
}

async function writeChanges(tx: Tx, products: ChangedProduct[]): Promise<void> {
  for (const { id, draft, created } of products) if (!created) await updateProduct(tx, id, draft);
  for (const product of products) await writeScheduleOf(tx, product);
  const images = products.flatMap(({ id, changes }) => changes.images.map((image) => ({ ...image, product_id: id })));
  if (images.length > 0) await writeImages(tx, images);
  const newVariants = products.flatMap(({ id, changes }) =>
    changes.newVariants.map((variant) => ({ ...variant, product_id: id })),
  );
  if (newVariants.length > 0) await insertVariants(tx, newVariants);
  const all = products.map((product) => product.changes);
  const changedVariants = all.flatMap((changes) => changes.changedVariants);
  if (changedVariants.length > 0) await updateVariants(tx, changedVariants);
  const stockRules = all.flatMap((changes) => changes.changedStockRules);
  if (stockRules.length > 0) await updateStockRules(tx, stockRules);
  const prices = all.flatMap((changes) => changes.prices);
  if (prices.length > 0) await writePrices(tx, prices);
  const versioned = all.flatMap((changes) => changes.versionedVariants);
  if (versioned.length > 0) {
    await tx.query('UPDATE variants SET version = version + 1, updated_at = now() WHERE id = ANY($1::uuid[])', [
      versioned,
    ]);
  }
  for (const { id, changes } of products) if (changes.categoryIds) await writeCategories(tx, id, changes.categoryIds);
}

function assertVariants(draft: ProductDraft): void {
  const seen = new Set<string>();
  for (const variant of draft.variants) {
    if (variant.optionValues.length !== draft.optionNames.length) {
      throw OptionMismatch({
        detail: `${draft.handle}: ${draft.optionNames.length} options, but the variant has ${variant.optionValues.length} values.`,
      });
    }
    const key = optionKeyOf(variant.optionValues);
    if (seen.has(key))
      throw VariantExists({
        detail: `${draft.handle}: two variants are ${variant.optionValues.join(' / ') || 'without options'}.`,
      });
    seen.add(key);
  }
}

/** What is stored already may be more. */
function assertSize({ draft: { handle }, changes: { grown } }: ChangedProduct): void {
  if (grown.variants > MAX_VARIANTS)
    throw TooManyVariants({ detail: `${handle}: it would have ${grown.variants} variants.` });
  if (grown.images > MAX_IMAGES) throw TooManyImages({ detail: `${handle}: it would have ${grown.images} images.` });
}

async function updateProduct(tx: Tx, productId: string, draft: ProductDraft): Promise<void> {
  await tx.query(
    `UPDATE products SET title = $2, description_html = $3, vendor = $4, product_type = $5, tags = $6, status = $7,
            option_names = $8, seo_title = CASE WHEN $9 THEN $10 ELSE seo_title END,
            seo_description = CASE WHEN $11 THEN $12 ELSE seo_description END,
            is_gift_card = coalesce($13, is_gift_card), attributes = coalesce($14::jsonb, attributes), publish_at = CASE WHEN $7 = 'draft' THEN publish_at END,
            unpublish_at = CASE WHEN $7 <> 'archived' THEN unpublish_at END, version = version + 1, updated_at = now()
     WHERE id = $1`,
    [
      productId,
      draft.title,
      draft.descriptionHtml,
      draft.vendor,
      draft.productType,
      draft.tags,
      draft.status,
      draft.optionNames,
      draft.seoTitle !== undefined,
      draft.seoTitle ?? null,
      draft.seoDescription !== undefined,
      draft.seoDescription ?? null,
      draft.giftCard ?? null,
      draft.attributes === undefined ? null : JSON.stringify(draft.attributes),
    ],
  );
}

/** @throws validation_failed for a time that is over, or does not go with the status */
async function writeScheduleOf(tx: Tx, { id, draft: { status }, before, changes }: ChangedProduct): Promise<void> {
  if (!changes.schedule) return;
  const { publishAt, unpublishAt } = changes.schedule;
  const visibility = { status: before.status, publishAt: before.publish_at, unpublishAt: before.unpublish_at };
  await writeSchedule(tx, id, visibility, { status, publishAt, unpublishAt });
}

type OfProduct<T> = T & { product_id: string };

async function writeImages(tx: Tx, images: OfProduct<ProductChanges['images'][number]>[]): Promise<void> {
  await tx.query(
    `INSERT INTO product_images (id, product_id, position, url, alt)
     SELECT id, product_id, position, url, alt
     FROM jsonb_to_recordset($1) AS i (id uuid, product_id uuid, position integer, url text, alt text)
     ON CONFLICT (product_id, url) DO UPDATE SET position = excluded.position, alt = excluded.alt`,
    [JSON.stringify(images)],
  );
}

async function insertVariants(tx: Tx, variants: OfProduct<ProductChanges['newVariants'][number]>[]): Promise<void> {
  await tx.query(
    `INSERT INTO variants (id, product_id, position, title, sku, barcode, option_values, option_key, weight_grams,
                           requires_shipping, taxable, tax_class_id, shipping_profile_id, track_inventory, allow_backorder,
                           image_id)
     SELECT id, product_id, position, title, sku, barcode, option_values, option_key, weight_grams,
            requires_shipping, taxable, tax_class_id, shipping_profile_id, track_inventory, allow_backorder, image_id
     FROM jsonb_to_recordset($1) AS v (id uuid, product_id uuid, position integer, title text, sku text, barcode text,
          option_values text[], option_key text, weight_grams integer, requires_shipping boolean, taxable boolean,
          tax_class_id uuid, shipping_profile_id uuid, track_inventory boolean, allow_backorder boolean, image_id uuid)
     ORDER BY id`,
    [JSON.stringify(variants)],
  );
}

async function updateVariants(tx: Tx, variants: ProductChanges['changedVariants']): Promise<void> {
  await tx.query(
    `UPDATE variants SET position = v.position, title = v.title, sku = v.sku, barcode = v.barcode,
            option_values = v.option_values, option_key = v.option_key, weight_grams = v.weight_grams,
            requires_shipping = v.requires_shipping, taxable = v.taxable, tax_class_id = v.tax_class_id,
            shipping_profile_id = v.shipping_profile_id, image_id = v.image_id
     FROM jsonb_to_recordset($1) AS v (id uuid, position integer, title text, sku text, barcode text, option_values text[],
          option_key text, weight_grams integer, requires_shipping boolean, taxable boolean, tax_class_id uuid,
          shipping_profile_id uuid, image_id uuid)
     WHERE variants.id = v.id`,
    [JSON.stringify(variants)],
  );
}

/** Apart from the other fields: this fires the trigger that locks the variant's stock, in the order of the ids. */
async function updateStockRules(tx: Tx, variants: ProductChanges['changedStockRules']): Promise<void> {
  await tx.query(
    `SELECT 1 FROM stock_levels WHERE variant_id = ANY($1::uuid[]) ORDER BY variant_id, location_id FOR NO KEY UPDATE`,
    [variants.map((v) => v.id)],
  );
  await tx.query(
    `UPDATE variants SET track_inventory = v.track_inventory, allow_backorder = v.allow_backorder
     FROM jsonb_to_recordset($1) AS v (id uuid, track_inventory boolean, allow_backorder boolean)
     WHERE variants.id = v.id`,
    [JSON.stringify(variants)],
  );
}

async function writePrices(tx: Tx, prices: ProductChanges['prices']): Promise<void> {
  await tx.query(
    `INSERT INTO prices (variant_id, currency, amount, compare_at)
     SELECT variant_id, currency, amount, compare_at
     FROM jsonb_to_recordset($1) AS p (variant_id uuid, currency text, amount bigint, compare_at bigint)
     ON CONFLICT (variant_id, currency)
       DO UPDATE SET amount = excluded.amount, compare_at = excluded.compare_at, updated_at = now()`,
    [JSON.stringify(prices)],
  );
}
