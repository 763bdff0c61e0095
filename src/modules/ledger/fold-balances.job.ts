import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { defineJob, HandlesJob, type JobHandler } from '#libs/jobs';

export const FoldBalancesJob = defineJob({
  name: 'ledger.fold-balances',
  queue: 'maintenance',
  description: 'adds what was entered lately to the balances of the ledger',
  everyMs: 600_000,
});

const BATCH = 5_000;

/** Keeps the balances of the ledger cheap to read: sums of single statements become part of the totals. */
@HandlesJob(FoldBalancesJob)
@Injectable()
export class FoldBalances implements JobHandler {
  constructor(private readonly db: Db) {}

  /** Each batch is one statement, so at no moment is anything missing or counted twice; others that fold do not wait. */
  async handle(): Promise<void> {
    for (;;) {
      const [folded] = await this.db.query<{ n: number }>(
        `WITH gone AS (
           DELETE FROM ledger_unfolded WHERE id IN (SELECT id FROM ledger_unfolded ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
           RETURNING account, currency, amount),
         added AS (
           INSERT INTO ledger_totals AS t (account, currency, amount)
           SELECT account, currency, sum(amount) FROM gone GROUP BY 1, 2 ORDER BY 1, 2
           ON CONFLICT (account, currency) DO UPDATE SET amount = t.amount + excluded.amount, updated_at = now())
         SELECT count(*) AS n FROM gone`,
        [BATCH],
      );
      if (folded!.n < BATCH) return;
    }
  }
}
