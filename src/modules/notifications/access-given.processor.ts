import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { decodeId } from '#libs/ids';
import { enqueue, HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { MailDataQuery } from './mail-data.query.js';
import { accessGiven } from './mails/access-given.mail.js';
import { AccessGivenJob, AccessGivenMailJob } from './notification.jobs.js';
import { PostOffice } from './post-office.js';

interface Given {
  what: 'staff' | 'role' | 'api_key';
  /** `usr_…` or `key_…` */
  subject: string;
  /** `usr_…` */
  by: string;
}

/** Somebody was given a way to the tools of the shop: a mail of its own for each owner but who was given it. */
@HandlesJob(AccessGivenJob)
@Injectable()
export class AccessGivenProcessor implements JobHandler<Given & Record<string, unknown>> {
  constructor(private readonly db: Db) {}

  async handle(job: JobContext<Given & Record<string, unknown>>): Promise<void> {
    const { what, subject, by } = job.payload;
    await this.db.transaction(async (tx) => {
      const owners = await tx.query<{ id: string }>(
        `SELECT id FROM users WHERE role = 'owner' AND suspended_at IS NULL AND password_hash NOT LIKE '!%'
           AND id IS DISTINCT FROM $1 ORDER BY id`,
        [decodeId('user', subject)],
      );
      for (const { id } of owners)
        await enqueue(tx, AccessGivenMailJob, `${job.id}:${id}`, { what, subject, by, ownerId: id });
    });
  }
}

/** Tells one of them. */
@HandlesJob(AccessGivenMailJob)
@Injectable()
export class AccessGivenMailProcessor implements JobHandler<Given & { ownerId: string }> {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext<Given & { ownerId: string }>): Promise<void> {
    const { what, subject, by, ownerId } = job.payload;
    const owner = await this.data.account('staff', ownerId);
    const asker = await this.data.account('staff', decodeId('user', by)!);
    const given =
      what === 'api_key'
        ? await this.data.apiKey(decodeId('apiKey', subject)!)
        : await this.data.member(decodeId('user', subject)!);
    if (!owner || !asker || !given) return;
    await this.post.send(
      job.id,
      owner.shop,
      owner.email,
      accessGiven(owner, { what, subject, asker: asker.email, ...given }),
    );
  }
}
