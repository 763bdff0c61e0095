import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { CatchUp } from './catch-up.service.js';
import { CompareBooks, type FullReport } from './compare-books.service.js';
import { RecoverEvents } from './recover-events.service.js';
import { LazyReport, ReportsRepository, type RunRow } from './reports.repository.js';

const DAY_MS = 86_400_000;
/** As far back as Stripe keeps events. */
const EVENTS_MS = 30 * DAY_MS;
/** What a quick look reads of the list of undelivered events. */
const QUICK_PAGES = 5;
const QUICK_EVENTS_MS = 2 * DAY_MS;
/** A run that has not come to its end after this many pages of one step goes on with the next step. */
const MAX_PAGES = 500;

type Step = (report: FullReport, run: RunRow, after: string | undefined) => Promise<string | null>;

/** Compares both books of money: everything of a period with a report, or quickly what is open right now. */
@Injectable()
export class RunReconciliation {
  constructor(
    private readonly db: Db,
    private readonly reports: ReportsRepository,
    private readonly events: RecoverEvents,
    private readonly catchUp: CatchUp,
    private readonly compare: CompareBooks,
  ) {}

  private readonly steps: readonly Step[] = [
    (report, run, after) =>
      this.events.execute(report, {
        from: new Date(run.period_to.getTime() - EVENTS_MS),
        to: run.period_to,
        ...(after ? { after } : {}),
      }),
    (report, _run, after) => this.catchUp.creates(report, after),
    (report, _run, after) => this.catchUp.stuck(report, after, '10 minutes'),
    (report, run, after) => this.compare.intents(report, partOf(run, after)),
    (report, run, after) => this.compare.refunds(report, partOf(run, after)),
    (report, run, after) => this.compare.disputes(report, partOf(run, after)),
    (report, run, after) => this.compare.transactions(report, partOf(run, after)),
    async (report, run) => {
      await this.catchUp.postings(report, run.period_from);
      await this.catchUp.fees(report, '10 minutes');
      await this.catchUp.openDisputes(report, '10 minutes');
      await this.compare.ours(report, partOf(run, undefined));
      return null;
    },
  ];

  /**
   * Runs or resumes a run: it goes on where the last one stopped, and a page that is read twice changes nothing.
   * @param progress called after each page
   * @throws `payment_unavailable` when Stripe is away; it can be resumed
   */
  async full(id: string, progress: (done: Record<string, unknown>) => Promise<void>): Promise<void> {
    const run = await this.reports.find(id);
    if (!run || run.status === 'done') return;
    const report: FullReport = { id, counts: { ...run.counts }, add: (finding) => this.reports.add(id, finding) };
    let { step = 0, after } = run.cursor;
    for (let pages = 0; step < this.steps.length;) {
      const next = await this.steps[step]!(report, run, after);
      pages += 1;
      if (next === null || pages >= MAX_PAGES) {
        step += 1;
        pages = 0;
        after = undefined;
      } else after = next;
      await this.reports.advance(id, { step, ...(after ? { after } : {}) }, report.counts);
      await progress({ step, steps: this.steps.length, ...report.counts });
    }
    await this.reports.finish(id);
  }

  /** What cannot wait for the night: undelivered and dead events, creates without an answer, missing entries, fees, open disputes. */
  async quick(quietFor = '10 minutes'): Promise<void> {
    const to = new Date();
    const from = new Date(to.getTime() - QUICK_EVENTS_MS);
    const report = new LazyReport(this.reports, this.db, { from, to });
    try {
      let after: string | null | undefined;
      for (let page = 0; page < QUICK_PAGES && after !== null; page += 1)
        after = await this.events.execute(report, { from, to, ...(after ? { after } : {}) });
      await this.catchUp.deadEvents(report);
      await this.catchUp.holdsLeft(report);
      await this.catchUp.creates(report, undefined);
      await this.catchUp.postings(report, from);
      await this.catchUp.fees(report, quietFor);
      await this.catchUp.openDisputes(report, '1 hour');
    } finally {
      await report.close();
    }
  }
}

const partOf = (run: RunRow, after: string | undefined) => ({
  from: run.period_from,
  to: run.period_to,
  ...(after ? { after } : {}),
});
