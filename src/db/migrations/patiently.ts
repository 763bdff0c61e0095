import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { sqlState } from '#libs/database';

/** Waited for a lock for too long, or was in a deadlock. */
const BUSY = ['55P03', '40P01'];
const TRIES = 30;
const PAUSE_MS = 1_000;

/**
 * Runs a statement that needs a short lock on a busy table, outside of a transaction. While it waits for the lock, everybody
 * else waits behind it: so it gives up soon, lets them through and tries again, for a minute or so. The statement must do no
 * harm when it is run twice.
 */
export async function patiently(runner: QueryRunner, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runner.query(statement);
      return;
    } catch (error) {
      if (!BUSY.includes(sqlState(error) ?? '') || attempt === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/**
 * Makes indexes beside the writers of busy tables, outside of a transaction. It waits for the transactions of others without
 * keeping anybody waiting, so it may take its time. What an interrupted run left behind is not to be trusted: it is made anew.
 * @param indexes pairs of a name and what follows ON
 */
export async function indexBesideWriters(
  runner: QueryRunner,
  indexes: readonly (readonly [name: string, definition: string])[],
): Promise<void> {
  await runner.query(`SET lock_timeout = 0`);
  try {
    for (const [name, definition] of indexes) {
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
      await runner.query(`CREATE INDEX CONCURRENTLY ${name} ON ${definition}`);
    }
  } finally {
    await runner.query(`RESET lock_timeout`);
  }
}
