import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { MailDataQuery } from './mail-data.query.js';
import { disputeNotice } from './mails/dispute.mail.js';
import { DisputeJob } from './notification.jobs.js';
import { PostOffice } from './post-office.js';

/** Tells the shop of a dispute, so that somebody answers in time. */
@HandlesJob(DisputeJob)
@Injectable()
export class DisputeProcessor implements JobHandler<{ disputeId: string }> {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext<{ disputeId: string }>): Promise<void> {
    const dispute = await this.data.dispute(job.payload.disputeId);
    await this.post.send(job.id, dispute.shop, dispute.shop.senderEmail, disputeNotice(dispute));
  }
}
