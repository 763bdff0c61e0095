import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { enqueue } from '#libs/jobs';
import { PaymentMethodUnavailable } from '../payments.errors.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import type { StartReconciliationRequest } from './dto/reconciliation.request.js';
import { ReconciliationJob } from './reconciliation.jobs.js';
import { ReportsRepository } from './reports.repository.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
const MAX_DAYS = 370;

/** Staff ask for a comparison of both books; a job does it. */
@Injectable()
export class StartReconciliation {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly reports: ReportsRepository,
  ) {}

  /**
   * @param requestKey the same key is the same run
   * @throws `validation_failed`, `payment_method_unavailable`
   */
  async execute(request: StartReconciliationRequest, actor: string, requestKey: string | undefined): Promise<string> {
    if (!this.gateway.enabled) throw PaymentMethodUnavailable({ detail: 'Stripe is not set up.' });
    const to = request.to ? new Date(request.to) : new Date();
    const from = request.from ? new Date(request.from) : new Date(to.getTime() - DEFAULT_DAYS * DAY_MS);
    const days = (to.getTime() - from.getTime()) / DAY_MS;
    if (days <= 0 || days > MAX_DAYS) {
      throw ValidationFailed({
        errors: [{ pointer: '/from', code: 'invalid_period', detail: `must be up to ${MAX_DAYS} days before \`to\`` }],
      });
    }
    return this.db.transaction(async (tx) => {
      const { id } = await this.reports.create(tx, {
        kind: 'full',
        actor,
        from,
        to,
        ...(requestKey ? { requestKey } : {}),
      });
      await enqueue(tx, ReconciliationJob, id, { reconciliationId: id });
      failpoint('commit.reconciliation');
      return id;
    });
  }
}
