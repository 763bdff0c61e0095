import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { enqueue, HandlesJob, type JobContext, type JobHandler, RetryLater } from '#libs/jobs';
import { MailDataQuery } from './mail-data.query.js';
import { MISMATCH_MAILS, mismatchNotice } from './mails/mismatch.mail.js';
import { standingNotice } from './mails/standing-mismatches.mail.js';
import { MismatchJob, StandingMismatchesJob } from './notification.jobs.js';
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
    private readonly db: Db,
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle({ id, payload }: JobContext<Payload & Record<string, unknown>>): Promise<void> {
    if (payload.severity !== 'critical') return;
    const mismatch = await this.data.mismatch(payload.aggregateId, payload.kind, payload.subject);
    // What each night finds again takes no room from what is new.
    if (mismatch.place === null) {
      const reconciliationId = payload.aggregateId;
      await enqueue(this.db, StandingMismatchesJob, reconciliationId, { reconciliationId });
      return;
    }
    // A wrong key of Stripe makes every payment a finding: nobody reads a thousand mails.
    if (mismatch.place > MISMATCH_MAILS) return;
    await this.post.send(id, mismatch.shop, mismatch.shop.senderEmail, mismatchNotice(mismatch));
  }
}

const AGAIN_MS = 30_000;

/** Tells the shop of what a report found again, in one mail, once the report is complete. */
@HandlesJob(StandingMismatchesJob)
@Injectable()
export class StandingMismatchesProcessor implements JobHandler<{ reconciliationId: string }> {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle({ id, payload }: JobContext<{ reconciliationId: string }>): Promise<void> {
    const standing = await this.data.standing(payload.reconciliationId);
    if (!standing.isFinished) throw new RetryLater(new Date(Date.now() + AGAIN_MS));
    await this.post.send(id, standing.shop, standing.shop.senderEmail, standingNotice(standing));
  }
}
