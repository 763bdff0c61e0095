import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { lockCategoryTreeShared } from '../catalog-lock.js';
import { RefreshAttributeJob } from '../catalog.jobs.js';
import { lockProducts } from '../lock-products.js';
import { ProductListings } from '../product-listings.service.js';

const CHUNK = 200;

/** Lets the pages of products follow a change of an attribute, some hundred at a time; a deleted one goes off them. */
@HandlesJob(RefreshAttributeJob)
@Injectable()
export class RefreshAttributeProcessor implements JobHandler<{ attributeId: string }> {
  constructor(
    private readonly db: Db,
    private readonly listings: ProductListings,
  ) {}

  async handle(job: JobContext<{ attributeId: string }>): Promise<void> {
    const { attributeId } = job.payload;
    const [attribute] = await this.db.query<{ key: string; is_gone: boolean }>(
      `SELECT key, deleted_at IS NOT NULL AS is_gone FROM attribute_definitions WHERE id = $1`,
      [attributeId],
    );
    if (!attribute) return;
    let after = '00000000-0000-0000-0000-000000000000';
    for (let products = 0; ;) {
      const ids = await this.chunk(attribute.key, after);
      if (ids.length === 0) break;
      await this.db.transaction(async (tx) => {
        await lockCategoryTreeShared(tx);
        await lockProducts(tx, ids);
        if (attribute.is_gone) {
          await tx.query(
            `UPDATE products SET attributes = attributes - $2, version = version + 1, updated_at = now()
             WHERE id = ANY($1::uuid[])`,
            [ids, attribute.key],
          );
        }
        await this.listings.refresh(tx, ids);
      });
      products += ids.length;
      after = ids.at(-1)!;
      await job.progress({ products });
    }
    // Nobody writes values of it since it was deleted, so none has come behind our back.
    if (attribute.is_gone)
      await this.db.query(`DELETE FROM attribute_definitions WHERE id = $1 AND deleted_at IS NOT NULL`, [attributeId]);
  }

  private async chunk(key: string, after: string): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(
      `SELECT id FROM products WHERE attributes ? $1 AND id > $2 ORDER BY id LIMIT ${CHUNK}`,
      [key, after],
    );
    return rows.map(({ id }) => id);
  }
}
