import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { EndUnpaidOrder } from '../end-unpaid-order.service.js';
import { StopTriesJob } from './definitions.js';
import { spareAttempts } from './spare-attempts.js';

/** Whoever tries card after card on one order is not a shopper: the intent takes no more, and the order ends. */
@Injectable()
@HandlesJob(StopTriesJob)
export class StopTriesHandler implements JobHandler<{ orderId: string }> {
  constructor(private readonly end: EndUnpaidOrder) {}

  async handle(job: JobContext<{ orderId: string }>): Promise<void> {
    await spareAttempts(() => this.end.execute(job.payload.orderId, 'too_many_attempts'));
  }
}
