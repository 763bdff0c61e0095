import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Holders } from './holders.js';
import { explainFileError, LocalStackError } from './local-stack-error.js';
import { isDiskFull, ServerLog } from './server-log.js';
import { commandLineOf, findFreePort, isAlive, isPortFree, signal, sleep, waitForExit, watch } from './processes.js';

export interface RedisOptions {
  /** DATA_DIR: the data goes to `redis` in it, the log to `redis.log`. */
  dataDir: string;
  /** False for tests: nothing is written to the disk. Default true. */
  durable?: boolean;
}

/** A running private Redis (or Valkey). */
export interface RunningRedis {
  url: string;
  pid: number;
  port: number;
  /** The server was running already. */
  adopted: boolean;
  /** Something the person at the terminal should know. */
  note?: string;
  /** Settles when the server ends, with a sentence when it was not asked to. */
  exited: Promise<string | null>;
  /** Ends the server, unless another living process uses it too. */
  stop(): Promise<void>;
}

/** What we know of the server between two starts. */
interface Endpoint {
  port: number;
  password: string;
}

const READY_TIMEOUT_MS = 30_000;

/**
 * Starts a private Redis on the loopback address, or joins the one that still runs on the folder.
 * Null when neither redis-server nor valkey-server is on the PATH.
 * @throws {LocalStackError} with one sentence for the person at the terminal
 */
export async function startRedis({ dataDir, durable = true }: RedisOptions): Promise<RunningRedis | null> {
  const program = ['redis-server', 'valkey-server'].find(
    (name) => !spawnSync(name, ['--version'], { stdio: 'ignore' }).error,
  );
  if (!program) return null;
  const folder = join(dataDir, 'redis');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainFileError(error, folder);
  }
  const home = realpathSync(folder);
  const holders = new Holders(join(home, 'holders'));
  holders.join();
  try {
    const { note, ...server } = (await adopt(home)) ?? (await launch(program, home, dataDir, durable));
    return {
      ...server,
      ...(note ? { note } : {}),
      stop: async () => {
        if (holders.leave() || !isAlive(server.pid) || !signal(server.pid, 'SIGTERM')) return;
        if (!(await waitForExit(server.pid, 10_000))) signal(server.pid, 'SIGKILL');
      },
    };
  } catch (error) {
    holders.leave();
    throw explainFileError(error, home);
  }
}

type Server = Omit<RunningRedis, 'stop'>;

async function adopt(home: string): Promise<Server | null> {
  const pid = Number(readText(join(home, 'redis.pid'))) || 0;
  const endpoint = readEndpoint(home);
  if (!endpoint || !isAlive(pid)) return null;
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    if ((await processIdAt(endpoint)) === pid) {
      return {
        url: urlOf(endpoint),
        pid,
        port: endpoint.port,
        adopted: true,
        exited: watch(pid, 'The private Redis ended.'),
      };
    }
    const isOurs = /redis|valkey/.test(commandLineOf(pid) ?? '') && isAlive(pid);
    if (!isOurs || performance.now() > deadline) return null;
    await sleep(50);
  }
}

/** The process id of the server that runs on a data folder, or null. */
export async function findRunningRedis(dataDir: string): Promise<number | null> {
  const endpoint = readEndpoint(join(dataDir, 'redis'));
  return endpoint && processIdAt(endpoint);
}

async function launch(
  program: string,
  home: string,
  dataDir: string,
  durable: boolean,
  note?: string,
): Promise<Server> {
  const remembered = readEndpoint(home);
  const port = remembered && (await isPortFree(remembered.port)) ? remembered.port : await findFreePort();
  const endpoint: Endpoint = { port, password: remembered?.password ?? randomBytes(24).toString('hex') };
  writeFileSync(join(home, 'endpoint.json'), JSON.stringify(endpoint), { mode: 0o600 });
  const configFile = join(home, 'redis.conf');
  writeFileSync(configFile, configuration(home, endpoint, durable), { mode: 0o600 });
  const log = new ServerLog(join(dataDir, 'redis.log'));
  try {
    const child = spawn(program, [configFile], { cwd: home, detached: true, stdio: ['ignore', log.fd, log.fd] });
    const outcome: { ended: boolean; failure: Error | null } = { ended: false, failure: null };
    const exited = new Promise<string | null>((resolve) => {
      child.once('exit', (code, name) => {
        outcome.ended = true;
        resolve(
          code === 0
            ? null
            : `The private Redis ended unexpectedly (${name ?? `exit code ${code}`}); details in ${log.file}.`,
        );
      });
      child.once('error', (error) => {
        outcome.failure = error;
        resolve(error.message);
      });
    });
    child.unref();
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!outcome.failure && !outcome.ended && performance.now() < deadline) {
      const pid = await processIdAt(endpoint);
      if (pid !== null && pid === child.pid) {
        return { url: urlOf(endpoint), pid, port, adopted: false, exited, ...(note ? { note } : {}) };
      }
      await sleep(12);
    }
    if (outcome.failure) throw outcome.failure;
    if (child.pid && !outcome.ended) signal(child.pid, 'SIGKILL');
    const output = log.read();
    if (/No space left on device/i.test(output) || isDiskFull(home)) {
      throw new LocalStackError('disk-full', `The disk that holds ${home} is full: free some space and start again.`);
    }
    if (!note && /AOF|append only|appendonly|RDB|base file/i.test(output) && existsSync(join(home, 'appendonlydir'))) {
      return await launch(program, home, dataDir, durable, setQueueAside(home));
    }
    const reason =
      output
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^.*[#*] /, '') || 'no message';
    throw new LocalStackError(
      'start-failed',
      `The private Redis did not start (${reason}): details in ${log.file}, or set REDIS_URL.`,
    );
  } finally {
    log.close();
  }
}

/** Redis only carries jobs that Postgres knows of, so a damaged file costs nothing but waiting. */
function setQueueAside(home: string): string {
  const damaged = join(home, 'appendonlydir');
  rmSync(`${damaged}.damaged`, { recursive: true, force: true });
  renameSync(damaged, `${damaged}.damaged`);
  return `The files of the private Redis were damaged; they are kept in ${damaged}.damaged, and it began empty.`;
}

function configuration(home: string, { port, password }: Endpoint, durable: boolean): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    'daemonize no',
    'save ""',
    `appendonly ${durable ? 'yes' : 'no'}`,
    'maxmemory-policy noeviction',
    `dir ${JSON.stringify(home)}`,
    `pidfile ${JSON.stringify(join(home, 'redis.pid'))}`,
  ];
  return `${lines.join('\n')}\n`;
}

const urlOf = ({ port, password }: Endpoint) => `redis://:${password}@127.0.0.1:${port}`;

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function readEndpoint(home: string): Endpoint | null {
  try {
    const { port, password } = JSON.parse(readText(join(home, 'endpoint.json')) ?? 'null') as Endpoint;
    return port && password ? { port, password } : null;
  } catch {
    return null;
  }
}

/** The process id that the server at this port tells us, if it accepts our password and has loaded its data. */
function processIdAt({ port, password }: Endpoint): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let reply = '';
    const finish = () => {
      socket.destroy();
      const loading = /^loading:1\r?$/m.test(reply);
      const pid = Number(/^process_id:(\d+)/m.exec(reply)?.[1]);
      resolve(pid && !loading ? pid : null);
    };
    socket.setTimeout(2_000, finish);
    socket.once('error', finish);
    socket.once('close', finish);
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nINFO server\r\nINFO persistence\r\nQUIT\r\n`));
    socket.setEncoding('utf8').on('data', (text: string) => (reply += text));
  });
}
