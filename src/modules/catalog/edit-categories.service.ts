import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import { CategoryCycle, CategoryNotEmpty, CategoryNotFound, HandleTaken, UnknownCategory } from './catalog.errors.js';
import { lockCategoryTree } from './catalog-lock.js';
import { AdminCategoriesQuery, type AdminCategoryRow } from './categories.admin.query.js';
import { BELOW, followCategory } from './category-followers.js';
import type { CreateCategoryRequest, UpdateCategoryRequest } from './dto/category.dto.js';
import { Category } from './entities/index.js';
import { freeHandle, handleOf } from './handle.js';
import { ProductListings } from './product-listings.service.js';

/** Grows, moves and cuts the tree of categories. Its lock lets one change happen at a time. */
@Injectable()
export class EditCategories {
  constructor(
    private readonly db: Db,
    private readonly listings: ProductListings,
    private readonly categories: AdminCategoriesQuery,
  ) {}

  /** Adds an empty category. @throws HandleTaken, UnknownCategory */
  create(request: CreateCategoryRequest): Promise<AdminCategoryRow> {
    return this.locked(async (tx) => {
      const title = request.title.trim();
      const handle = request.handle ?? (await freeHandle(tx, 'categories', handleOf(title, 'category')));
      if (request.parentId) await assertExists(tx, request.parentId);
      const id = newUuid();
      await tx.manager.insert(Category, {
        id,
        title,
        handle,
        description: request.description ?? '',
        seoTitle: request.seo?.title ?? null,
        seoDescription: request.seo?.description ?? null,
        parentId: request.parentId ?? null,
        position: request.position ?? 0,
      });
      return this.categories.get(id, tx);
    });
  }

  /**
   * Changes what is given; the products in it and below it are found under its new name and place at once, or within seconds
   * where they are many.
   * @throws CategoryNotFound, VersionMismatch, HandleTaken, UnknownCategory, CategoryCycle
   */
  update(id: string, request: UpdateCategoryRequest, version: number | undefined): Promise<AdminCategoryRow> {
    return this.locked(async (tx) => {
      const before = await getCategory(tx, id, version);
      if (request.parentId) {
        await assertExists(tx, request.parentId);
        if ((await idsBelow(tx, id)).includes(request.parentId)) throw CategoryCycle();
      }
      await tx.manager.update(
        Category,
        { id },
        {
          title: request.title?.trim(),
          handle: request.handle,
          description: request.description,
          seoTitle: request.seo?.title,
          seoDescription: request.seo?.description,
          parentId: request.parentId,
          position: request.position,
          version: before.version + 1,
          updatedAt: new Date(),
        },
      );
      const { title, handle, parentId } = request;
      if ([title, handle, parentId].some((seenOnProducts) => seenOnProducts !== undefined))
        await followCategory(tx, this.listings, { id, version: before.version + 1 });
      return this.categories.get(id, tx);
    });
  }

  /** Deletes an empty category. @throws CategoryNotFound, VersionMismatch, CategoryNotEmpty */
  delete(id: string, version: number | undefined): Promise<void> {
    return this.locked(async (tx) => {
      await getCategory(tx, id, version);
      const [inside] = await tx.query<{ products: number; children: number }>(
        `SELECT (SELECT count(*) FROM product_categories WHERE category_id = $1) AS products,
                (SELECT count(*) FROM categories WHERE parent_id = $1) AS children`,
        [id],
      );
      if (inside!.products > 0 || inside!.children > 0) throw CategoryNotEmpty({ data: { ...inside } });
      await tx.manager.delete(Category, { id });
    });
  }

  private async locked<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.db.transaction(async (tx) => {
        await lockCategoryTree(tx);
        return work(tx);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'categories_handle')) throw HandleTaken({ cause: error });
      throw error;
    }
  }
}

async function getCategory(tx: Tx, id: string, version: number | undefined): Promise<Category> {
  const category = await tx.manager.findOneBy(Category, { id });
  if (!category) throw CategoryNotFound();
  assertVersion(version, category.version);
  return category;
}

async function assertExists(tx: Tx, parentId: string): Promise<void> {
  if (await tx.manager.existsBy(Category, { id: parentId })) return;
  const detail = 'is no category of ours';
  throw UnknownCategory({
    detail: `/parentId ${detail}.`,
    errors: [{ pointer: '/parentId', code: 'unknown_category', detail }],
  });
}

/** The category itself and everything below it. */
async function idsBelow(tx: Tx, id: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(`${BELOW} SELECT id FROM below`, [id]);
  return rows.map((row) => row.id);
}
