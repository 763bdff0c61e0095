import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { MailDataQuery } from './mail-data.query.js';
import { lowStockNotice } from './mails/low-stock.mail.js';
import { LowStockJob } from './notification.jobs.js';
import { PostOffice } from './post-office.js';

/** Tells the shop that a variant runs low, so that somebody orders more of it. */
@HandlesJob(LowStockJob)
@Injectable()
export class LowStockProcessor implements JobHandler<{ variantId: string; locationId: string }> {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext<{ variantId: string; locationId: string }>): Promise<void> {
    const stock = await this.data.lowStock(job.payload.variantId, job.payload.locationId);
    await this.post.send(job.id, stock.shop, stock.shop.notifyEmail, lowStockNotice(stock));
  }
}
