import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { Db } from '#libs/database';
import { applyAttributes } from './attributes/attribute-values.js';
import { lockCategoryTreeShared } from './catalog-lock.js';
import { HandleTaken } from './catalog.errors.js';
import type { CreateProductRequest } from './dto/product.request.js';
import { freeHandle, handleOf } from './handle.js';
import { productDraft } from './product-input.js';
import { ProductListings } from './product-listings.service.js';
import { ProductWriter } from './product-writer.service.js';
import { type AdminProductRecord, AdminProductsQuery } from './products.admin.query.js';
import { writeSchedule } from './schedule/product-schedule.js';
import { assertReferences } from './variant-references.js';

const ATTEMPTS = 5;
const NEW_DRAFT = { status: 'draft', publishAt: null, unpublishAt: null } as const;

/** Adds a product with its variants, prices and images; when it is active, shoppers see it at once. */
@Injectable()
export class CreateProduct {
  constructor(
    private readonly db: Db,
    private readonly writer: ProductWriter,
    private readonly listings: ProductListings,
    private readonly products: AdminProductsQuery,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** @throws HandleTaken, OptionMismatch, VariantExists, UnknownCategory, ValidationFailed */
  async execute(request: CreateProductRequest): Promise<AdminProductRecord> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.create(request);
      } catch (error) {
        // A handle of our own making was taken between the look and the write: the next one will do.
        if (request.handle !== undefined || !HandleTaken.is(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private create(request: CreateProductRequest): Promise<AdminProductRecord> {
    return this.db.transaction(async (tx) => {
      const handle = request.handle ?? (await freeHandle(tx, 'products', handleOf(request.title, 'product')));
      const draft = productDraft(request, handle, this.config.publicUrl);
      if (request.attributes) {
        await lockCategoryTreeShared(tx);
        draft.attributes = await applyAttributes(tx, {}, request.attributes);
      }
      await assertReferences(tx, draft.variants, (i) => `/variants/${i}`);
      const saved = await this.writer.save(tx, draft);
      // The writer found another product by this handle and changed it: undone with the transaction.
      if (saved.outcome !== 'created') throw HandleTaken({ detail: `The handle ${handle} is taken.` });
      await writeSchedule(tx, saved.productId, NEW_DRAFT, { ...request, status: draft.status });
      await this.listings.refresh(tx, [saved.productId]);
      return this.products.get(saved.productId, tx);
    });
  }
}
