import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { LocalStackError } from './local-stack-error.js';
import { isAlive, startMarkOf, waitForExit } from './processes.js';
import { type RunningPostgres, startPostgres } from './postgres.js';

const folders: string[] = [];
const running = new Set<RunningPostgres>();

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'emporium-stack-'));
  // As root the server runs as another user.
  chmodSync(folder, 0o755);
  folders.push(folder);
  return folder;
}

async function start(dataDir: string, port?: number): Promise<RunningPostgres> {
  const server = await startPostgres({ dataDir, durable: true, database: 'emporium', ...(port ? { port } : {}) });
  running.add(server);
  return server;
}

async function problemOf(dataDir: string, port?: number): Promise<LocalStackError> {
  const outcome = await start(dataDir, port).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(LocalStackError);
  return outcome as LocalStackError;
}

async function query(server: RunningPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client(server.url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A process that does nothing, as root the same user as this one. */
async function idleProcess(): Promise<{ pid: number; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return {
    pid: child.pid!,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const pidFileOf = (dataDir: string) => join(dataDir, 'postgres', 'data', 'postmaster.pid');

afterEach(async () => {
  for (const server of running) await server.stop();
  running.clear();
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('the embedded Postgres', () => {
  const home = newFolder();

  it('makes a database, and keeps data and port at the next start', async () => {
    const first = await start(home);
    expect(first).toMatchObject({ fresh: true, adopted: false });
    await query(first, `CREATE TABLE note (text text); INSERT INTO note VALUES ('kept')`);
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    await expect(first.exited).resolves.toBeNull();

    const second = await start(home);
    expect(second).toMatchObject({ fresh: false, adopted: false, port: first.port, url: first.url });
    expect(await query(second, 'SELECT text FROM note')).toEqual([{ text: 'kept' }]);
  });

  it('keeps its passwords readable by their owner only', () => {
    expect(existsSync(join(home, 'postgres', 'password'))).toBe(false);
    const { admin, owner } = JSON.parse(readFileSync(join(home, 'postgres', 'password.json'), 'utf8')) as Record<
      string,
      string
    >;
    expect(admin).toMatch(/^[0-9a-f]{48}$/);
    expect(owner).not.toBe(admin);
  });

  it('starts again after a kill -9 of the server', async () => {
    const first = await start(home);
    await query(first, `INSERT INTO note VALUES ('before the crash')`);
    process.kill(first.pid, 'SIGKILL');
    await expect(first.exited).resolves.toContain('ended unexpectedly');
    expect(existsSync(pidFileOf(home))).toBe(true);
    const second = await start(home);
    expect(second.pid).not.toBe(first.pid);
    expect(await query(second, 'SELECT text FROM note')).toEqual([{ text: 'kept' }, { text: 'before the crash' }]);
  });

  it('joins a server that a killed launcher left behind', async () => {
    const left = await start(home);
    running.delete(left);
    const joined = await start(home);
    expect(joined).toMatchObject({ adopted: true, pid: left.pid, port: left.port, fresh: false });
    await joined.stop();
    expect(isAlive(left.pid)).toBe(false);
  });

  it('leaves the server running while another living process uses it', async () => {
    const server = await start(home);
    const other = await idleProcess();
    writeFileSync(join(home, 'postgres', 'holders', String(other.pid)), startMarkOf(other.pid));
    await server.stop();
    expect(isAlive(server.pid)).toBe(true);
    await other.kill();
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });

  it('is not misled by a pid file whose process id now belongs to another program', async () => {
    const first = await start(home);
    const pidFile = readFileSync(pidFileOf(home), 'utf8');
    await first.stop();
    const other = await idleProcess();
    writeFileSync(pidFileOf(home), pidFile.replace(/^\d+/, String(other.pid)));
    const second = await start(home);
    expect(second.adopted).toBe(false);
    expect(isAlive(other.pid)).toBe(true);
    await other.kill();
  });

  it('moves to another port when the usual one is taken, and says so when the port was asked for', async () => {
    const first = await start(home);
    await first.stop();
    const squatter = await listen(first.port);
    try {
      const second = await start(home);
      expect(second.port).not.toBe(first.port);
      expect(await query(second, 'SELECT count(*)::int FROM note')).toEqual([{ count: 2 }]);
      await second.stop();
      const problem = await problemOf(home, first.port);
      expect(problem.problem).toBe('port-taken');
      expect(problem.message).toBe(`Port ${first.port} of 127.0.0.1 is taken by another program.`);
    } finally {
      squatter.close();
    }
  });

  it('is one server for two callers that ask at the same moment', async () => {
    const folder = newFolder();
    const [one, two] = await Promise.all([start(folder), start(folder)]);
    expect(one.pid).toBe(two.pid);
    expect(await query(two, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await one.stop();
    expect(await waitForExit(one.pid, 5_000)).toBe(true);
  });

  describe('with a data folder that it cannot use', () => {
    const copyOfHome = (): string => {
      const folder = newFolder();
      cpSync(join(home, 'postgres'), join(folder, 'postgres'), { recursive: true, preserveTimestamps: true });
      return folder;
    };

    it('names an empty folder', async () => {
      const folder = newFolder();
      mkdirSync(join(folder, 'postgres', 'data'), { recursive: true });
      const problem = await problemOf(folder);
      expect(problem.problem).toBe('data-broken');
      expect(problem.message).toContain('PG_VERSION is missing');
    });

    it('names the version of another Postgres', async () => {
      const folder = copyOfHome();
      writeFileSync(join(folder, 'postgres', 'data', 'PG_VERSION'), '17\n');
      const problem = await problemOf(folder);
      expect(problem.problem).toBe('data-version');
      expect(problem.message).toContain('made by Postgres 17');
    });

    it('names a database that is not ours', async () => {
      const folder = copyOfHome();
      rmSync(join(folder, 'postgres', 'password.json'));
      expect((await problemOf(folder)).problem).toBe('data-foreign');
    });

    it('names a file in the place of the folder', async () => {
      const file = join(newFolder(), 'data');
      writeFileSync(file, '');
      expect((await problemOf(file)).message).toContain('should be a folder but is a file');
    });
  });
});
