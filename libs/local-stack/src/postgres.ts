import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findPostgresBinaries } from './binaries.js';
import { locateCluster, rememberLocation } from './cluster-home.js';
import { assertOurs, createCluster, type Passwords, readPasswords } from './cluster.js';
import { Holders } from './holders.js';
import { errnoOf, explainFileError, LocalStackError } from './local-stack-error.js';
import { adminUrl, startOrJoin, stopServer } from './postgres-server.js';
import { connection } from './probe.js';

/** How an embedded Postgres is wanted. */
export interface PostgresOptions {
  /** DATA_DIR: the database goes to `postgres` in it, its log to `postgres.log`. */
  dataDir: string;
  /** False for tests: a crash of the machine may lose everything, and nothing waits for the disk. */
  durable: boolean;
  /** A fixed port; without it a free one is chosen and kept. */
  port?: number;
  database: string;
  /** Settings of the server besides our own. */
  settings?: Record<string, string>;
}

/** A running embedded Postgres. */
export interface RunningPostgres {
  /** The application's database, as its owner (not a superuser). */
  url: string;
  /** The database `postgres`, as superuser. */
  adminUrl: string;
  pid: number;
  port: number;
  /** The database was made just now. */
  fresh: boolean;
  /** The server was running already. */
  adopted: boolean;
  /** Something the person at the terminal should know. */
  note?: string;
  /** Settles when the server ends, with a sentence when it was not asked to. */
  exited: Promise<string | null>;
  /** Ends the server, unless another living process uses it too. */
  stop(): Promise<void>;
}

/**
 * Starts the Postgres of a data folder, or joins the one that still runs on it. Makes the database when there is none.
 * Safe when two processes call it at once, and after a kill -9 of anything.
 * @throws {LocalStackError} with one sentence for the person at the terminal
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  try {
    return await start(options);
  } catch (error) {
    throw explainFileError(error, options.dataDir);
  }
}

async function start({ dataDir, durable, port, database, settings }: PostgresOptions): Promise<RunningPostgres> {
  const home = locateCluster(dataDir, findPostgresBinaries());
  const data = join(home.folder, 'data');
  const logFile = join(dataDir, 'postgres.log');
  const fresh = !existsSync(data);
  if (fresh) {
    await createCluster(home, logFile, durable);
    rememberLocation(dataDir, home);
  }
  assertOurs(home);
  const passwords = readPasswords(home);
  const holders = new Holders(join(home.folder, 'holders'));
  holders.join();
  const stop = async (pid?: number) => {
    if (!holders.leave() && pid) await stopServer(pid, data);
  };
  let pid: number | undefined;
  try {
    const server = await startOrJoin(
      home,
      { durable, logFile, ...(port ? { port } : {}), ...(settings ? { settings } : {}) },
      passwords,
    );
    pid = server.pid;
    await ensureDatabase(adminUrl(server.port, passwords), database, passwords);
    return {
      ...server,
      fresh,
      url: `postgres://emporium:${passwords.owner}@127.0.0.1:${server.port}/${database}`,
      adminUrl: adminUrl(server.port, passwords),
      ...(home.note ? { note: home.note } : {}),
      stop: () => stop(server.pid),
    };
  } catch (error) {
    await stop(pid);
    throw error;
  }
}

async function ensureDatabase(url: string, database: string, passwords: Passwords): Promise<void> {
  const client = connection(url);
  try {
    await client.connect();
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'emporium') AS role,
              EXISTS (SELECT FROM pg_database WHERE datname = $1) AS database`,
      [database],
    );
    if (rows[0]?.role && rows[0].database) return;
    await client.query('SELECT pg_advisory_lock(1162628943)');
    if (!rows[0]?.role) {
      await client.query(`CREATE ROLE emporium LOGIN CREATEDB PASSWORD '${passwords.owner}'`).catch(ignore('42710'));
    }
    if (!rows[0]?.database) {
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)} OWNER emporium`).catch(ignore('42P04'));
    }
  } catch (error) {
    if (errnoOf(error) === '53100')
      throw new LocalStackError(
        'disk-full',
        'The disk that holds the database is full: free some space and start again.',
      );
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const ignore = (sqlState: string) => (error: unknown) => {
  if (errnoOf(error) !== sqlState) throw error;
};
