import { Injectable } from '@nestjs/common';
import { Db, type KeysetColumn, keysetPage } from '#libs/database';
import { pageOf } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { JobQuery } from './dto/job.request.js';
import type { JobCountResponse, JobListResponse, JobResponse, JobState } from './dto/job.response.js';

export interface JobRow {
  id: string;
  queue: string;
  name: string;
  state: JobState;
  attempts: number;
  max_attempts: number;
  next_at: Date;
  last_error: string | null;
  payload: Record<string, unknown>;
  progress: Record<string, unknown> | null;
  created_at: Date;
  finished_at: Date | null;
}

export const JOB_COLUMNS =
  'id, queue, name, state, attempts, max_attempts, next_at, last_error, payload, progress, created_at, finished_at';

const SORT: KeysetColumn[] = [
  { sql: 'created_at', type: 'timestamptz', descending: true },
  { sql: 'id', type: 'uuid', descending: true },
];
const LIST = 'jobs';

/** Reads jobs for staff, newest first. */
@Injectable()
export class JobsQuery {
  constructor(private readonly db: Db) {}

  /** One page of jobs that fit the filters, with the counts of all jobs. */
  async list(query: JobQuery): Promise<JobListResponse> {
    const limit = query.limit ?? 20;
    const values: unknown[] = [query.state ?? null, query.queue ?? null, query.name ?? null];
    const filters = `($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR queue = $2) AND ($3::text IS NULL OR name = $3)`;
    const keyset = keysetPage(LIST, SORT, query.cursor, 5);
    const [rows, summary, total] = await Promise.all([
      this.db.query<JobRow>(
        `SELECT ${JOB_COLUMNS} FROM jobs WHERE ${filters} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT $4`,
        [...values, limit + 1, ...keyset.values],
      ),
      this.summary(),
      query.include === 'total'
        ? this.db.query<{ count: number }>(`SELECT count(*) AS count FROM jobs WHERE ${filters}`, values)
        : undefined,
    ]);
    const cut = pageOf(
      LIST,
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (row) => [row.created_at.toISOString(), row.id],
      total?.[0]?.count,
    );
    return { data: cut.rows.map(toJobResponse), page: cut.page, summary };
  }

  /** How many jobs there are by queue and state. */
  summary(): Promise<JobCountResponse[]> {
    return this.db.query<JobCountResponse>(
      `SELECT queue, state, count(*) AS count FROM jobs GROUP BY queue, state ORDER BY queue, state`,
    );
  }
}

/** A row as staff see it. */
export function toJobResponse(row: JobRow): JobResponse {
  return {
    id: encodeId('job', row.id),
    queue: row.queue,
    name: row.name,
    state: row.state,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    nextAt: row.next_at.toISOString(),
    lastError: row.last_error,
    payload: row.payload,
    progress: row.progress,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
