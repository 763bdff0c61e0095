import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { Advance, type Ahead } from './ahead.js';
import { isRefusal, refusalOf, run, runOn } from './prepared.js';
import type { Queryable } from './queryable.js';
import { SharedTrips } from './shared-trips.js';
import { isConnectionLoss, sqlState } from './sql-errors.js';
import { endAtDifferentTimes } from './lifetimes.js';
import './pg-types.js';
import { transactionScope } from './transaction-scope.js';

/**
 * One open transaction. Pass it on to everything that must happen together. Statements that do not need each other's
 * results may be sent without waiting in between (`Promise.all`): they make one trip, in the order in which they are sent.
 */
export interface Tx extends Queryable {
  /** TypeORM's entity manager, bound to this transaction. */
  readonly manager: EntityManager;
  /** Sends a statement along with COMMIT, for what nobody in the transaction reads. */
  beforeCommit(text: string, values?: unknown[]): void;
  /** Runs after a successful commit (never after a rollback): wake-ups only, nothing that must not be lost. */
  afterCommit(effect: () => void): void;
}

/**
 * As one more item of FROM, lets a statement that is a transaction of its own commit without waiting for the disk: for what
 * may be lost when Postgres itself crashes. Say why wherever it is used.
 */
export const UNSYNCED_COMMIT = `(SELECT set_config('synchronous_commit', 'off', true)) AS unsynced`;

const MAX_ATTEMPTS = 4;
/** Of two of the same text in one packet, the first of which was to prepare it and failed: the second has done nothing. */
const UNKNOWN_STATEMENT = '26000';

