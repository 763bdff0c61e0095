import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { lockCategoryTreeShared } from '../catalog-lock.js';
import { RefreshTranslationsJob } from '../catalog.jobs.js';
import { ProductListings } from '../product-listings.service.js';

const CHUNK = 200;

/** Writes the pages of translated products anew, after the dictionary of options changed. */
@HandlesJob(RefreshTranslationsJob)
@Injectable()
export class RefreshTranslationsProcessor implements JobHandler<{ locale: string }> {
  constructor(
    private readonly db: Db,
    private readonly listings: ProductListings,
  ) {}

  async handle(job: JobContext<{ locale: string }>): Promise<void> {
    let after = '00000000-0000-0000-0000-000000000000';
    for (let products = 0; ;) {
      const ids = await this.db.transaction(async (tx) => {
        await lockCategoryTreeShared(tx);
        const rows = await tx.query<{ id: string }>(
          `SELECT DISTINCT target_id AS id FROM product_translations
           WHERE target_id > $1 AND (locale = $2 OR locale LIKE $2 || '-%') ORDER BY id LIMIT ${CHUNK}`,
          [after, job.payload.locale],
        );
        const found = rows.map(({ id }) => id);
        await this.listings.refresh(tx, found);
        return found;
      });
      if (ids.length === 0) return;
      products += ids.length;
      after = ids.at(-1)!;
      await job.progress({ products });
    }
  }
}
