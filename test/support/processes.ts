import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = resolve(import.meta.dirname, '../..');

/** A free port of this moment. */
export async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
      .once('error', fail)
      .listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number };
        server.close(() => done(port));
      });
  });
}

/** The built shop as processes of their own, to be killed and started again. */
export class Processes {
  private readonly children = new Set<ChildProcess>();
  readonly dataDir = mkdtempSync(join(tmpdir(), 'emporium-processes-'));
  /** What the processes wrote, for failing tests. */
  output = '';

  /** Starts `dist/<file>` with these settings. With `ipc` it takes messages, and sends its own. */
  start(file: string, env: Record<string, string>, options: { ipc?: boolean } = {}): ChildProcess {
    const child = spawn(process.execPath, [join(ROOT, 'dist', file)], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, DATA_DIR: this.dataDir, LOG_LEVEL: 'warn', DEMO: '0', MIGRATE: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc ? (['ipc'] as const) : [])],
    });
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (data: Buffer) => (this.output += data.toString()));
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  /** Waits until the API answers that it is alive. */
  async alive(url: string, timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const ok = await fetch(`${url}/health/live`).then(
        (r) => r.ok,
        () => false,
      );
      if (ok) return;
      if (Date.now() > deadline) throw new Error(`the API did not come up:\n${this.output}`);
      await sleep(50);
    }
  }

  /** Ends a process without warning. */
  async kill(child: ChildProcess): Promise<void> {
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await gone;
  }

  /** Asks a process to end, and returns its exit code. */
  async terminate(child: ChildProcess): Promise<number | null> {
    const gone = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    child.kill('SIGTERM');
    return gone;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.children].map((child) => this.kill(child)));
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
