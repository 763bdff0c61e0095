import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { Db, type Tx, UNSYNCED_COMMIT } from '#libs/database';
import { log, runWithContext } from '#libs/log';
import { findJob, jobCatalog } from './definitions.js';
import { HANDLES_JOB, type JobContext, type JobHandler, PermanentFailure, RetryLater } from './handler.js';
import { DEFAULT_LEASE_MS, retryDelayMs } from './retry-policy.js';

interface JobRow {
  id: string;
  name: string;
  payload: Record<string, unknown>;
  attempts: number;
  max_attempts: number;
  progress: Record<string, unknown> | null;
  last_error: string | null;
}

/** A process may end for other reasons than the job it runs; one that takes down its process each time is given up. */
const LAPSES_FORGIVEN = 2;

/**
 * For how long a kind of job that is not known here is left to the processes of another release, which run beside this one
 * while that is replaced, and how often it is looked at until then.
 */
const FOR_OTHERS_MS = 86_400_000;
const AGAIN_MS = 30_000;
/** What such a job shows, with the time at which it was first met: it may be much older, or have been dead before. */
const NOT_KNOWN_SINCE = 'no version that runs it was here since ';

/**
 * Taking a job and ticking it off do not wait for the disk: every job may run twice anyway, so a crash of Postgres that
 * forgets one of them only costs a repetition. A handler that completes its job in its own transaction is not concerned.
 */
const UNSYNCED = `FROM ${UNSYNCED_COMMIT}`;

const DONE = `state = 'done', finished_at = now(), locked_until = NULL, last_error = NULL`;

/** Of the lease of a job that was taken with others: what may be over when it begins. The rest of it is for the job. */
const BEGIN_WITHIN_MS = 10_000;
/** How long a job may be done without being ticked off: what is lost in between is done twice. */
const TICK_OFF_WITHIN_MS = 200;

/**
 * Runs jobs by their ids, whichever transport woke us. The row in Postgres decides: who may run it, how many tries it has
 * had, when the next one is due, and when it is a dead letter.
 */
@Injectable()
export class JobRunner implements OnModuleInit {
  private readonly handlers = new Map<string, JobHandler>();
  private isStopping = false;

