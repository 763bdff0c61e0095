import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DIST = join(import.meta.dirname, '..');
const KEPT_LINES = 30;

export interface ServiceOptions {
  /** Below dist. */
  file: string;
  args?: string[];
  env: Record<string, string>;
  nodeOptions?: string[];
  stopMs?: number;
}

/** How `npm run start:api` and `start:worker` run Node.js, so that what is measured is what is shipped. */
export function flagsOf(script: 'start:api' | 'start:worker'): string[] {
  const file = join(DIST, '..', 'package.json');
  const { scripts } = JSON.parse(readFileSync(file, 'utf8')) as { scripts: Record<string, string> };
  return scripts[script]!.split(' ').filter((word) => word.startsWith('--'));
}

/** A Node.js process of the bench. It talks over IPC and ends with us. */
export class Service {
  private readonly child: ChildProcess;
  private readonly output: string[] = [];
  /** How it ended. */
  readonly ended: Promise<string>;
  private isStopping = false;

  constructor(
    readonly name: string,
    private readonly options: ServiceOptions,
  ) {
    this.child = fork(join(DIST, options.file), options.args ?? [], {
      env: options.env,
      execArgv: options.nodeOptions ?? [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output.push(...text.split('\n').filter((line) => line.trim() !== ''));
        this.output.splice(0, this.output.length - KEPT_LINES);
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** What it printed last: warnings and errors. */
  get lastOutput(): readonly string[] {
    return this.output;
  }

  send(message: Serializable): void {
    this.child.send(message);
  }

  /** Hears every message that fits. */
  listen<T extends { type: string }>(type: T['type'], hear: (message: T) => void): void {
    this.child.on('message', (message: T) => {
      if (message.type === type) hear(message);
    });
  }

  /** Waits for a message that fits. @throws when the process ends before */
  async message<T extends { type: string }>(type: T['type']): Promise<T> {
    const arrived = new Promise<T>((resolve) => {
      const listen = (message: T) => {
        if (message.type === 'fatal') this.output.push(JSON.stringify(message));
        if (message.type !== type) return;
        this.child.off('message', listen);
        resolve(message);
      };
      this.child.on('message', listen);
    });
    return Promise.race([
      arrived,
      this.ended.then((how) => {
        throw new Error(`${this.name} ended (${how}):\n${this.output.join('\n')}`);
      }),
    ]);
  }

  /** Asks it to end; kills it when it takes too long. */
  async stop(): Promise<void> {
    if (this.isStopping || this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.isStopping = true;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), this.options.stopMs ?? 5_000);
    await this.ended;
    clearTimeout(timer);
  }
}
