import { Injectable } from '@nestjs/common';
import { decodeId } from '#libs/ids';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { SavedCards } from '../saved-cards/saved-cards.service.js';
import { ForgetCustomerJob } from './definitions.js';
import { spareAttempts } from './spare-attempts.js';

/** Who has deleted their account is deleted at Stripe too, with the cards that they saved. */
@Injectable()
@HandlesJob(ForgetCustomerJob)
export class ForgetCustomerHandler implements JobHandler<{ customerId: string }> {
  constructor(private readonly cards: SavedCards) {}

  async handle(job: JobContext<{ customerId: string }>): Promise<void> {
    const id = decodeId('customer', job.payload.customerId);
    if (id === null || id === undefined) throw new Error(`${job.payload.customerId} is no customer`);
    await spareAttempts(() => this.cards.forgetCustomer(id));
  }
}
