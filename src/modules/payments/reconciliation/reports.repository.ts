import { Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId, newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { type Finding, FINDINGS } from './findings.js';
import { ReconciliationMismatch } from './reconciliation.events.js';

/** A run of a reconciliation as it stands in its row. */
export interface RunRow {
  id: string;
  kind: 'quick' | 'full';
  status: 'queued' | 'running' | 'done' | 'failed';
  period_from: Date;
  period_to: Date;
  cursor: { step?: number; after?: string };
  counts: Record<string, number>;
}

/** Keeps what reconciliations found. */
@Injectable()
export class ReportsRepository {
  constructor(private readonly db: Db) {}

  /** @returns the id, also when the same request made it before */
  async create(
    db: Queryable,
    run: { kind: 'quick' | 'full'; actor: string; from: Date; to: Date; requestKey?: string },
  ): Promise<{ id: string; isNew: boolean }> {
    const [made] = await db.query<{ id: string }>(
      `INSERT INTO reconciliations (id, kind, status, actor, period_from, period_to, request_key) VALUES ($1, $2, 'queued', $3, $4, $5, $6)
       ON CONFLICT (request_key) DO NOTHING RETURNING id`,
      [newUuid(), run.kind, run.actor, run.from, run.to, run.requestKey ?? null],
    );
    if (made) return { id: made.id, isNew: true };
    const [same] = await db.query<{ id: string }>(`SELECT id FROM reconciliations WHERE request_key = $1`, [
      run.requestKey,
    ]);
    return { id: same!.id, isNew: false };
  }

  async find(id: string): Promise<RunRow | undefined> {
    const [row] = await this.db.query<RunRow>(
      `SELECT id, kind, status, period_from, period_to, cursor, counts FROM reconciliations WHERE id = $1`,
      [id],
    );
    return row;
  }

  /** Notes how far the run is and what it has counted. */
  async advance(id: string, cursor: RunRow['cursor'], counts: Record<string, number>): Promise<void> {
    await this.db.query(
      `UPDATE reconciliations SET status = 'running', cursor = $2, counts = $3, failure = NULL WHERE id = $1`,
      [id, JSON.stringify(cursor), JSON.stringify(counts)],
    );
  }

  async fail(id: string, failure: string, isFinal: boolean): Promise<void> {
    await this.db.query(
      `UPDATE reconciliations SET failure = $2, status = CASE WHEN $3 THEN 'failed' ELSE status END,
         finished_at = CASE WHEN $3 THEN now() END WHERE id = $1`,
      [id, failure.slice(0, 500), isFinal],
    );
  }

  async finish(id: string): Promise<void> {
    await this.db.query(
      `WITH s AS (DELETE FROM reconciliation_seen WHERE reconciliation_id = $1)
       UPDATE reconciliations SET status = 'done', cursor = '{}', failure = NULL, finished_at = now() WHERE id = $1`,
      [id],
    );
  }

  /**
   * Writes a finding into the report, once in each run, and announces what is more than information. The same finding is
   * announced once a day at most, however often it is found.
   */
  async add(runId: string, finding: Finding): Promise<void> {
    const severity = FINDINGS[finding.kind];
    await this.db.transaction(async (tx) => {
      const fresh = await tx.query(
        `INSERT INTO reconciliation_findings (id, reconciliation_id, kind, severity, subject, payment_id, order_id, expected, found, action)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT ON CONSTRAINT reconciliation_findings_once DO NOTHING RETURNING 1`,
        [
          newUuid(),
          runId,
          finding.kind,
          severity,
          finding.subject,
          finding.paymentId ?? null,
          finding.orderId ?? null,
          finding.expected ? JSON.stringify(finding.expected) : null,
          finding.found ? JSON.stringify(finding.found) : null,
          finding.action,
        ],
      );
      if (fresh.length > 0 && severity !== 'info') this.tell(tx, runId, severity, finding);
      failpoint('commit.finding');
    });
  }

  private tell(tx: Tx, runId: string, severity: 'warning' | 'critical', { kind, subject, action }: Finding): void {
    log[severity === 'critical' ? 'error' : 'warn']('reconciliation.mismatch', { kind, subject, action });
    const day = new Date().toISOString().slice(0, 10);
    announce(tx, {
      definition: ReconciliationMismatch,
      key: `${ReconciliationMismatch.topic}:${kind}:${subject}:${day}`,
      aggregateType: 'reconciliation',
      aggregateId: runId,
      payload: { reconciliationId: encodeId('reconciliation', runId), kind, severity, subject, action },
    });
  }

  /** Remembers what the provider listed, for the question what it did not list. */
  async seen(runId: string, refs: readonly string[]): Promise<void> {
    if (refs.length === 0) return;
    await this.db.query(
      `INSERT INTO reconciliation_seen (reconciliation_id, ref) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`,
      [runId, refs],
    );
  }
}

/** A report that comes into being with its first finding: a quick look that finds nothing leaves nothing. */
export class LazyReport {
  private id: string | null = null;
  readonly counts: Record<string, number> = {};

  constructor(
    private readonly reports: ReportsRepository,
    private readonly db: Queryable,
    private readonly period: { from: Date; to: Date },
  ) {}

  async add(finding: Finding): Promise<void> {
    this.id ??= (await this.reports.create(this.db, { kind: 'quick', actor: 'system', ...this.period })).id;
    await this.reports.add(this.id, finding);
  }

  async close(): Promise<void> {
    if (this.id === null) return;
    await this.reports.advance(this.id, {}, this.counts);
    await this.reports.finish(this.id);
  }
}

/** Where findings go. */
export interface Report {
  counts: Record<string, number>;
  add(finding: Finding): Promise<void>;
}

export const count = (report: { counts: Record<string, number> }, what: string, n = 1): void => {
  report.counts[what] = (report.counts[what] ?? 0) + n;
};
