import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { DeliverOrder } from '../deliver-order.service.js';
import { DeliverOrderJob } from '../downloads.jobs.js';

/** Gives out the files of an order that was paid. */
@Injectable()
@HandlesJob(DeliverOrderJob)
export class DeliverOrderProcessor implements JobHandler {
  constructor(private readonly deliver: DeliverOrder) {}

  handle(job: JobContext): Promise<void> {
    return this.deliver.whenPaid(String(job.payload.aggregateId));
  }
}
