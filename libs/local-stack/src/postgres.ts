import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { findPostgresBinaries } from './binaries.js';
import { type ClusterHome, locateCluster, rememberLocation, sweepDrafts } from './cluster-home.js';
import { Holders } from './holders.js';
import { errnoOf, explainFileError, LocalStackError } from './local-stack-error.js';
import { explainPostgresFailure, ServerLog } from './server-log.js';
import { CTYPES, initdbFlags, serverSettings } from './postgres-settings.js';
import { readPidFile } from './postmaster-pid.js';
import { commandLineOf, findFreePort, isAlive, isPortFree, signal, sleep, waitForExit, watch } from './processes.js';

/** How an embedded Postgres is wanted. */
export interface PostgresOptions {
  /** DATA_DIR: the database goes to `postgres` in it, its log to `postgres.log`. */
  dataDir: string;
  /** False for tests: a crash of the machine may lose everything, and nothing waits for the disk. */
  durable: boolean;
  /** A fixed port; without it a free one is chosen and kept. */
  port?: number;
  database: string;
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

interface Passwords {
  admin: string;
  owner: string;
}

const FRESH_BYTES = 160 * 1024 * 1024;
/** A crash recovery may take long; it is progress, not a hang. */
const READY_TIMEOUT_MS = 120_000;
const ATTEMPTS = 12;

/**
 * Starts the Postgres of a data folder, or joins the one that still runs on it. Makes the database when there is none.
 * Safe when two processes call it at once, and after a kill -9 of anything.
 * @throws {LocalStackError} with one sentence for the person at the terminal
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const home = locateCluster(options.dataDir, findPostgresBinaries());
  const data = join(home.folder, 'data');
  const fresh = !existsSync(data);
  if (fresh) {
    await createCluster(home, options);
    rememberLocation(options.dataDir, home);
  }
  assertOurs(home);
  const passwords = readPasswords(home);
  const holders = new Holders(join(home.folder, 'holders'));
  holders.join();
  try {
    const server = await startOrAdopt(home, options, passwords);
    await ensureDatabase(adminUrl(server.port, passwords), options.database, passwords);
    return {
      ...server,
      fresh,
      url: `postgres://emporium:${passwords.owner}@127.0.0.1:${server.port}/${options.database}`,
      adminUrl: adminUrl(server.port, passwords),
      ...(home.note ? { note: home.note } : {}),
      stop: async () => {
        if (holders.leave()) return;
        await stopServer(server.pid, data);
      },
    };
  } catch (error) {
    holders.leave();
    throw error;
  }
}

const adminUrl = (port: number, passwords: Passwords) =>
  `postgres://postgres:${passwords.admin}@127.0.0.1:${port}/postgres`;

// --- making a database

async function createCluster(home: ClusterHome, options: PostgresOptions): Promise<void> {
  const logFile = join(options.dataDir, 'postgres.log');
  const parent = join(home.folder, '..');
  const { bavail, bsize } = statfsSync(parent);
  if (bavail * bsize < FRESH_BYTES) {
    throw new LocalStackError(
      'disk-full',
      `The disk that holds ${parent} is full: a new database needs ${FRESH_BYTES >> 20} MB, and ${Math.floor((bavail * bsize) / 2 ** 20)} MB are free.`,
    );
  }
  const draft = `${home.folder}.new-${process.pid}-${randomBytes(3).toString('hex')}`;
  try {
    sweepDrafts(home.folder);
    mkdirSync(draft, { mode: 0o755 });
    chmodSync(draft, 0o755);
    mkdirSync(join(draft, 'data'), { mode: 0o700 });
    const passwords: Passwords = { admin: randomBytes(24).toString('hex'), owner: randomBytes(24).toString('hex') };
    writeFileSync(join(draft, 'password'), passwords.admin, { mode: 0o600 });
    writeFileSync(join(draft, 'password.json'), JSON.stringify(passwords), { mode: 0o600 });
    for (const path of [draft, join(draft, 'data'), join(draft, 'password'), join(draft, 'password.json')])
      giveTo(home, path);
    await initdb(home, draft, logFile, options.durable);
    rmSync(join(draft, 'password'));
    renameSync(draft, home.folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process that started at the same moment was first: its database is as good.
    if (['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '') && existsSync(join(home.folder, 'data'))) return;
    throw explainFileError(error, home.folder);
  }
}

function giveTo({ user }: ClusterHome, path: string): void {
  if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid);
}

async function initdb(home: ClusterHome, draft: string, logFile: string, durable: boolean): Promise<void> {
  let output = '';
  for (const ctype of CTYPES) {
    const flags = [`--pgdata=${join(draft, 'data')}`, `--pwfile=${join(draft, 'password')}`, ...initdbFlags(ctype)];
    const run = await runProgram(home, home.binaries.initdb, [...flags, ...(durable ? [] : ['--no-sync'])]);
    if (run.code === 0) return;
    output = run.output;
    if (!/invalid locale name|could not be set|locale .* does not exist/i.test(output)) break;
  }
  const log = new ServerLog(logFile);
  try {
    writeFileSync(log.fd, output);
  } catch {
    // The disk may be full, which the explanation then says.
  } finally {
    log.close();
  }
  throw explainPostgresFailure(output, { folder: home.folder, logFile });
}

function runProgram(
  home: ClusterHome,
  program: string,
  args: string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...home.user, cwd: '/', env: serverEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** Nothing of the person's environment (PGDATA, PGPORT, LC_ALL, …) may reach the server. */
const serverEnv = () => ({ PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' });

function assertOurs(home: ClusterHome): void {
  const data = join(home.folder, 'data');
  let version: string;
  try {
    version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw explainFileError(error, data);
    throw new LocalStackError(
      'data-broken',
      `${data} holds no Postgres database (PG_VERSION is missing): move ${home.folder} away, or set DATA_DIR.`,
    );
  }
  if (version !== home.binaries.major) {
    throw new LocalStackError(
      'data-version',
      `The database in ${home.folder} was made by Postgres ${version} and this Emporium brings Postgres ${home.binaries.major}: move the folder away to begin anew.`,
    );
  }
  if (!existsSync(join(home.folder, 'password.json'))) {
    throw new LocalStackError(
      'data-foreign',
      `The database in ${home.folder} was not made by Emporium (password.json is missing): move the folder away, or set DATA_DIR.`,
    );
  }
}

function readPasswords(home: ClusterHome): Passwords {
  const file = join(home.folder, 'password.json');
  try {
    const { admin, owner } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Passwords>;
    if (admin && owner) return { admin, owner };
  } catch (error) {
    if (errnoOf(error)) throw explainFileError(error, file);
  }
  throw new LocalStackError(
    'data-broken',
    `${file} is damaged: without it the database in ${home.folder} cannot be opened.`,
  );
}

// --- starting and joining

type Server = Pick<RunningPostgres, 'pid' | 'port' | 'adopted' | 'exited'>;

async function startOrAdopt(home: ClusterHome, options: PostgresOptions, passwords: Passwords): Promise<Server> {
  let lastError: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const running = await adopt(home, options, passwords);
    if (running) return running;
    const port = options.port ?? (await rememberedPort(home));
    try {
      return await launch(home, options, passwords, port);
    } catch (error) {
      lastError = error;
      if (error instanceof LocalStackError && error.problem === 'port-taken') {
        if (options.port)
          throw new LocalStackError('port-taken', `Port ${options.port} of 127.0.0.1 is taken by another program.`);
        rmSync(join(home.folder, 'port'), { force: true });
      } else if (!(error instanceof StillRunning)) {
        throw error;
      }
      // Another process was first, or backends of a killed server are still leaving.
      await sleep(Math.min(100 * attempt, 1_000));
    }
  }
  throw lastError;
}

/** The folder is in use by another server process: worth another look. */
class StillRunning extends LocalStackError {
  constructor(folder: string) {
    super('start-failed', `Another Postgres process still works on ${folder}: end it, then start again.`);
  }
}

/** The server that already runs on the folder: ours when it accepts the password and says that it uses the folder. */
async function adopt(home: ClusterHome, options: PostgresOptions, passwords: Passwords): Promise<Server | null> {
  const data = join(home.folder, 'data');
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const file = readPidFile(data);
    if (!file || !isAlive(file.pid)) return null;
    const port = file.port ?? 0;
    if (options.port && port && options.port !== port) {
      throw new LocalStackError(
        'port-taken',
        `The database in ${home.folder} already runs on port ${port}, not on ${options.port}.`,
      );
    }
    const state = port ? await probe(adminUrl(port, passwords), data) : 'unreachable';
    if (state === 'ready')
      return { pid: file.pid, port, adopted: true, exited: watch(file.pid, 'The embedded Postgres ended.') };
    if (state !== 'busy' && !isOurPostmaster(file.pid, data)) {
      // The id of a killed server now belongs to another program: Postgres itself would refuse to start.
      rmSync(join(data, 'postmaster.pid'), { force: true });
      return null;
    }
    if (state === 'foreign') throw wrongPassword(home);
    if (performance.now() > deadline) throw new StillRunning(home.folder);
    await sleep(50);
  }
}

function wrongPassword(home: ClusterHome): LocalStackError {
  return new LocalStackError(
    'data-foreign',
    `The database in ${home.folder} does not accept the password in its password.json: set DATA_DIR, or move the folder away.`,
  );
}

/** Whether a process is the server of this data folder, by its command line. */
export function isOurPostmaster(pid: number, data: string): boolean {
  const commandLine = commandLineOf(pid);
  return commandLine !== null && commandLine.includes('postgres') && commandLine.includes(data);
}

/** Asks a server whether it is the one of this folder. `busy`: a Postgres that is starting or stopping. */
async function probe(url: string, data: string): Promise<'ready' | 'busy' | 'foreign' | 'unreachable'> {
  const client = connection(url);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return rows[0]?.data_directory === data ? 'ready' : 'foreign';
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code.startsWith('57P') || code === '53300') return 'busy';
    return code.startsWith('28') ? 'foreign' : 'unreachable';
  } finally {
    await client.end().catch(() => undefined);
  }
}

