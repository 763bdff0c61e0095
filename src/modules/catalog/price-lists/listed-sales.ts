import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { lockCategoryTreeShared } from '../catalog-lock.js';
import { ProductListings } from '../product-listings.service.js';
import { FOR_EVERYBODY_SQL, IN_FORCE_SQL } from './offers-sql.js';

/** Products whose lists are rebuilt in one transaction. */
const CHUNK = 200;
/** More than that are left to the job, so that nobody waits for them. */
const AT_ONCE = 200;

/** SQL: whether lists of products shall show the prices of `pl`. */
const SHALL_BE_LISTED = `(${IN_FORCE_SQL} AND ${FOR_EVERYBODY_SQL})`;

/** Lets lists and pages of products show what everybody pays, when price lists begin, end or change. */
@Injectable()
export class ListedSales {
  constructor(
    private readonly db: Db,
    private readonly listings: ProductListings,
  ) {}

  /**
   * Brings what products show in line with a list that was changed in this transaction, unless they are so many that it is
   * left to the job. Take the lock of the category tree before.
   */
  async settleSoon(tx: Tx, listId: string): Promise<void> {
    const productIds = await this.productsOf(tx, listId, AT_ONCE + 1);
    if (productIds.length > AT_ONCE) return;
    await this.listings.refresh(tx, productIds);
    await tx.query(`UPDATE price_lists pl SET listed = ${SHALL_BE_LISTED} WHERE id = $1`, [listId]);
  }

  /** Does so for every list that has begun or ended since, one chunk of products after the other. @returns how many lists */
  async settle(): Promise<number> {
    const due = await this.db.query<{ id: string }>(
      `SELECT id FROM price_lists pl WHERE listed <> ${SHALL_BE_LISTED} OR (deleted_at IS NOT NULL AND NOT listed) ORDER BY id`,
    );
    for (const { id } of due) await this.settleList(id);
    return due.length;
  }

  private async settleList(listId: string): Promise<void> {
    // Before the products are looked at: what changes meanwhile makes it due again.
    const [state] = await this.db.query<{ wanted: boolean; version: number }>(
      `SELECT ${SHALL_BE_LISTED} AS wanted, version FROM price_lists pl WHERE id = $1`,
      [listId],
    );
    if (!state) return;
    for (let after: string | null = null; ;) {
      const chunk: string[] = await this.productsOf(this.db, listId, CHUNK, after);
      if (chunk.length === 0) break;
      await this.db.transaction(async (tx) => {
        await lockCategoryTreeShared(tx);
        await this.listings.refresh(tx, chunk);
      });
      after = chunk.at(-1)!;
    }
    await this.db.query(`UPDATE price_lists SET listed = $2 WHERE id = $1 AND version = $3`, [
      listId,
      state.wanted,
      state.version,
    ]);
    await this.db.query(`DELETE FROM price_lists WHERE id = $1 AND deleted_at IS NOT NULL AND NOT listed`, [listId]);
  }

  private async productsOf(
    db: Pick<Tx, 'query'>,
    listId: string,
    limit: number,
    after: string | null = null,
  ): Promise<string[]> {
    const rows = await db.query<{ id: string }>(
      `SELECT DISTINCT v.product_id AS id FROM price_list_entries e JOIN variants v ON v.id = e.variant_id
       WHERE e.price_list_id = $1 AND ($2::uuid IS NULL OR v.product_id > $2) ORDER BY id LIMIT $3`,
      [listId, after, limit],
    );
    return rows.map((row) => row.id);
  }
}
