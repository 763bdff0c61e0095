import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { RefreshCategoryJob } from './catalog.jobs.js';
import { lockCategoryTreeShared } from './catalog-lock.js';
import { productsBelow } from './category-followers.js';
import { ProductListings } from './product-listings.service.js';

const CHUNK = 200;

/** Of which category; and which of its products, all where jobs of older processes do not say. */
interface Payload {
  categoryId: string;
  which?: 'all' | 'translated';
}

/** Lets the products in a category follow its new name or place, some hundred at a time, so that nobody waits long. */
@HandlesJob(RefreshCategoryJob)
@Injectable()
export class RefreshCategoryProcessor implements JobHandler<Payload> {
  constructor(
    private readonly db: Db,
    private readonly listings: ProductListings,
  ) {}

  async handle(job: JobContext<Payload>): Promise<void> {
    const { categoryId, which } = job.payload;
    let after: string | undefined;
    for (let products = 0; ;) {
      const ids = await productsBelow(this.db, categoryId, CHUNK, after, which);
      if (ids.length === 0) return;
      await this.db.transaction(async (tx) => {
        await lockCategoryTreeShared(tx);
        await this.listings.refresh(tx, ids);
      });
      products += ids.length;
      after = ids.at(-1)!;
      await job.progress({ products });
    }
  }
}
