import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { log } from '#libs/log';
import type { JobResponse, JobState } from './dto/job.response.js';
import { JOB_COLUMNS, type JobRow, toJobResponse } from './jobs.query.js';
import { JobNotDead } from './operations.errors.js';

/** Gives a dead letter another full series of tries, beginning now. */
@Injectable()
export class RetryJob {
  constructor(private readonly db: Db) {}

  /** @throws not_found, or job_not_dead with the present `state` */
  async execute(jobId: string, actor: string): Promise<JobResponse> {
    const [row] = await this.db.transaction((tx) =>
      tx.query<JobRow>(
        `UPDATE jobs SET state = 'queued', attempts = 0, next_at = now(), dispatched_at = NULL, locked_until = NULL, finished_at = NULL
         WHERE id = $1 AND state = 'dead' RETURNING ${JOB_COLUMNS}`,
        [jobId],
      ),
    );
    if (row) {
      log.info('job.retried', { jobId, name: row.name, actor });
      return toJobResponse(row);
    }
    const [present] = await this.db.query<{ state: JobState }>(`SELECT state FROM jobs WHERE id = $1`, [jobId]);
    if (!present) throw NotFound();
    throw JobNotDead({ data: { state: present.state } });
  }
}
