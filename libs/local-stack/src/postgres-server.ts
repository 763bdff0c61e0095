import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programEnv } from './binaries.js';
import type { ClusterHome } from './cluster-home.js';
import type { Passwords } from './cluster.js';
import { explainFileError, LocalStackError } from './local-stack-error.js';
import { serverSettings } from './postgres-settings.js';
import { readPidFile } from './postmaster-pid.js';
import { type Answer, probe } from './probe.js';
import { commandLineOf, findFreePort, isAlive, isPortFree, signal, sleep, waitForExit, watch } from './processes.js';
import { explainPostgresFailure, ServerLog } from './server-log.js';

/** A server process that answers. */
export interface Server {
  pid: number;
  port: number;
  /** It was running already. */
  adopted: boolean;
  /** Settles when the server ends, with a sentence when it was not asked to. */
  exited: Promise<string | null>;
}

export interface ServerOptions {
  durable: boolean;
  /** A fixed port; without it a free one is chosen and kept. */
  port?: number;
  settings?: Record<string, string>;
  logFile: string;
}

/** A crash recovery may take long; it is progress, not a hang. */
const READY_TIMEOUT_MS = 120_000;
const FOREIGN_GRACE_MS = 1_000;
const ATTEMPTS = 12;

/** The database `postgres` as superuser. */
export const adminUrl = (port: number, passwords: Passwords) =>
  `postgres://postgres:${passwords.admin}@127.0.0.1:${port}/postgres`;

/** Starts the server of a folder, or joins the one that runs on it already. */
export async function startOrJoin(home: ClusterHome, options: ServerOptions, passwords: Passwords): Promise<Server> {
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
async function adopt(home: ClusterHome, options: ServerOptions, passwords: Passwords): Promise<Server | null> {
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
    const answer: Answer = port ? await probe(adminUrl(port, passwords), data) : { state: 'unreachable' };
    if (answer.state === 'ready')
      return { pid: file.pid, port, adopted: true, exited: watch(file.pid, 'The embedded Postgres ended.') };
    if (answer.state !== 'busy' && !isOurPostmaster(file.pid, data)) {
      // The id of a killed server now belongs to another program: Postgres itself would refuse to start.
      rmSync(join(data, 'postmaster.pid'), { force: true });
      return null;
    }
    if (answer.state === 'foreign') throw wrongPassword(home);
    if (answer.state === 'broken') throw damaged(home, answer.reason);
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

function damaged(home: ClusterHome, reason: string): LocalStackError {
  return new LocalStackError(
    'data-broken',
    `The database in ${home.folder} is damaged (${reason}): restore a backup, or move the folder away to begin anew.`,
  );
}

/** Whether a process is the server of this data folder, by its command line. */
export function isOurPostmaster(pid: number, data: string): boolean {
  const commandLine = commandLineOf(pid);
  return commandLine !== null && commandLine.includes('postgres') && commandLine.includes(data);
}

async function rememberedPort(home: ClusterHome): Promise<number> {
  const file = join(home.folder, 'port');
  const remembered = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (remembered > 1023 && remembered < 65_536 && (await isPortFree(remembered))) return remembered;
  const port = await findFreePort();
  writeFileSync(file, String(port));
  return port;
}

async function launch(home: ClusterHome, options: ServerOptions, passwords: Passwords, port: number): Promise<Server> {
  const data = join(home.folder, 'data');
  if (options.port && !(await isPortFree(port)))
    throw new LocalStackError('port-taken', `Port ${port} of 127.0.0.1 is taken.`);
  const log = new ServerLog(options.logFile);
  const place = { folder: home.folder, logFile: log.file };
  let child: ChildProcess;
  try {
    // Its own session: Ctrl-C at the terminal must reach the launcher only, which ends the server last.
    child = spawn(home.binaries.postgres, ['-D', data, ...serverSettings(port, options.durable, options.settings)], {
      ...home.user,
      cwd: data,
      env: programEnv(home.binaries),
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
    let foreignSince = Infinity;
    for (;;) {
      if (outcome.failure) throw explainFileError(outcome.failure, data);
      if (outcome.ended) {
        const output = log.read();
        if (/lock file "postmaster.pid" already exists|pre-existing shared memory block/i.test(output))
          throw new StillRunning(home.folder);
        throw explainPostgresFailure(output, place);
      }
      const answer = await probe(adminUrl(port, passwords), data);
      if (answer.state === 'ready' && child.pid) return { pid: child.pid, port, adopted: false, exited };
      if (answer.state === 'broken') throw damaged(home, answer.reason);
      // Another server may have taken the port a moment ago: then ours ends by itself, and says so.
      if (answer.state !== 'foreign') foreignSince = Infinity;
      else if ((foreignSince = Math.min(foreignSince, performance.now())) < performance.now() - FOREIGN_GRACE_MS)
        throw wrongPassword(home);
      if (performance.now() > deadline) {
        throw new LocalStackError(
          'start-failed',
          `The embedded Postgres was not ready after ${READY_TIMEOUT_MS / 1000} s: details in ${log.file}.`,
        );
      }
      await sleep(12);
    }
  } catch (error) {
    if (child.pid && !outcome.ended) signal(child.pid, 'SIGQUIT');
    throw error;
  } finally {
    log.close();
  }
}

/** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
export async function stopServer(pid: number, data: string): Promise<void> {
  const file = readPidFile(data);
  if (!isAlive(pid) || (file && file.pid !== pid)) return;
  if (!signal(pid, 'SIGINT')) return;
  if (await waitForExit(pid, 20_000)) return;
  signal(pid, 'SIGQUIT');
  if (await waitForExit(pid, 5_000)) return;
  throw new LocalStackError('start-failed', `The embedded Postgres (process ${pid}) did not end within 25 s.`);
}
