import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import type { BundlePartInput } from './bundles/bundle.dto.js';
import { EditBundle } from './bundles/edit-bundle.service.js';
import { HandleTaken, ProductNotFound } from './catalog.errors.js';
import { MakeRenditionsJob } from './catalog.jobs.js';
import { lockCategoryTree, lockCategoryTreeShared } from './catalog-lock.js';
import type { DuplicateProductRequest } from './dto/duplicate-product.request.js';
import { Product } from './entities/index.js';
import { freeHandle } from './handle.js';
import { mediaNameOf } from './media-store.service.js';
import { type AdminProductRecord, AdminProductsQuery } from './products.admin.query.js';

const ATTEMPTS = 5;
const MAX_TITLE = 255;
const SUFFIX = ' (copy)';
/** Leaves room for `-copy-12`. */
const MAX_HANDLE = 240;

/**
 * Makes a draft that is like a product but for what must be one of a kind: handle, SKUs, barcodes. Nothing of it is in stock
 * but what bundles have by their parts, and files that are sold and prices in price lists stay with the original.
 */
@Injectable()
export class DuplicateProduct {
  constructor(
    private readonly db: Db,
    private readonly products: AdminProductsQuery,
    private readonly bundles: EditBundle,
  ) {}

  /** @throws product_not_found, handle_taken */
  async execute(id: string, request: DuplicateProductRequest): Promise<AdminProductRecord> {
    let isAlone = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const copy = await this.copy(id, request, isAlone);
        if (copy) return copy;
        isAlone = true;
      } catch (error) {
        if (!isUniqueViolation(error, 'products_handle')) throw error;
        // A handle of our own making was taken between the look and the write: the next one will do.
        if (request.handle !== undefined || attempt === ATTEMPTS) throw HandleTaken({ cause: error });
      }
    }
  }

  /**
   * @param isAlone whether no other product may be written meanwhile, as bundles need it
   * @returns null where it has bundles and is not alone
   */
  private copy(id: string, request: DuplicateProductRequest, isAlone: boolean): Promise<AdminProductRecord | null> {
    return this.db.transaction(async (tx) => {
      await (isAlone ? lockCategoryTree(tx) : lockCategoryTreeShared(tx));
      const source = await tx.manager.findOne(Product, { where: { id }, lock: { mode: 'for_no_key_update' } });
      if (!source) throw ProductNotFound();
      const bundles = await bundlesOf(tx, id);
      if (bundles.length > 0 && !isAlone) return null;
      const title = request.title?.trim() ?? `${source.title.slice(0, MAX_TITLE - SUFFIX.length)}${SUFFIX}`;
      const wanted = `${source.handle.slice(0, MAX_HANDLE).replace(/-+$/, '')}-copy`;
      const handle = request.handle ?? (await freeHandle(tx, 'products', wanted));
      const copyId = newUuid();
      await tx.query(
        `INSERT INTO products (id, handle, title, status, description_html, vendor, product_type, tags, is_gift_card,
                               option_names, seo_title, seo_description, attributes)
         SELECT $2, $3, $4, 'draft', description_html, vendor, product_type, tags, is_gift_card,
                option_names, seo_title, seo_description, attributes FROM products WHERE id = $1`,
        [id, copyId, handle, title],
      );
      const copies = await copyVariants(tx, id, copyId, await copyImages(tx, id, copyId));
      await copyPlaces(tx, id, copyId);
      await copyTranslations(tx, id, copyId, request.title === undefined ? SUFFIX : '');
      for (const { id: bundleId, parts } of bundles)
        await this.bundles.compose(tx, { productId: copyId, variantId: copies.get(bundleId)! }, parts);
      return this.products.get(copyId, tx);
    });
  }
}

/** Pairs of the ids of what is copied and of its copies, as two arrays for SQL. */
type Pairs = readonly [old: string[], copies: string[]];

async function pairs(tx: Tx, sql: string, productId: string): Promise<Pairs> {
  const rows = await tx.query<{ id: string }>(sql, [productId]);
  return [rows.map((row) => row.id), rows.map(() => newUuid())];
}

