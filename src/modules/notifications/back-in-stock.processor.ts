import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { enqueue, HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { MailDataQuery } from './mail-data.query.js';
import { backInStock } from './mails/back-in-stock.mail.js';
import { BackInStockJob, BackInStockMailJob } from './notification.jobs.js';
import { PostOffice } from './post-office.js';

/** How many of those who wait are told in one transaction. */
const AT_ONCE = 500;

/** A variant is back: a mail of its own for each of those who wait for it. */
@HandlesJob(BackInStockJob)
@Injectable()
export class BackInStockProcessor implements JobHandler<{ variantId: string }> {
  constructor(private readonly db: Db) {}

  async handle(job: JobContext<{ variantId: string }>): Promise<void> {
    for (;;) {
      const told = await this.db.transaction(async (tx) => {
        const alerts = await tx.query<{ id: string }>(
          `UPDATE stock_alerts SET notified_at = now() WHERE id IN (
             SELECT id FROM stock_alerts WHERE variant_id = $1 AND notified_at IS NULL ORDER BY id LIMIT ${AT_ONCE}
             FOR UPDATE SKIP LOCKED)
           RETURNING id`,
          [job.payload.variantId],
        );
        await Promise.all(alerts.map(({ id }) => enqueue(tx, BackInStockMailJob, id, { alertId: id })));
        return alerts.length;
      });
      if (told < AT_ONCE) return;
    }
  }
}

/** Tells one of them. */
@HandlesJob(BackInStockMailJob)
@Injectable()
export class BackInStockMailProcessor implements JobHandler<{ alertId: string }> {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext<{ alertId: string }>): Promise<void> {
    const alert = await this.data.stockAlert(job.payload.alertId);
    // They, or the variant, are gone meanwhile.
    if (alert) await this.post.send(job.id, alert.shop, alert.email, backInStock(alert, this.post.links));
  }
}
