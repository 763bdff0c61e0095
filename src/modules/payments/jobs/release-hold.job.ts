import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { PaymentsRepository } from '../payments.repository.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { SyncPayment } from '../sync-payment.service.js';
import { ReleaseHoldJob } from './definitions.js';
import { spareAttempts } from './spare-attempts.js';

/**
 * Lets go of money that the bank holds for an order that has ended. Where Stripe keeps refusing, the job dies within about
 * an hour: then staff are told (`hold_not_released`), and the watch over holds begins anew.
 */
@Injectable()
@HandlesJob(ReleaseHoldJob)
export class ReleaseHoldHandler implements JobHandler<{ paymentId: string }> {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly payments: PaymentsRepository,
    private readonly sync: SyncPayment,
  ) {}

  async handle(job: JobContext<{ paymentId: string }>): Promise<void> {
    const payment = await this.payments.find(this.db, job.payload.paymentId);
    if (!payment?.provider_ref || payment.status !== 'authorized') return;
    const ref = payment.provider_ref;
    await spareAttempts(async () => {
      await this.gateway.cancelIntent(ref, payment.id, 'abandoned');
      const { status } = await this.sync.execute(payment);
      if (status === 'authorized') throw new Error('Stripe did not let go of the hold');
    });
  }
}
