import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { lockCategoryTreeShared } from '../catalog-lock.js';
import { lockProducts } from '../lock-products.js';
import { ProductListings } from '../product-listings.service.js';

const CHUNK = 200;
const IS_DUE = '(publish_at <= now() OR unpublish_at <= now())';

/** Lets products appear in the shop and leave it at the time that staff chose: a shopper never sees one before. */
@Injectable()
export class Publication {
  constructor(
    private readonly db: Db,
    private readonly listings: ProductListings,
  ) {}

  /** Carries out all plans whose time has come, whoever of several processes gets to them. @returns how many products changed */
  async settle(): Promise<number> {
    for (let settled = 0; ;) {
      const due = await this.db.query<{ id: string }>(
        `SELECT id FROM products WHERE publish_at <= now() UNION SELECT id FROM products WHERE unpublish_at <= now()
         ORDER BY id LIMIT ${CHUNK}`,
      );
      if (due.length === 0) return settled;
      settled += await this.carryOut(due.map(({ id }) => id));
    }
  }

  private carryOut(ids: string[]): Promise<number> {
    return this.db.transaction(async (tx) => {
      await lockCategoryTreeShared(tx);
      // Locked first: what staff decided a moment ago counts.
      await lockProducts(tx, ids);
      const changed = await tx.query<{ id: string }>(
        `UPDATE products SET status = CASE WHEN unpublish_at <= now() THEN 'draft' WHEN publish_at <= now() THEN 'active' ELSE status END,
           publish_at = CASE WHEN publish_at > now() THEN publish_at END,
           unpublish_at = CASE WHEN unpublish_at > now() THEN unpublish_at END, version = version + 1, updated_at = now()
         WHERE id = ANY($1::uuid[]) AND ${IS_DUE} RETURNING id`,
        [ids],
      );
      await this.listings.refresh(
        tx,
        changed.map(({ id }) => id),
      );
      return changed.length;
    });
  }
}
