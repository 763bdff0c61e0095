import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const PATIENCE_MS = 90_000;

/** A script of scripts/ as a person would run it, with what it printed so far. */
class Script {
  output = '';
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(args: string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.exited = once(this.child, 'exit').then(([code]) => code as number | null);
  }

  get pid(): number {
    return this.child.pid!;
  }

  async says(text: string): Promise<void> {
    let hasEnded = false;
    void this.exited.then(() => (hasEnded = true));
    await until(() => this.output.includes(text) || hasEnded, `"${text}" in:\n${this.output}`);
    if (!this.output.includes(text)) throw new Error(`ended without saying "${text}":\n${this.output}`);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

interface Process {
  pid: number;
  parent: number;
  command: string;
}

/** The living processes of this machine. */
function processes(): Process[] {
  return execFileSync('ps', ['-ww', '-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && !match[3]!.startsWith('Z'))
    .map((match) => ({ pid: Number(match![1]), parent: Number(match![2]), command: match![4]! }));
}

const childOf = (script: Script, name: string): number => {
  const found = processes().find(({ parent, command }) => parent === script.pid && command.includes(name));
  if (!found) throw new Error(`${name} does not run`);
  return found.pid;
};

describe('npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'emporium-start-'));
  // As root, Postgres runs as another user.
  chmodSync(folder, 0o755);
  const dataDir = join(folder, 'data');
  const scripts: Script[] = [];
  let port: number;
  let emulatorPort: number;

  const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
    const env = { ...process.env };
    for (const name of Object.keys(env)) {
      if (/^(npm_|INIT_CWD$|NODE_OPTIONS$|NODE_ENV$|JEST_|DATABASE_URL$|REDIS_URL$|STRIPE_)/.test(name))
        delete env[name];
    }
    return { ...env, PORT: String(port), STRIPE_EMULATOR_PORT: String(emulatorPort), DATA_DIR: dataDir, ...more };
  };
  const script = (args: string[], more?: NodeJS.ProcessEnv): Script => {
    const started = new Script(args, environment(more));
    scripts.push(started);
    return started;
  };
  const start = (more?: NodeJS.ProcessEnv) => script(['scripts/start.mjs'], more);
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, body: await response.text() };
  };
  /** Processes that work on our folder or listen on our ports. */
  const leftBehind = () =>
    processes().filter(
      ({ command, pid }) =>
        pid !== process.pid && (command.includes(folder) || command.includes(`--port ${emulatorPort}`)),
    );

  beforeAll(async () => {
    port = await freePort();
    emulatorPort = await freePort();
  });
  afterAll(async () => {
    for (const one of scripts) await one.end('SIGKILL');
    // What a failed test left running is joined and stopped by a last start.
    if (leftBehind().length > 0) {
      const last = start();
      await last.says('Ready in').catch(() => undefined);
      await last.end('SIGTERM');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('opens a shop on an empty folder and says where it is', async () => {
    const shop = start();
    await shop.says('Ctrl-C stops everything');
    expect(shop.output).toMatch(/✓ Postgres on port \d+, new database/);
    expect(shop.output).toMatch(/✓ Ready in \d+\.\d s/);
    expect(shop.output).toContain(`http://localhost:${port}/docs`);
    expect(shop.output).toContain('curl -s');
    expect(await get('/health/ready')).toMatchObject({ status: 200 });
    const { body } = await get('/v1/products');
    expect((JSON.parse(body) as { data: unknown[] }).data.length).toBeGreaterThan(10);

    const second = start();
    expect(await second.exited).toBe(0);
    expect(second.output.trim()).toBe(`Emporium already runs at http://localhost:${port}`);

    const books = script(['scripts/run.mjs', 'src/cli.js', 'books']);
    expect(await books.exited).toBe(0);
    expect(await get('/health/ready')).toMatchObject({ status: 200 });

    expect(await shop.end('SIGTERM')).toBe(143);
    expect(shop.output).toContain('✓ Stopped');
    expect(leftBehind()).toEqual([]);
  });

  it('opens again on existing data within seconds, also after a kill -9 of the launcher', async () => {
    const killed = start();
    await killed.says('Ready in');
    await killed.end('SIGKILL');
    const answers = () =>
      get('/health/live').then(
        () => true,
        () => false,
      );
    await until(async () => !(await answers()), 'the API to notice that its launcher is gone', 15_000);
    await until(
      () => !leftBehind().some(({ command }) => command.includes('stripe-emulator')),
      'the emulator to end',
      15_000,
    );

    const again = start();
    await again.says('Ready in');
    expect(again.output).not.toContain('new database');
    // The aim is 3 s; a machine that is busy with tests gets more.
    expect(Number(/Ready in ([\d.]+) s/.exec(again.output)?.[1])).toBeLessThan(12);
    expect(await again.end('SIGINT')).toBe(0);
    expect(leftBehind()).toEqual([]);
  });

  it.each(['api-ahead.mjs', 'stripe-emulator'])('stops everything when %s dies', async (name) => {
    const shop = start();
    await shop.says('Ctrl-C stops everything');
    process.kill(childOf(shop, name), 'SIGKILL');
    expect(await shop.exited).toBe(1);
    expect(shop.output).toMatch(/✗ The (API|Stripe emulator) ended \(SIGKILL\)/);
    expect(leftBehind()).toEqual([]);
  });

  it('stops everything when Postgres dies, and recovers at the next start', async () => {
    const shop = start();
    await shop.says('Ctrl-C stops everything');
    process.kill(
      Number(readFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]),
      'SIGKILL',
    );
    expect(await shop.exited).toBe(1);
    expect(shop.output).toContain('✗ The embedded Postgres ended unexpectedly');
    const again = start();
    await again.says('Ready in');
    expect(await again.end('SIGTERM')).toBe(143);
  });

  it('says in one sentence that the port is taken, before anything starts', async () => {
    const squatter = createServer((socket) => socket.end()).listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const untouched = join(folder, 'untouched');
      const shop = start({ DATA_DIR: untouched });
      expect(await shop.exited).toBe(1);
      expect(shop.output.trim()).toBe(
        `✗ Port ${port} is taken by another program: end it, or choose another one, as in PORT=${port + 1} npm start.`,
      );
      expect(existsSync(untouched)).toBe(false);
    } finally {
      squatter.close();
    }
  });

  it('says in one sentence that the data folder is damaged', async () => {
    const damaged = join(folder, 'damaged');
    mkdirSync(join(damaged, 'postgres', 'data'), { recursive: true });
    const shop = start({ DATA_DIR: damaged });
    expect(await shop.exited).toBe(1);
    expect(shop.output.match(/^✗.*/gm)).toEqual([expect.stringContaining('holds no Postgres database')]);
  });

  it('starts nothing embedded in production, and lists the missing settings', async () => {
    const untouched = join(folder, 'production');
    const shop = start({ NODE_ENV: 'production', DATA_DIR: untouched });
    expect(await shop.exited).toBe(1);
    for (const name of ['DATABASE_URL', 'PUBLIC_URL', 'SIGNING_KEY']) expect(shop.output).toContain(name);
    expect(existsSync(untouched)).toBe(false);
  });
});
