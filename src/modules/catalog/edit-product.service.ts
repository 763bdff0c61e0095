import { Injectable } from '@nestjs/common';
import { isUniqueViolation, type Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { applyAttributes } from './attributes/attribute-values.js';
import { HandleTaken, OptionMismatch } from './catalog.errors.js';
import { sanitizeDescription } from './description.js';
import type { UpdateProductRequest } from './dto/product.request.js';
import { Product } from './entities/index.js';
import { writeCategories } from './product-categories.js';
import { ProductEdits } from './product-edits.service.js';
import { assertOptionNames, categoryUuids } from './product-input.js';
import type { AdminProductRecord } from './products.admin.query.js';
import { writeSchedule } from './schedule/product-schedule.js';

/** Changes what a product says of itself, and takes it out of the shop. */
@Injectable()
export class EditProduct {
  constructor(private readonly edits: ProductEdits) {}

  /**
   * Changes what is given.
   * @throws ProductNotFound, VersionMismatch, HandleTaken, OptionMismatch, UnknownCategory, ValidationFailed
   */
  async update(id: string, request: UpdateProductRequest, version: number | undefined): Promise<AdminProductRecord> {
    const categoryIds = request.categoryIds && categoryUuids(request.categoryIds);
    if (request.options) assertOptionNames(request.options);
    try {
      const { product } = await this.edits.run(id, version, async (tx, before) => {
        if (request.options && request.options.length !== before.optionNames.length) {
          await assertNoVariants(tx, id, before.optionNames.length);
        }
        if (request.giftCard && !before.isGiftCard) await assertNoBundle(tx, id);
        const attributes = request.attributes && (await applyAttributes(tx, before.attributes, request.attributes));
        await tx.manager.update(Product, { id }, { ...changedFields(request), attributes });
        await writeSchedule(tx, id, before, request);
        if (categoryIds) await writeCategories(tx, id, categoryIds);
      });
      return product;
    } catch (error) {
      if (isUniqueViolation(error, 'products_handle')) throw HandleTaken({ cause: error });
      throw error;
    }
  }

  /** Hides the product from shoppers; orders and stock keep it. Archiving again changes nothing that they see. */
  async archive(id: string, version: number | undefined): Promise<void> {
    await this.edits.run(id, version, (tx) =>
      tx.manager.update(Product, { id }, { status: 'archived', publishAt: null, unpublishAt: null }),
    );
  }
}

/** All but its state. What was not given is undefined, which TypeORM leaves alone; the time is there so that something is always set. */
function changedFields(request: UpdateProductRequest): Partial<Product> {
  return {
    handle: request.handle,
    title: request.title?.trim(),
    descriptionHtml: request.descriptionHtml === undefined ? undefined : sanitizeDescription(request.descriptionHtml),
    vendor: request.vendor?.trim(),
    productType: request.productType?.trim(),
    tags: request.tags && [...new Set(request.tags)],
    isGiftCard: request.giftCard,
    optionNames: request.options,
    seoTitle: request.seo?.title,
    seoDescription: request.seo?.description,
    updatedAt: new Date(),
  };
}

/** What is in a bundle, or is one, is taken from the shelf and not sent as a code. */
async function assertNoBundle(tx: Tx, id: string): Promise<void> {
  const rows = await tx.query(
    `SELECT FROM variants v WHERE v.product_id = $1
       AND (v.is_bundle OR EXISTS (SELECT FROM bundle_parts b WHERE b.part_variant_id = v.id)) LIMIT 1`,
    [id],
  );
  if (rows.length === 0) return;
  const error = {
    pointer: '/giftCard',
    code: 'is_bundled',
    detail: 'cannot be: a variant is a bundle, or a part of one',
  };
  throw ValidationFailed({ errors: [error] });
}

async function assertNoVariants(tx: Tx, id: string, count: number): Promise<void> {
  const rows = await tx.query('SELECT FROM variants WHERE product_id = $1 LIMIT 1', [id]);
  if (rows.length === 0) return;
  const detail = `must have ${count} names, since the variants have ${count} values`;
  throw OptionMismatch({
    detail: `/options ${detail}.`,
    errors: [{ pointer: '/options', code: 'option_mismatch', detail }],
  });
}
