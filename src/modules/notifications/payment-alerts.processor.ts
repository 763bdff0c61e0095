import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler, PermanentFailure } from '#libs/jobs';
import { MailDataQuery, type PaymentAlertOfMail } from './mail-data.query.js';
import type { MailContent } from './mails/layout.js';
import {
  holdExpiringNotice,
  holdLostNotice,
  paymentReviewNotice,
  refundFailedNotice,
} from './mails/payment-alerts.mail.js';
import { PaymentAlertJob } from './notification.jobs.js';
import { PostOffice } from './post-office.js';

interface Payload {
  topic: string;
  aggregateId: string;
  refundId?: string;
  amount?: number;
  captureBefore?: string;
  expected?: number;
  received?: number;
}

/** Tells the shop of money that somebody has to look at. */
@HandlesJob(PaymentAlertJob)
@Injectable()
export class PaymentAlertProcessor implements JobHandler<Payload & Record<string, unknown>> {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext<Payload & Record<string, unknown>>): Promise<void> {
    const order = await this.data.paymentAlert(job.payload.aggregateId);
    const mail = await this.write(order, job.payload);
    await this.post.send(job.id, order.shop, order.shop.senderEmail, mail);
  }

  private async write(order: PaymentAlertOfMail, event: Payload): Promise<MailContent> {
    const amount = event.amount ?? 0;
    switch (event.topic) {
      case 'payment.refund_failed':
        return refundFailedNotice(order, { amount, failure: await this.data.refundFailure(event.refundId ?? '') });
      case 'order.payment_review':
        return paymentReviewNotice(order, { expected: event.expected ?? 0, received: event.received ?? 0 });
      case 'payment.hold_expiring':
        return holdExpiringNotice(order, { amount, captureBefore: event.captureBefore ?? '' });
      case 'payment.hold_lost':
        return holdLostNotice(order, { amount });
      default:
        throw new PermanentFailure(`no mail about ${event.topic}`);
    }
  }
}
