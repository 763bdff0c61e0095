import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { HandlesJob, type JobContext, type JobHandler, PermanentFailure } from '#libs/jobs';
import { decodeId } from '#libs/ids';
import { ForgetAuthorJob } from './reviews.jobs.js';

/** A customer is gone: what they wrote stays, without their name. */
@HandlesJob(ForgetAuthorJob)
@Injectable()
export class ForgetAuthorProcessor implements JobHandler<{ customerId: string }> {
  constructor(private readonly db: Db) {}

  async handle(job: JobContext<{ customerId: string }>): Promise<void> {
    const customerId = decodeId('customer', job.payload.customerId);
    if (customerId === null) throw new PermanentFailure('the event carries no customerId');
    await this.db.query(
      `UPDATE reviews SET author = 'Former customer', version = version + 1, updated_at = now()
       WHERE customer_id = $1 AND author <> 'Former customer'`,
      [customerId],
    );
  }
}
