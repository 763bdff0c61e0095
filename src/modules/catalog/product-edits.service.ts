import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { assertVersion } from '#libs/http';
import { ProductNotFound } from './catalog.errors.js';
import { lockCategoryTree, lockCategoryTreeShared } from './catalog-lock.js';
import { Product } from './entities/index.js';
import { lockProducts } from './lock-products.js';
import { ProductListings } from './product-listings.service.js';
import { type AdminProductRecord, AdminProductsQuery } from './products.admin.query.js';

/** What a change returns that finds everything as it is wanted: no version is raised, and nothing is shown anew. */
export class Unchanged<T> {
  constructor(readonly result: T) {}
}

/** Every change of one product goes through here: locked, checked against what the client saw, counted, and shown at once. */
@Injectable()
export class ProductEdits {
  constructor(
    private readonly db: Db,
    private readonly listings: ProductListings,
    private readonly products: AdminProductsQuery,
  ) {}

  /**
   * Runs `change` on the locked product and raises its version, unless it was `Unchanged`.
   * @param expectedVersion undefined when the client need not have seen it
   * @param isAlone whether no other product may be written meanwhile
   * @returns the product afterwards, and what `change` returned
   * @throws ProductNotFound, VersionMismatch, and what `change` throws
   */
  run<T>(
    id: string,
    expectedVersion: number | undefined,
    change: (tx: Tx, product: Product) => Promise<T | Unchanged<T>>,
    isAlone = false,
  ): Promise<{ product: AdminProductRecord; result: T }> {
    return this.db.transaction(async (tx) => {
      await (isAlone ? lockCategoryTree(tx) : lockCategoryTreeShared(tx));
      await lockProducts(tx, [id]);
      const product = await tx.manager.findOneBy(Product, { id });
      if (!product) throw ProductNotFound();
      assertVersion(expectedVersion, product.version);
      const result = await change(tx, product);
      if (result instanceof Unchanged) return { product: await this.products.get(id, tx), result: result.result };
      await tx.manager.update(Product, { id }, { version: product.version + 1, updatedAt: new Date() });
      await this.listings.refresh(tx, [id]);
      return { product: await this.products.get(id, tx), result };
    });
  }
}
