import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler, RetryLater } from '#libs/jobs';
import { EndUnpaidOrder } from '../end-unpaid-order.service.js';
import { StopTriesJob } from './definitions.js';
import { spareAttempts } from './spare-attempts.js';

/** When Stripe is asked again, because one of the tries is still at the bank. */
const AGAIN_MS = 60_000;

/** Whoever tries card after card on one order is not a shopper: the intent takes no more, and the order ends. */
@Injectable()
@HandlesJob(StopTriesJob)
export class StopTriesHandler implements JobHandler<{ orderId: string }> {
  constructor(private readonly end: EndUnpaidOrder) {}

  async handle(job: JobContext<{ orderId: string }>): Promise<void> {
    const outcome = await spareAttempts(() => this.end.execute(job.payload.orderId, 'too_many_attempts'));
    if (outcome !== 'done') throw new RetryLater(new Date(Date.now() + AGAIN_MS));
  }
}
