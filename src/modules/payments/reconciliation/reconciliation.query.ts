import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Page, pageOf } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { ReconciliationListQuery } from './dto/reconciliation.request.js';
import type { ReconciliationReportResponse, ReconciliationResponse } from './dto/reconciliation.response.js';

const NEWEST: KeysetColumn[] = [
  { sql: 'r.created_at', type: 'timestamptz', descending: true },
  { sql: 'r.id', type: 'uuid', descending: true },
];
const MAX_FINDINGS = 1_000;
const SELECT = `SELECT r.id, r.kind, r.status, r.actor, r.period_from, r.period_to, r.counts, r.failure, r.created_at, r.finished_at,
    f.info, f.warning, f.critical
  FROM reconciliations r CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE severity = 'info')::int AS info, count(*) FILTER (WHERE severity = 'warning')::int AS warning,
      count(*) FILTER (WHERE severity = 'critical')::int AS critical
    FROM reconciliation_findings WHERE reconciliation_id = r.id) f`;

interface Row {
  id: string;
  kind: string;
  status: string;
  actor: string;
  period_from: Date;
  period_to: Date;
  counts: Record<string, number>;
  failure: string | null;
  created_at: Date;
  finished_at: Date | null;
  info: number;
  warning: number;
  critical: number;
}

interface FindingRow {
  kind: string;
  severity: string;
  subject: string;
  payment_id: string | null;
  order_id: string | null;
  expected: Record<string, unknown> | null;
  found: Record<string, unknown> | null;
  action: string;
  created_at: Date;
}

/** Reads reports of reconciliations. */
@Injectable()
export class ReconciliationQuery {
  constructor(private readonly db: Db) {}

  /** @throws `not_found` */
  async get(id: string): Promise<ReconciliationReportResponse> {
    const [row] = await this.db.query<Row>(`${SELECT} WHERE r.id = $1`, [id]);
    if (!row) throw NotFound({ detail: 'There is no such reconciliation.' });
    const findings = await this.db.query<FindingRow>(
      `SELECT kind, severity, subject, payment_id, order_id, expected, found, action, created_at FROM reconciliation_findings
       WHERE reconciliation_id = $1 ORDER BY array_position(ARRAY['critical', 'warning', 'info'], severity), created_at, id LIMIT ${MAX_FINDINGS}`,
      [id],
    );
    return {
      ...toResponse(row),
      findings: findings.map((finding) => ({
        kind: finding.kind,
        severity: finding.severity,
        subject: finding.subject,
        paymentId: finding.payment_id === null ? null : encodeId('payment', finding.payment_id),
        orderId: finding.order_id === null ? null : encodeId('order', finding.order_id),
        expected: finding.expected,
        found: finding.found,
        action: finding.action,
        createdAt: finding.created_at.toISOString(),
      })),
    };
  }

  /** Newest first, without their findings. */
  async list(query: ReconciliationListQuery): Promise<{ data: ReconciliationResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('reconciliations', NEWEST, query.cursor, 2);
    const where = `($1::text IS NULL OR r.kind = $1)`;
    const values = [query.kind ?? null];
    const rows = await this.db.query<Row>(
      `${SELECT} WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM reconciliations r WHERE ${where}`, values))[0]!.n
      : undefined;
    const page = pageOf(
      'reconciliations',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (r) => [r.created_at.toISOString(), r.id],
      total,
    );
    return { data: page.rows.map(toResponse), page: page.page };
  }
}

function toResponse(row: Row): ReconciliationResponse {
  return {
    id: encodeId('reconciliation', row.id),
    kind: row.kind,
    status: row.status,
    actor: row.actor,
    from: row.period_from.toISOString(),
    to: row.period_to.toISOString(),
    counts: row.counts,
    findingCounts: { info: row.info, warning: row.warning, critical: row.critical },
    failure: row.failure,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
