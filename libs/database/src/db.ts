import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import pg from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { sqlState } from './sql-errors.js';
import { transactionScope } from './transaction-scope.js';

// int8 comes as text by default. All our bigints are amounts of money and counters below 2^53, guarded by CHECK constraints.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`integer out of range: ${text}`);
  return value;
});

/** Runs SQL: the pool, or one transaction. */
export interface Queryable {
  /** Runs a statement, prepared once per connection; values only through `$1` parameters. */
  query<R = Record<string, unknown>>(text: string, values?: unknown[]): Promise<R[]>;
}

/** One open transaction. Pass it on to everything that must happen together. */
export interface Tx extends Queryable {
  /** TypeORM's entity manager, bound to this transaction. */
  readonly manager: EntityManager;
  /** Runs after a successful commit (never after a rollback): wake-ups only, nothing that must not be lost. */
  afterCommit(effect: () => void): void;
}

const MAX_ATTEMPTS = 4;
const MAX_PREPARED = 400;
const names = new Map<string, string>();

/** One stable name per statement text; texts beyond the bound are sent unprepared, so that odd filters cannot fill the server. */
function statementName(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= MAX_PREPARED) return undefined;
  const name = `s${names.size}`;
  names.set(text, name);
  return name;
}

async function run<R>(client: pg.Pool | pg.PoolClient, text: string, values: unknown[] = []): Promise<R[]> {
  const result = await client.query({ name: statementName(text), text, values });
  return result.rows as R[];
}

/**
 * The way to Postgres: prepared statements on TypeORM's own pool, and transactions that rerun the whole callback on
 * serialization failures and deadlocks (SQLSTATE 40001, 40P01), at most three times.
 */
@Injectable()
export class Db implements Queryable {
  constructor(readonly dataSource: DataSource) {}

  /** TypeORM's entity manager, outside of any transaction. */
  get manager(): EntityManager {
    return this.dataSource.manager;
  }

  private get pool(): pg.Pool {
    return (this.dataSource.driver as unknown as { master: pg.Pool }).master;
  }

  /** How busy the pool is, for metrics and shedding. */
  poolState(): { total: number; idle: number; waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { total: totalCount, idle: idleCount, waiting: waitingCount };
  }

  query<R = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<R[]> {
    return run<R>(this.pool, text, values);
  }

  /** Runs a checked-out connection of its own, for COPY streams and advisory locks. */
  async withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    // Without a listener the loss of a connection that is checked out ends the process.
    let lost: Error | undefined;
    const onLost = (error: Error) => {
      lost = error;
    };
    client.on('error', onLost);
    try {
      return await work(client);
    } catch (error) {
      lost ??= error as Error;
      throw error;
    } finally {
      client.off('error', onLost);
      // One that failed may be in the middle of something: it is closed, not handed on.
      client.release(lost);
    }
  }

  /**
   * Runs `work` in one READ COMMITTED transaction. Everything in it happens, or nothing. No network call inside.
   * `work` may run more than once (after a rollback), so it must not change anything outside of the transaction.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (transactionScope.getStore()?.open)
      throw new Error('a transaction was opened inside a transaction: pass the tx on');
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(work);
      } catch (error) {
        const state = sqlState(error);
        if ((state !== '40001' && state !== '40P01') || attempt >= MAX_ATTEMPTS) throw error;
        await sleep(10 + Math.random() * 60 * attempt);
      }
    }
  }

  private async attempt<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner: QueryRunner = this.dataSource.createQueryRunner();
    const effects: (() => void)[] = [];
    const scope = { open: true };
    try {
      const client = (await runner.connect()) as pg.PoolClient;
      await runner.startTransaction();
      const tx: Tx = {
        query: <R>(text: string, values?: unknown[]) => run<R>(client, text, values),
        manager: runner.manager,
        afterCommit: (effect) => void effects.push(effect),
      };
      const result = await transactionScope.run(scope, () => work(tx));
      await runner.commitTransaction();
      scope.open = false;
      for (const effect of effects) effect();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      scope.open = false;
      await runner.release();
    }
  }
}
