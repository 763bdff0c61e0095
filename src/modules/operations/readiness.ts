import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { log } from '#libs/log';
import { circuitReports } from '#libs/vitals';
import { EdgeRedis } from './edge-redis.js';

/** How one part of the house is. */
export interface PartState {
  status: 'up' | 'down' | 'pending' | 'not_used';
  detail?: string;
}

/**
 * Whether this process may get requests. Without Redis it may: jobs and limits then go their slower way. Without Stripe too:
 * people look around, fill carts, and order what they pay later.
 */
export interface ReadinessReport {
  status: 'ready' | 'degraded' | 'not_ready';
  checks: { postgres: PartState; migrations: PartState; redis: PartState; stripe: PartState };
}

const DEADLINE_MS = 1_500;
/** Probes of several balancers share one look at the database. */
const KEPT_MS = 500;

/** Decides whether this process is ready: Postgres answers, its schema is the one of this version, and no stop has begun. */
@Injectable()
export class Readiness {
  private isStopping = false;
  private areMigrationsDone = false;
  private last: { at: number; report: Promise<ReadinessReport> } | undefined;

  constructor(
    private readonly db: Db,
    private readonly redis: EdgeRedis,
  ) {}

  /** The process is about to stop: balancers should look elsewhere while it finishes what it has. */
  setNotReady(): void {
    this.isStopping = true;
  }

  /** Looks at everything, within two seconds. */
  async report(): Promise<ReadinessReport> {
    const now = performance.now();
    if (!this.last || now - this.last.at > KEPT_MS) this.last = { at: now, report: this.look() };
    const report = await this.last.report;
    return this.isStopping ? { ...report, status: 'not_ready' } : report;
  }

  private async look(): Promise<ReadinessReport> {
    const [database, redis] = await Promise.all([this.lookAtDatabase(), this.redis.isUp()]);
    const redisState: PartState =
      redis === null
        ? { status: 'not_used' }
        : redis
          ? { status: 'up' }
          : { status: 'down', detail: 'jobs wait in Postgres, limits are counted by each process' };
    const isReady = database.postgres.status === 'up' && database.migrations.status === 'up';
    return {
      status: isReady ? (redis === false ? 'degraded' : 'ready') : 'not_ready',
      checks: { ...database, redis: redisState, stripe: stripeState() },
    };
  }

  private async lookAtDatabase(): Promise<{ postgres: PartState; migrations: PartState }> {
    try {
      const pending = await withDeadline(this.pendingMigrations());
      return {
        postgres: { status: 'up' },
        migrations: pending === 0 ? { status: 'up' } : { status: 'pending', detail: `${pending} to run` },
      };
    } catch (error) {
      log.warn('health.postgres_down', { error });
      return { postgres: { status: 'down' }, migrations: { status: 'pending', detail: 'unknown' } };
    }
  }

  /** Migrations are never taken back, so after the first success one small statement is enough. */
  private async pendingMigrations(): Promise<number> {
    if (this.areMigrationsDone) {
      await this.db.query('SELECT 1');
      return 0;
    }
    const names = this.db.dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
    const [table] = await this.db.query<{ exists: boolean }>(`SELECT to_regclass('migrations') IS NOT NULL AS exists`);
    if (!table!.exists) return names.length;
    const [row] = await this.db.query<{ done: number }>(
      `SELECT count(DISTINCT name) AS done FROM migrations WHERE name = ANY($1)`,
      [names],
    );
    const pending = names.length - row!.done;
    this.areMigrationsDone = pending === 0;
    return pending;
  }
}

/** What this process has seen of Stripe; it does not go and ask. */
function stripeState(): PartState {
  const circuit = circuitReports().find(({ name }) => name === 'stripe');
  if (!circuit) return { status: 'not_used' };
  if (circuit.state === 'closed') return { status: 'up' };
  return { status: 'down', detail: `did not answer; asked again in ${Math.ceil(circuit.retryInMs / 1000)} s` };
}

async function withDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