/** What is sent in one turn of the event loop leaves in one packet: a system call costs more than most statements. */
function gather(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/**
 * The way to Postgres: prepared statements on TypeORM's own pool, and transactions that rerun the whole callback on
 * serialization failures and deadlocks (SQLSTATE 40001, 40P01), and when a table has changed, at most three times.
 */
@Injectable()
export class Db implements Queryable {
  /**
   * For reads of what is found at once, by a key or as a page of an index: those that are asked for at the same moment share a
   * connection (ADR 0025). A slow one would keep others waiting, and one that waits for a row would keep them waiting for it.
   */
  readonly quick: Queryable = new SharedTrips((work) => this.share(work), this);

  /**
   * @param dataSource connected
   * @param settings what each transaction tells Postgres at its beginning, for its triggers; null for nothing
   */
  constructor(
    readonly dataSource: DataSource,
    private readonly settings: () => Record<string, string> | null = () => null,
  ) {
    endAtDifferentTimes(this.pool);
  }

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
    return runOn<R>(this.pool, text, values);
  }

  /** Runs a checked-out connection of its own, for COPY streams and advisory locks. */
  withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return this.borrow(async (client, close) => {
      try {
        return await work(client);
      } catch (error) {
        // It may be in the middle of something: it is closed, not handed on.
        close(error as Error);
        throw error;
      }
    });
  }

  /**
   * Writes, and reads what became of it, in one trip: the statements run in the order in which they are sent, each a
   * transaction of its own.
   */
  inOneTrip<T>(write: (db: Queryable) => Promise<unknown>, read: (db: Queryable) => Promise<T>): Promise<T> {
    return this.share(async (db, client) => {
      const [, seen] = await Promise.all([write(db), read(db)]);
      return refusalOf(client) ? await read(db) : seen;
    });
  }

  /** Lends a connection for several statements that do not wait for one another, each a transaction of its own. */
  private share<T>(work: (db: Queryable, client: pg.PoolClient) => Promise<T>): Promise<T> {
    return this.borrow(async (client, close) => {
      const sent: Promise<unknown>[] = [];
      let isOver = false;
      const send = async <R>(text: string, values?: unknown[]): Promise<R[]> => {
        try {
          return await run<R>(client, text, values);
        } catch (error) {
          // One that is refused has done nothing, and is sent again behind those that are under way.
          if (isRefusal(error) || sqlState(error) === UNKNOWN_STATEMENT) return run<R>(client, text, values);
          // It may not know yet that it is lost, and nobody else shall find out.
          if (isConnectionLoss(error)) close(error as Error);
          throw error;
        }
      };
      const query = <R>(text: string, values?: unknown[]): Promise<R[]> => {
        if (isOver) return Promise.reject(new Error('a statement was sent over a connection that is given back'));
        gather(client);
        const answer = send<R>(text, values);
        sent.push(answer);
        return answer;
      };
      try {
        return await pipelined(client, () => work({ query }, client));
      } finally {
        // When one fails, the others are still on their way: nobody else may have the connection before they are back.
        for (let seen = -1; seen < sent.length;) {
          seen = sent.length;
          await Promise.allSettled(sent);
        }
        isOver = true;
      }
    });
  }

  /** Lends a connection. `close` says that nobody else shall have it afterwards. */
  private async borrow<T>(work: (client: pg.PoolClient, close: (why: Error) => void) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    const close = (why: Error) => {
      broken ??= why;
    };
    // Without a listener the loss of a connection that is checked out ends the process.
    client.on('error', close);
    try {
      return await work(client, close);
    } finally {
      client.off('error', close);
      client.release(broken ?? refusalOf(client));
    }
  }

  /**
   * Runs `work` in one READ COMMITTED transaction. Everything in it happens, or nothing. No network call inside.
   * `work` may run more than once (after a rollback), so it must not change anything outside of the transaction.
   * @param ahead what is committed before is accepted once, however often `work` runs
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>, ahead?: Ahead): Promise<T> {
    if (transactionScope.get()?.open) throw new Error('a transaction was opened inside a transaction: pass the tx on');
    const advance = ahead && new Advance(ahead);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(work, advance);
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || advance?.refusal) throw error;
        if (isRefusal(error)) continue;
        const state = sqlState(error);
        if (state !== '40001' && state !== '40P01') throw error;
        await sleep(10 + Math.random() * 60 * attempt);
      }
    }
  }

  private async attempt<T>(work: (tx: Tx) => Promise<T>, advance: Advance | undefined): Promise<T> {
    const effects: (() => void)[] = [];
    const result = await this.borrow((client, close) =>
      pipelined(client, async () => {
        const scope = { open: true };
        // Travels with the first statement. When it fails, so does the connection, and with it everything behind it.
        gather(client);
        const send = (text: string, values: unknown[]) => run(client, text, values);
        const before = advance?.send('before', send);
        // Said, whatever the server is set to: what waits for a lock sees what was written behind it.
        const begun = client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
        begun.catch(() => undefined);
        const accepted = before ?? advance?.send('within', send);
        const told = tell(client, this.settings());
        const last: Statement[] = [];
        let manager: EntityManager | undefined;
        const { dataSource } = this;
        const tx: Tx = {
          query: <R>(text: string, values?: unknown[]) => {
            gather(client);
            const answer = run<R>(client, text, values);
            return accepted ? Promise.all([answer, accepted]).then(([rows]) => rows) : answer;
          },
          get manager() {
            return (manager ??= managerOn(client, dataSource));
          },
          beforeCommit: (text, values) => void last.push({ text, values }),
          afterCommit: (effect) => void effects.push(effect),
        };
        try {
          const done = await transactionScope.run(scope, () => work(tx));
          await accepted;
          gather(client);
          const lastOnes = last.map(({ text, values }) => run(client, text, values));
          const [end] = await Promise.all([client.query('COMMIT'), begun, told, ...lastOnes]);
          if (end.command !== 'COMMIT')
            throw new Error('a statement of the transaction failed and nobody waited for it');
          return done;
        } catch (error) {
          await client.query('ROLLBACK').catch(close);
          // Whichever of its statements was waited for first.
          throw advance?.refusal ?? refusalOf(client) ?? error;
        } finally {
          scope.open = false;
        }
      }),
    );
    for (const effect of effects) effect();
    return result;
  }
}

/** Settings that hold until the transaction ends. */
function tell(client: pg.PoolClient, settings: Record<string, string> | null): Promise<unknown> {
  if (!settings) return Promise.resolve();
  const told = run(
    client,
    `SELECT set_config(key, value, true) FROM unnest($1::text[], $2::text[]) AS s (key, value)`,
    [Object.keys(settings), Object.values(settings)],
  );
  told.catch(() => undefined);
  return told;
}

interface Statement {
  text: string;
  values?: unknown[];
}

/** Lets statements be sent while others are under way. Only while it is borrowed: COPY streams cannot share a connection. */
async function pipelined<T>(client: pg.PoolClient, work: () => Promise<T>): Promise<T> {
  const switchable = client as pg.PoolClient & { pipeline: boolean };
  switchable.pipeline = true;
  try {
    return await work();
  } finally {
    switchable.pipeline = false;
  }
}

/** TypeORM on a connection whose transaction we began ourselves and shall end. */
function managerOn(client: pg.PoolClient, dataSource: DataSource): EntityManager {
  const runner = dataSource.createQueryRunner();
  Object.assign(runner, { databaseConnection: client, isTransactionActive: true, transactionDepth: 1 });
  return runner.manager;
}
