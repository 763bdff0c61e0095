import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { withKnownAttributes } from '../attributes/attribute-filter.js';
import { lockCategoryTree } from '../catalog-lock.js';
import { CollectionHasRule, CollectionNotFound, HandleTaken } from '../catalog.errors.js';
import { RefreshCollectionsJob } from '../catalog.jobs.js';
import { sanitizeDescription } from '../description.js';
import { Collection } from '../entities/index.js';
import { freeHandle, handleOf } from '../handle.js';
import { assertProducts } from '../product-ids.js';
import { refreshMembership } from './collection-membership.js';
import { toRule } from './collection.dto.js';
import type { CreateCollectionRequest, UpdateCollectionRequest } from './collection.dto.js';
import { type CollectionRow, CollectionsQuery } from './collections.query.js';

const CHUNK = 500;

/**
 * Makes and changes collections. Products that are put in by hand are in at once; a new rule is asked for every product in
 * the background, and meanwhile for each product that changes.
 */
@Injectable()
export class EditCollections {
  constructor(
    private readonly db: Db,
    private readonly query: CollectionsQuery,
  ) {}

  /** @throws handle_taken, validation_failed */
  create(request: CreateCollectionRequest): Promise<CollectionRow> {
    return this.locked(async (tx) => {
      const id = newUuid();
      const title = request.title.trim();
      const rule = request.rule ? await withKnownAttributes(tx, toRule(request.rule)) : null;
      const sort = request.sort ?? (rule ? '-createdAt' : 'position');
      assertSort(sort, rule !== null);
      await tx.manager.insert(Collection, {
        id,
        title,
        rule,
        sort,
        handle: request.handle ?? (await freeHandle(tx, 'collections', handleOf(title, 'collection'))),
        descriptionHtml: sanitizeDescription(request.descriptionHtml ?? ''),
        status: request.status ?? 'active',
        onlyAvailable: request.onlyAvailable ?? false,
        seoTitle: request.seo?.title ?? null,
        seoDescription: request.seo?.description ?? null,
      });
      if (rule) await this.askForAll(tx, id, 1);
      return this.query.get(id, tx);
    });
  }

  /** Changes what is given. @throws collection_not_found, version_mismatch, handle_taken, validation_failed */
  update(id: string, version: number | undefined, request: UpdateCollectionRequest): Promise<CollectionRow> {
    return this.locked(async (tx) => {
      const before = await lockCollection(tx, id, version);
      const rule = request.rule
        ? await withKnownAttributes(tx, toRule(request.rule))
        : request.rule === null
          ? null
          : before.rule;
      const sort = request.sort ?? (rule && before.sort === 'position' ? '-createdAt' : before.sort);
      assertSort(sort, rule !== null);
      await tx.manager.update(
        Collection,
        { id },
        {
          rule,
          sort,
          title: request.title?.trim(),
          handle: request.handle,
          ...(request.descriptionHtml === undefined
            ? {}
            : { descriptionHtml: sanitizeDescription(request.descriptionHtml) }),
          status: request.status,
          onlyAvailable: request.onlyAvailable,
          seoTitle: request.seo?.title,
          seoDescription: request.seo?.description,
          version: before.version + 1,
          updatedAt: new Date(),
        },
      );
      if (request.rule !== undefined) {
        if (rule) await this.emptyByHand(tx, id);
        await this.askForAll(tx, id, before.version + 1);
      }
      return this.query.get(id, tx);
    });
  }

  /**
   * Puts exactly these products in, in this order, and takes the others out.
   * @param productIds uuids
   * @throws collection_not_found, version_mismatch, collection_has_rule, validation_failed naming what is no product
   */
  setProducts(id: string, version: number | undefined, productIds: readonly string[]): Promise<CollectionRow> {
    return this.locked(async (tx) => {
      const { rule } = await lockCollection(tx, id, version);
      if (rule) throw CollectionHasRule();
      const ids = [...new Set(productIds)];
      await assertProducts(tx, productIds);
      const touched = await tx.query<{ id: string }>(
        `WITH gone AS (
           DELETE FROM collection_products WHERE collection_id = $1 AND product_id <> ALL($2::uuid[]) RETURNING product_id),
         put AS (
           INSERT INTO collection_products AS c (collection_id, product_id, position)
           SELECT $1, w.id, w.n - 1 FROM unnest($2::uuid[]) WITH ORDINALITY AS w (id, n)
           ON CONFLICT (collection_id, product_id) DO UPDATE SET position = excluded.position WHERE c.position <> excluded.position
           RETURNING product_id)
         SELECT product_id AS id FROM gone UNION SELECT product_id FROM put`,
        [id, ids],
      );
      await refreshInChunks(
        tx,
        touched.map((row) => row.id),
      );
      await tx.query(`UPDATE collections SET version = version + 1, updated_at = now() WHERE id = $1`, [id]);
      return this.query.get(id, tx);
    });
  }

  /** Deletes a collection; its products stay. @throws collection_not_found, version_mismatch */
  delete(id: string, version: number | undefined): Promise<void> {
    return this.locked(async (tx) => {
      const { version: current, rule } = await lockCollection(tx, id, version);
      if (!rule) await this.emptyByHand(tx, id);
      await tx.query(`DELETE FROM collections WHERE id = $1`, [id]);
      // Until the background has been there, products point to nothing, which nobody sees.
      if (rule) await this.askForAll(tx, id, current + 1);
    });
  }

  private async emptyByHand(tx: Tx, id: string): Promise<void> {
    const gone = await tx.query<{ id: string }>(
      `DELETE FROM collection_products WHERE collection_id = $1 RETURNING product_id AS id`,
      [id],
    );
    await refreshInChunks(
      tx,
      gone.map((row) => row.id),
    );
  }

  private async askForAll(tx: Tx, id: string, version: number): Promise<void> {
    await enqueue(tx, RefreshCollectionsJob, `${id}:${version}`, {});
  }

  private async locked<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.db.transaction(async (tx) => {
        await lockCategoryTree(tx);
        return work(tx);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'collections_handle')) throw HandleTaken({ cause: error });
      throw error;
    }
  }
}

async function lockCollection(tx: Tx, id: string, version: number | undefined): Promise<Collection> {
  await tx.query(`SELECT 1 FROM collections WHERE id = $1 FOR UPDATE`, [id]);
  const collection = await tx.manager.findOneBy(Collection, { id });
  if (!collection) throw CollectionNotFound();
  assertVersion(version, collection.version);
  return collection;
}

function assertSort(sort: string, hasRule: boolean): void {
  if (sort !== 'position' || !hasRule) return;
  const detail = 'position is an order by hand: a collection with a rule has none';
  throw ValidationFailed({ errors: [{ pointer: '/sort', code: 'not_allowed', detail }] });
}

/** In the order in which everybody locks products, from one chunk to the next, too. */
async function refreshInChunks(tx: Tx, productIds: readonly string[]): Promise<void> {
  const ids = productIds.toSorted();
  for (let i = 0; i < ids.length; i += CHUNK) await refreshMembership(tx, ids.slice(i, i + CHUNK));
}
