import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { defineJob, enqueue, HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { ReportsRepository } from './reports.repository.js';
import { RunReconciliation } from './run-reconciliation.service.js';

const DAY_MS = 86_400_000;
/** A night looks back further than to the last one: what was missed then is found now. */
const NIGHT_DAYS = 3;
/** What is under way at this moment is not compared. */
const GRACE_MS = 10 * 60_000;
const MAX_ATTEMPTS = 12;

export const ReconciliationJob = defineJob({
  name: 'payments.reconciliation',
  queue: 'maintenance',
  description: "Compares Stripe's book of a period with ours, both ways, and writes a report.",
  maxAttempts: MAX_ATTEMPTS,
  leaseMs: 300_000,
});
export const NightlyReconciliationJob = defineJob({
  name: 'payments.reconcile-nightly',
  queue: 'maintenance',
  description: 'Starts the reconciliation of the last days.',
  everyMs: DAY_MS,
});
export const QuickReconciliationJob = defineJob({
  name: 'payments.reconcile-quick',
  queue: 'maintenance',
  description:
    'Takes in undelivered events, looks for intents whose making was not answered, enters what the ledger lacks.',
  everyMs: 300_000,
  leaseMs: 300_000,
});

/** Runs a reconciliation, and goes on with one that was interrupted. */
@Injectable()
@HandlesJob(ReconciliationJob)
export class ReconciliationHandler implements JobHandler<{ reconciliationId: string }> {
  constructor(
    private readonly run: RunReconciliation,
    private readonly reports: ReportsRepository,
  ) {}

  async handle(job: JobContext<{ reconciliationId: string }>): Promise<void> {
    const { reconciliationId } = job.payload;
    try {
      await this.run.full(reconciliationId, (done) => job.progress(done));
    } catch (error) {
      await this.reports.fail(reconciliationId, (error as Error).message, job.attempt >= MAX_ATTEMPTS);
      throw error;
    }
  }
}

/** Starts the run of the night. */
@Injectable()
@HandlesJob(NightlyReconciliationJob)
export class NightlyReconciliationHandler implements JobHandler {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly reports: ReportsRepository,
  ) {}

  async handle(job: JobContext): Promise<void> {
    if (!this.gateway.enabled) return;
    const to = new Date(Date.now() - GRACE_MS);
    const from = new Date(to.getTime() - NIGHT_DAYS * DAY_MS);
    await this.db.transaction(async (tx) => {
      const { id } = await this.reports.create(tx, { kind: 'full', actor: 'system', from, to, requestKey: job.id });
      await enqueue(tx, ReconciliationJob, id, { reconciliationId: id });
      failpoint('commit.reconciliation_nightly');
    });
  }
}

/** Every five minutes. */
@Injectable()
@HandlesJob(QuickReconciliationJob)
export class QuickReconciliationHandler implements JobHandler {
  constructor(
    private readonly gateway: StripeGateway,
    private readonly run: RunReconciliation,
  ) {}

  async handle(): Promise<void> {
    if (this.gateway.enabled) await this.run.quick();
  }
}
