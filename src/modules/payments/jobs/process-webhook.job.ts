import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { ApplyReceipt } from '../apply-receipt.service.js';
import { ProcessWebhookJob } from './definitions.js';
import { spareAttempts } from './spare-attempts.js';

/** An event is a hint: the payment that it names is read from Stripe and applied. */
@Injectable()
@HandlesJob(ProcessWebhookJob)
export class ProcessWebhookHandler implements JobHandler<{ receiptId: string }> {
  constructor(private readonly receipts: ApplyReceipt) {}

  async handle(job: JobContext<{ receiptId: string }>): Promise<void> {
    await spareAttempts(() => this.receipts.execute(job.payload.receiptId));
  }
}