  constructor(
    private readonly db: Db,
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  /** Refuses to boot unless every declared job has exactly one handler. */
  onModuleInit(): void {
    for (const wrapper of this.discovery.getProviders()) {
      if (!wrapper.metatype || typeof wrapper.metatype !== 'function' || !wrapper.instance) continue;
      const name = this.reflector.get<string | undefined>(HANDLES_JOB, wrapper.metatype);
      if (name === undefined) continue;
      if (this.handlers.has(name) && this.handlers.get(name) !== wrapper.instance)
        throw new Error(`job ${name} has two handlers`);
      if (!findJob(name)) throw new Error(`job ${name} is handled but not declared`);
      this.handlers.set(name, wrapper.instance as JobHandler);
    }
    const orphans = jobCatalog().filter((definition) => !this.handlers.has(definition.name));
    if (orphans.length > 0) throw new Error(`jobs without a handler: ${orphans.map((o) => o.name).join(', ')}`);
  }

  /**
   * Runs those of the jobs that are due and that nobody else runs, one after the other; otherwise does nothing. Never throws
   * for a failing job. They are taken together and ticked off together, as far as that keeps nobody waiting.
   */
  async run(ids: readonly string[]): Promise<void> {
    const takenAt = performance.now();
    const rows = await this.take(ids);
    const together = byKind(rows);
    const done: string[] = [];
    let openSince = takenAt;
    try {
      for (const [i, row] of rows.entries()) {
        if (i > 0 && (this.isStopping || performance.now() - takenAt > BEGIN_WITHIN_MS)) {
          await this.giveBack(rows.slice(i));
          break;
        }
        if (done.length === 0) openSince = performance.now();
        if (await this.runOne(row, together.get(row.name)!)) done.push(row.id);
        if (performance.now() - openSince > TICK_OFF_WITHIN_MS) await this.tickOff(done.splice(0));
      }
    } finally {
      await this.tickOff(done);
    }
  }

  /** Lets the batches under way end after the job that each is at. */
  stop(): void {
    this.isStopping = true;
  }

  /** In the order of the ids: who waits longest comes first. The column is rounded, also up: due is what is a millisecond early. */
  private async take(ids: readonly string[]): Promise<JobRow[]> {
    const rows = await this.db.query<JobRow>(
      `UPDATE jobs SET state = 'running', attempts = attempts + 1, locked_until = now() + make_interval(secs => $2)
       ${UNSYNCED} WHERE id IN (
         SELECT id FROM jobs WHERE id = ANY($1)
           AND ((state = 'queued' AND next_at <= now() + interval '1 ms') OR (state = 'running' AND locked_until < now()))
         FOR UPDATE SKIP LOCKED)
       RETURNING id, name, payload, attempts, max_attempts, progress, last_error`,
      [ids, DEFAULT_LEASE_MS / 1000],
    );
    return rows.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  }

  /** Taken and not begun: the try does not count. */
  private async giveBack(rows: readonly JobRow[]): Promise<void> {
    await this.db.query(
      `UPDATE jobs j SET state = 'queued', attempts = j.attempts - 1, dispatched_at = NULL, locked_until = NULL
       FROM unnest($1::uuid[], $2::int[]) AS given (id, attempts)
       WHERE j.id = given.id AND j.state = 'running' AND j.attempts = given.attempts`,
      [rows.map((row) => row.id), rows.map((row) => row.attempts)],
    );
  }

  /** @returns whether it is done and still to be ticked off */
  private async runOne(row: JobRow, together: JobContext['together']): Promise<boolean> {
    if (row.attempts > row.max_attempts + LAPSES_FORGIVEN) {
      await this.fail(row, new PermanentFailure('each process that ran it ended before it did'));
      return false;
    }
    const lease = findJob(row.name)?.leaseMs;
    if (lease !== undefined && lease !== DEFAULT_LEASE_MS) await this.extendLease(row.id, lease);
    return runWithContext({ jobId: row.id, jobName: row.name }, () => this.attempt(row, together));
  }

  private async attempt(row: JobRow, together: JobContext['together']): Promise<boolean> {
    let completed = false;
    const context: JobContext = {
      id: row.id,
      name: row.name,
      payload: row.payload,
      attempt: row.attempts,
      together,
      ...(row.progress ? { reached: row.progress } : {}),
      complete: async (tx: Tx) => {
        await tx.query(`UPDATE jobs SET ${DONE} WHERE id = $1`, [row.id]);
        tx.afterCommit(() => {
          completed = true;
        });
      },
      progress: async (progress) => {
        await this.db.query(
          `UPDATE jobs SET progress = $2, locked_until = now() + make_interval(secs => $3) WHERE id = $1`,
          [row.id, JSON.stringify(progress), (findJob(row.name)?.leaseMs ?? DEFAULT_LEASE_MS) / 1000],
        );
      },
    };
    try {
      const handler = this.handlers.get(row.name);
      if (!handler) throw await this.isNotKnown(row);
      await handler.handle(context);
      log.debug('job.done', { name: row.name, attempt: row.attempts });
      return !completed;
    } catch (error) {
      await this.fail(row, error);
      return false;
    }
  }

  /** @returns why it is not run: another release may know it, and the try does not count; after a day nobody does */
  private async isNotKnown(row: JobRow): Promise<Error> {
    const since = row.last_error?.startsWith(NOT_KNOWN_SINCE)
      ? row.last_error.slice(NOT_KNOWN_SINCE.length)
      : new Date().toISOString();
    if (Date.now() - Date.parse(since) >= FOR_OTHERS_MS)
      return new PermanentFailure(`no handler for ${row.name} in this version`);
    await this.db.query(`UPDATE jobs SET last_error = $2 WHERE id = $1 AND state = 'running' AND attempts = $3`, [
      row.id,
      NOT_KNOWN_SINCE + since,
      row.attempts,
    ]);
    return new RetryLater(new Date(Date.now() + AGAIN_MS));
  }

  private async tickOff(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.db.query(`UPDATE jobs SET ${DONE} ${UNSYNCED} WHERE id = ANY($1)`, [ids]);
  }

  private async extendLease(id: string, ms: number): Promise<void> {
    await this.db.query(`UPDATE jobs SET locked_until = now() + make_interval(secs => $2) WHERE id = $1`, [
      id,
      ms / 1000,
    ]);
  }

  /** Only while it is still this try that counts: after its lease another process may have done the job long since. */
  private async fail(row: JobRow, error: unknown): Promise<void> {
    if (error instanceof RetryLater) {
      await this.db.query(
        `UPDATE jobs SET state = 'queued', attempts = attempts - 1, next_at = $2, dispatched_at = NULL, locked_until = NULL
         WHERE id = $1 AND state = 'running' AND attempts = $3`,
        [row.id, error.at, row.attempts],
      );
      return;
    }
    const dead = error instanceof PermanentFailure || row.attempts >= row.max_attempts;
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 1000);
    log[dead ? 'error' : 'warn'](dead ? 'job.dead' : 'job.failed', { name: row.name, attempt: row.attempts, error });
    await this.db.query(
      `UPDATE jobs SET state = $2, next_at = now() + make_interval(secs => $3), dispatched_at = NULL, locked_until = NULL,
         last_error = $4, finished_at = CASE WHEN $2 = 'dead' THEN now() END
       WHERE id = $1 AND state = 'running' AND attempts = $5`,
      [row.id, dead ? 'dead' : 'queued', retryDelayMs(row.attempts) / 1000, message, row.attempts],
    );
  }
}

/** The payloads of jobs, by their kind. */
function byKind(rows: readonly JobRow[]): Map<string, Record<string, unknown>[]> {
  const kinds = new Map<string, Record<string, unknown>[]>();
  for (const { name, payload } of rows) {
    const kind = kinds.get(name);
    if (kind) kind.push(payload);
    else kinds.set(name, [payload]);
  }
  return kinds;
}
