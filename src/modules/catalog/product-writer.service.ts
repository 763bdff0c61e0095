import { Injectable } from '@nestjs/common';
import { isForeignKeyViolation, type Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { OptionMismatch, UnknownCategory, VariantExists } from './catalog.errors.js';
import { lockCategoryTreeShared } from './catalog-lock.js';
import { sanitizeDescription } from './description.js';
import { compareProduct, type ProductChanges } from './product-changes.js';
import { optionKeyOf, type ProductDraft, type SavedProduct } from './product-draft.js';
import { loadStoredProduct } from './stored-product.js';

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
   * @throws UnknownCategory when a category id does not exist
   */
  async save(tx: Tx, draft: ProductDraft): Promise<SavedProduct> {
    assertVariants(draft);
    const wanted = {
      ...draft,
      descriptionHtml: sanitizeDescription(draft.descriptionHtml),
      tags: [...new Set(draft.tags)],
    };
    await lockCategoryTreeShared(tx);
    let productId = await this.lockByHandle(tx, draft.handle);
    const created = productId === null && (productId = await this.insert(tx, wanted)) !== null;
    // Nothing inserted: another transaction made the handle a moment ago, and is committed by now.
    productId ??= (await this.lockByHandle(tx, draft.handle))!;
    const changes = compareProduct(await loadStoredProduct(tx, productId), wanted);
    if (!created && !changes.any) return { outcome: 'unchanged', productId, variants: changes.variants };
    await this.write(tx, productId, wanted, changes, created);
    return { outcome: created ? 'created' : 'updated', productId, variants: changes.variants };
  }

  private async lockByHandle(tx: Tx, handle: string): Promise<string | null> {
    const rows = await tx.query<{ id: string }>('SELECT id FROM products WHERE handle = $1 FOR NO KEY UPDATE', [
      handle,
    ]);
    return rows[0]?.id ?? null;
  }

  private async insert(tx: Tx, draft: ProductDraft): Promise<string | null> {
    const rows = await tx.query<{ id: string }>(
      `INSERT INTO products (id, handle, title, description_html, vendor, product_type, tags, status, option_names,
                             seo_title, seo_description, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce($12, now()))
       ON CONFLICT (handle) DO NOTHING RETURNING id`,
      [
        draft.id ?? newUuid(),
        draft.handle,
        draft.title,
        draft.descriptionHtml,
        draft.vendor,
        draft.productType,
        draft.tags,
        draft.status,
        draft.optionNames,
        draft.seoTitle ?? null,
        draft.seoDescription ?? null,
        draft.createdAt ?? null,
      ],
    );
    return rows[0]?.id ?? null;
  }

  private async write(
    tx: Tx,
    productId: string,
    draft: ProductDraft,
    changes: ProductChanges,
    created: boolean,
  ): Promise<void> {
    if (!created) await updateProduct(tx, productId, draft);
    if (changes.images.length > 0) await writeImages(tx, productId, changes.images);
    if (changes.newVariants.length > 0) await insertVariants(tx, productId, changes.newVariants);
    if (changes.changedVariants.length > 0) await updateVariants(tx, changes.changedVariants);
    if (changes.changedStockRules.length > 0) await updateStockRules(tx, changes.changedStockRules);
    if (changes.prices.length > 0) await writePrices(tx, changes.prices);
    if (changes.versionedVariants.length > 0) {
      await tx.query('UPDATE variants SET version = version + 1, updated_at = now() WHERE id = ANY($1::uuid[])', [
        changes.versionedVariants,
      ]);
    }
    if (changes.categoryIds) await writeCategories(tx, productId, changes.categoryIds);
  }
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

async function updateProduct(tx: Tx, productId: string, draft: ProductDraft): Promise<void> {
  await tx.query(
    `UPDATE products SET title = $2, description_html = $3, vendor = $4, product_type = $5, tags = $6, status = $7,
            option_names = $8, seo_title = CASE WHEN $9 THEN $10 ELSE seo_title END,
            seo_description = CASE WHEN $11 THEN $12 ELSE seo_description END, version = version + 1, updated_at = now()
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
    ],
  );
}

async function writeImages(tx: Tx, productId: string, images: ProductChanges['images']): Promise<void> {
  await tx.query(
    `INSERT INTO product_images (id, product_id, position, url, alt)
     SELECT id, $1, position, url, alt FROM jsonb_to_recordset($2) AS i (id uuid, position integer, url text, alt text)
     ON CONFLICT (product_id, url) DO UPDATE SET position = excluded.position, alt = excluded.alt`,
    [productId, JSON.stringify(images)],
  );
}

async function insertVariants(tx: Tx, productId: string, variants: ProductChanges['newVariants']): Promise<void> {
  await tx.query(
    `INSERT INTO variants (id, product_id, position, title, sku, barcode, option_values, option_key, weight_grams,
                           requires_shipping, taxable, track_inventory, allow_backorder, image_id)
     SELECT id, $1, position, title, sku, barcode, option_values, option_key, weight_grams,
            requires_shipping, taxable, track_inventory, allow_backorder, image_id
     FROM jsonb_to_recordset($2) AS v (id uuid, position integer, title text, sku text, barcode text, option_values text[],
          option_key text, weight_grams integer, requires_shipping boolean, taxable boolean, track_inventory boolean,
          allow_backorder boolean, image_id uuid)
     ORDER BY id`,
    [productId, JSON.stringify(variants)],
  );
}

async function updateVariants(tx: Tx, variants: ProductChanges['changedVariants']): Promise<void> {
  await tx.query(
    `UPDATE variants SET position = v.position, title = v.title, sku = v.sku, barcode = v.barcode,
            option_values = v.option_values, option_key = v.option_key, weight_grams = v.weight_grams,
            requires_shipping = v.requires_shipping, taxable = v.taxable, image_id = v.image_id
     FROM jsonb_to_recordset($1) AS v (id uuid, position integer, title text, sku text, barcode text, option_values text[],
          option_key text, weight_grams integer, requires_shipping boolean, taxable boolean, image_id uuid)
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

async function writeCategories(tx: Tx, productId: string, categoryIds: string[]): Promise<void> {
  await tx.query('DELETE FROM product_categories WHERE product_id = $1 AND category_id <> ALL($2::uuid[])', [
    productId,
    categoryIds,
  ]);
  try {
    await tx.query(
      `INSERT INTO product_categories (product_id, category_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING`,
      [productId, categoryIds],
    );
  } catch (error) {
    if (isForeignKeyViolation(error)) throw UnknownCategory({ cause: error });
    throw error;
  }
}
