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
}

/** A process may end for other reasons than the job it runs; one that takes down its process each time is given up. */
const LAPSES_FORGIVEN = 2;

/**
 * Taking a job and ticking it off do not wait for the disk: every job may run twice anyway, so a crash of Postgres that
 * forgets one of them only costs a repetition. A handler that completes its job in its own transaction is not concerned.
 */
const UNSYNCED = `FROM ${UNSYNCED_COMMIT}`;

/**
 * Runs one job by its id, whichever transport woke us. The row in Postgres decides: who may run it, how many tries it has
 * had, when the next one is due, and when it is a dead letter.
 */
@Injectable()
export class JobRunner implements OnModuleInit {
  private readonly handlers = new Map<string, JobHandler>();

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

  /** Runs the job if it is due and nobody else runs it; otherwise does nothing. Never throws for a failing job. */
  async run(id: string): Promise<void> {
    const [row] = await this.db.query<JobRow>(
      `UPDATE jobs SET state = 'running', attempts = attempts + 1, locked_until = now() + make_interval(secs => $2)
       ${UNSYNCED} WHERE id = $1 AND ((state = 'queued' AND next_at <= now()) OR (state = 'running' AND locked_until < now()))
       RETURNING id, name, payload, attempts, max_attempts`,
      [id, DEFAULT_LEASE_MS / 1000],
    );
    if (!row) return;
    if (row.attempts > row.max_attempts + LAPSES_FORGIVEN) {
      await this.fail(row, new PermanentFailure('each process that ran it ended before it did'));
      return;
    }
    const lease = findJob(row.name)?.leaseMs;
    if (lease !== undefined && lease !== DEFAULT_LEASE_MS) await this.extendLease(id, lease);
    await runWithContext({ jobId: id }, () => this.attempt(row));
  }

  private async attempt(row: JobRow): Promise<void> {
    let completed = false;
    const context: JobContext = {
      id: row.id,
      name: row.name,
      payload: row.payload,
      attempt: row.attempts,
      complete: async (tx: Tx) => {
        await this.markDone(tx, row.id);
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
      if (!handler) throw new PermanentFailure(`no handler for ${row.name} in this version`);
      await handler.handle(context);
      if (!completed) await this.markDone(this.db, row.id, UNSYNCED);
      log.debug('job.done', { name: row.name, attempt: row.attempts });
    } catch (error) {
      await this.fail(row, error);
    }
  }

  private async markDone(db: Pick<Db, 'query'>, id: string, from = ''): Promise<void> {
    await db.query(
      `UPDATE jobs SET state = 'done', finished_at = now(), locked_until = NULL, last_error = NULL ${from} WHERE id = $1`,
      [id],
    );
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
