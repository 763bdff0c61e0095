import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler, PermanentFailure } from '#libs/jobs';
import { LinkTokens } from '../auth/index.js';
import { MailDataQuery } from './mail-data.query.js';
import { accountExists, confirmAccount } from './mails/account-mails.js';
import { RegistrationJob } from './notification.jobs.js';
import { PostOffice } from './post-office.js';

/** The link that an event is about. */
function linkIdOf(job: JobContext): string {
  const { linkId } = job.payload;
  if (typeof linkId === 'string') return linkId;
  throw new PermanentFailure('the event carries no linkId');
}

/** Answers a registration: with the link that opens the account, or with the news that there is one. */
@HandlesJob(RegistrationJob)
@Injectable()
export class RegistrationProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
    private readonly tokens: LinkTokens,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const link = await this.data.link(linkIdOf(job));
    if (!link) return;
    const content = link.hasAccount
      ? accountExists(link, `${this.post.links.storefrontUrl}/login`)
      : confirmAccount(link, `${this.post.links.storefrontUrl}/verify-email#token=${this.tokens.tokenOf(link.id)}`);
    await this.post.send(job.id, link.shop, link.email, content);
  }
}
