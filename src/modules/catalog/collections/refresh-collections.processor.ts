import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { RefreshCollectionsJob } from '../catalog.jobs.js';
import { refreshMembership } from './collection-membership.js';

const CHUNK = 500;

/** Asks the rules for every product, some hundred at a time, so that nobody waits long for a lock. */
@HandlesJob(RefreshCollectionsJob)
@Injectable()
export class RefreshCollectionsProcessor implements JobHandler {
  constructor(private readonly db: Db) {}

  async handle(job: JobContext): Promise<void> {
    let after = '00000000-0000-0000-0000-000000000000';
    for (let products = 0, changed = 0; ;) {
      const rows = await this.db.query<{ id: string }>(
        `SELECT id FROM products WHERE id > $1 AND status = 'active' ORDER BY id LIMIT ${CHUNK}`,
        [after],
      );
      if (rows.length === 0) return;
      const ids = rows.map(({ id }) => id);
      changed += await this.db.transaction((tx) => refreshMembership(tx, ids));
      products += ids.length;
      after = ids.at(-1)!;
      await job.progress({ products, changed });
    }
  }
}