function connection(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: 'emporium-local-stack',
  });
  // A server that goes away while idle would otherwise end this process.
  client.on('error', () => undefined);
  return client;
}

async function rememberedPort(home: ClusterHome): Promise<number> {
  const file = join(home.folder, 'port');
  const remembered = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (remembered > 1023 && remembered < 65_536 && (await isPortFree(remembered))) return remembered;
  const port = await findFreePort();
  writeFileSync(file, String(port));
  return port;
}

async function launch(
  home: ClusterHome,
  options: PostgresOptions,
  passwords: Passwords,
  port: number,
): Promise<Server> {
  const data = join(home.folder, 'data');
  if (options.port && !(await isPortFree(port)))
    throw new LocalStackError('port-taken', `Port ${port} of 127.0.0.1 is taken.`);
  const log = new ServerLog(join(options.dataDir, 'postgres.log'));
  const place = { folder: home.folder, logFile: log.file };
  let child: ChildProcess;
  try {
    // Its own session: Ctrl-C at the terminal must reach the launcher only, which ends the server last.
    child = spawn(home.binaries.postgres, ['-D', data, ...serverSettings(port, options.durable)], {
      ...home.user,
      cwd: data,
      env: serverEnv(),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
  } catch (error) {
    log.close();
    throw explainFileError(error, data);
  }
  const outcome: { ended: boolean; failure: Error | null } = { ended: false, failure: null };
  const exited = new Promise<string | null>((resolve) => {
    child.once('exit', (code, name) => {
      outcome.ended = true;
      resolve(
        code === 0
          ? null
          : `The embedded Postgres ended unexpectedly (${name ?? `exit code ${code}`}); details in ${log.file}.`,
      );
    });
    child.once('error', (error) => {
      outcome.failure = error;
      resolve(error.message);
    });
  });
  child.unref();
  try {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      if (outcome.failure) throw explainFileError(outcome.failure, data);
      if (outcome.ended) {
        const output = log.read();
        if (/lock file "postmaster.pid" already exists|pre-existing shared memory block/i.test(output))
          throw new StillRunning(home.folder);
        throw explainPostgresFailure(output, place);
      }
      const state = await probe(adminUrl(port, passwords), data);
      if (state === 'ready' && child.pid) return { pid: child.pid, port, adopted: false, exited };
      if (state === 'foreign' && child.pid) {
        signal(child.pid, 'SIGINT');
        throw wrongPassword(home);
      }
      if (performance.now() > deadline) {
        if (child.pid) signal(child.pid, 'SIGQUIT');
        throw new LocalStackError(
          'start-failed',
          `The embedded Postgres was not ready after ${READY_TIMEOUT_MS / 1000} s: details in ${log.file}.`,
        );
      }
      await sleep(12);
    }
  } finally {
    log.close();
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

/** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
async function stopServer(pid: number, data: string): Promise<void> {
  const file = readPidFile(data);
  if (!isAlive(pid) || (file && file.pid !== pid)) return;
  if (!signal(pid, 'SIGINT')) return;
  if (await waitForExit(pid, 20_000)) return;
  signal(pid, 'SIGQUIT');
  if (await waitForExit(pid, 5_000)) return;
  throw new LocalStackError('start-failed', `The embedded Postgres (process ${pid}) did not end within 25 s.`);
}
