import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler, PermanentFailure } from '#libs/jobs';
import { ExecuteRefund } from '../execute-refund.service.js';
import { PaymentRefused } from '../payments.errors.js';
import { ExecuteRefundJob } from './definitions.js';
import { spareAttempts } from './spare-attempts.js';

/** Carries out refunds that nobody waits for, and those that Stripe did not answer. */
@Injectable()
@HandlesJob(ExecuteRefundJob)
export class ExecuteRefundHandler implements JobHandler<{ refundId: string }> {
  constructor(private readonly refund: ExecuteRefund) {}

  async handle(job: JobContext<{ refundId: string }>): Promise<void> {
    try {
      await spareAttempts(() => this.refund.execute(job.payload.refundId));
    } catch (error) {
      if (PaymentRefused.is(error)) throw new PermanentFailure(error.message);
      throw error;
    }
  }
}
