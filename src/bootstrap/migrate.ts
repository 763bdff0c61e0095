import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createDataSource } from '../../ormconfig.js';

/** Names the lock that lets one process migrate at a time: any constant does. */
const MIGRATION_LOCK = 7_346_210_001;
const CONNECT_DEADLINE_MS = 30_000;

/**
 * Brings the schema to this version. One process migrates, the others wait for it; with nothing to do it costs a query.
 * Waits up to 30 s for a database that is just starting.
 * @returns the names of the migrations that ran
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const lock = await connect(databaseUrl);
  const dataSource = createDataSource(databaseUrl);
  try {
    await takeTurn(lock);
    await dataSource.initialize();
    const ran = await dataSource.runMigrations({ transaction: 'each' });
    return ran.map((migration) => migration.name);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await lock.end();
  }
}

/** Asks again and again: who waits inside a statement holds a snapshot, and an index that is made CONCURRENTLY waits for that. */
async function takeTurn(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [MIGRATION_LOCK]);
    if (rows[0]!.mine) return;
    await sleep(100);
  }
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  const giveUpAt = Date.now() + CONNECT_DEADLINE_MS;
  for (;;) {
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'emporium-migrate',
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      const code = (error as { code?: string }).code ?? '';
      if (Date.now() > giveUpAt || !/^(ECONNREFUSED|ECONNRESET|57P03|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/.test(code))
        throw error;
      await sleep(500);
    }
  }
}