/** The pictures themselves are shared: they stay where they are when an image of one product is taken off. */
async function copyImages(tx: Tx, from: string, to: string): Promise<Pairs> {
  const images = await pairs(tx, 'SELECT id FROM product_images WHERE product_id = $1 ORDER BY position, id', from);
  const copies = await tx.query<{ id: string; url: string; renditions: unknown[] }>(
    `INSERT INTO product_images (id, product_id, position, url, alt, width, height, renditions)
     SELECT w.copy, $1, i.position, i.url, i.alt, i.width, i.height, i.renditions
     FROM unnest($2::uuid[], $3::uuid[]) AS w (old, copy) JOIN product_images i ON i.id = w.old
     RETURNING id, url, renditions`,
    [to, ...images],
  );
  for (const { id, url, renditions } of copies)
    if (renditions.length === 0 && mediaNameOf(url)) await enqueue(tx, MakeRenditionsJob, id, { imageId: id });
  return images;
}

/** @returns the ids of the copies, by those of the variants */
async function copyVariants(tx: Tx, from: string, to: string, images: Pairs): Promise<ReadonlyMap<string, string>> {
  const variants = await pairs(
    tx,
    `SELECT id FROM variants WHERE product_id = $1 AND status = 'active' ORDER BY position, id`,
    from,
  );
  await tx.query(
    `INSERT INTO variants (id, product_id, position, title, option_values, option_key, weight_grams, requires_shipping,
                           shipping_profile_id, taxable, tax_class_id, track_inventory, allow_backorder, image_id)
     SELECT w.copy, $1, v.position, v.title, v.option_values, v.option_key, v.weight_grams, v.requires_shipping,
            v.shipping_profile_id, v.taxable, v.tax_class_id, v.track_inventory, v.allow_backorder, i.copy
     FROM unnest($2::uuid[], $3::uuid[]) AS w (old, copy) JOIN variants v ON v.id = w.old
     LEFT JOIN unnest($4::uuid[], $5::uuid[]) AS i (old, copy) ON i.old = v.image_id`,
    [to, ...variants, ...images],
  );
  await tx.query(
    `INSERT INTO prices (variant_id, currency, amount, compare_at)
     SELECT w.copy, p.currency, p.amount, p.compare_at
     FROM unnest($1::uuid[], $2::uuid[]) AS w (old, copy) JOIN prices p ON p.variant_id = w.old`,
    [...variants],
  );
  const [old, copies] = variants;
  return new Map(old.map((id, i) => [id, copies[i]!]));
}

/** What is sold of it as a bundle, with what that is made of. */
async function bundlesOf(tx: Tx, productId: string): Promise<{ id: string; parts: BundlePartInput[] }[]> {
  return tx.query(
    `SELECT v.id, (SELECT json_agg(json_build_object('variantId', b.part_variant_id, 'quantity', b.quantity) ORDER BY b.position)
       FROM bundle_parts b WHERE b.variant_id = v.id) AS parts
     FROM variants v WHERE v.product_id = $1 AND v.is_bundle AND v.status = 'active' ORDER BY v.id`,
    [productId],
  );
}

/** In every language it is called a copy where the original language calls it so. */
async function copyTranslations(tx: Tx, from: string, to: string, suffix: string): Promise<void> {
  await tx.query(
    `INSERT INTO product_translations (target_id, locale, title, description, seo_title, seo_description)
     SELECT $2, locale, left(title, ${MAX_TITLE} - length($3)) || $3, description, seo_title, seo_description
     FROM product_translations WHERE target_id = $1`,
    [from, to, suffix],
  );
}

/** Where it is found: its categories, at the end of the collections that it was put into by hand, and beside what. */
async function copyPlaces(tx: Tx, from: string, to: string): Promise<void> {
  await tx.query(
    `INSERT INTO product_categories (product_id, category_id) SELECT $2, category_id FROM product_categories WHERE product_id = $1`,
    [from, to],
  );
  const collections = await tx.query<{ id: string }>(
    `SELECT id FROM collections WHERE id IN (SELECT collection_id FROM collection_products WHERE product_id = $1)
     ORDER BY id FOR UPDATE`,
    [from],
  );
  const ids = collections.map((row) => row.id);
  await tx.query(
    `INSERT INTO collection_products (collection_id, product_id, position)
     SELECT collection_id, $2, max(position) + 1 FROM collection_products WHERE collection_id = ANY($1::uuid[])
     GROUP BY collection_id`,
    [ids, to],
  );
  await tx.query(`UPDATE collections SET version = version + 1, updated_at = now() WHERE id = ANY($1::uuid[])`, [ids]);
  await tx.query(
    `INSERT INTO product_relations (product_id, related_id, position)
     SELECT $2, related_id, position FROM product_relations WHERE product_id = $1`,
    [from, to],
  );
}
