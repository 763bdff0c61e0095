import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { MailDataQuery } from './mail-data.query.js';
import { MISMATCH_MAILS, mismatchNotice } from './mails/mismatch.mail.js';
import { MismatchJob } from './notification.jobs.js';
import { PostOffice } from './post-office.js';

interface Payload {
  aggregateId: string;
  kind: string;
  severity: string;
  subject: string;
}

/** Tells the shop of money that does not add up, where only a person can put it right. */
@HandlesJob(MismatchJob)
@Injectable()
export class MismatchProcessor implements JobHandler<Payload & Record<string, unknown>> {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle({ id, payload }: JobContext<Payload & Record<string, unknown>>): Promise<void> {
    if (payload.severity !== 'critical') return;
    const mismatch = await this.data.mismatch(payload.aggregateId, payload.kind, payload.subject);
    // A wrong key of Stripe makes every payment a finding: nobody reads a thousand mails.
    if (mismatch.place > MISMATCH_MAILS) return;
    await this.post.send(id, mismatch.shop, mismatch.shop.senderEmail, mismatchNotice(mismatch));
  }
}
