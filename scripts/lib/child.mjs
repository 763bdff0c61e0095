import { spawn } from 'node:child_process';
import { ROOT } from './project.mjs';

const KEPT_LINES = 40;

/**
 * A Node.js child in its own session: Ctrl-C at the terminal reaches the launcher only, which ends its children in order.
 * The IPC channel tells the child when the launcher is gone.
 */
export class Child {
  constructor(name, args, { env, quiet = false, onMessage } = {}) {
    this.name = name;
    this.lines = [];
    this.hasEnded = false;
    /** Nothing it prints is shown, until it dies. */
    this.isQuiet = quiet;
    this.process = spawn(process.execPath, args, {
      cwd: ROOT,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const [stream, out] of [
      [this.process.stdout, process.stdout],
      [this.process.stderr, process.stderr],
    ]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (text) => {
        if (!quiet) out.write(text);
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        this.lines.push(...lines.filter((line) => line.trim() !== ''));
        this.lines.splice(0, this.lines.length - KEPT_LINES);
      });
      stream.on('end', () => rest.trim() && this.lines.push(rest));
    }
    this.process.on('message', (message) => onMessage?.(message));
    this.process.on('error', (error) => this.lines.push(error.message));
    /** Resolves with a description of the end. */
    this.exited = new Promise((done) => {
      this.process.once('close', (code, signal) => {
        this.hasEnded = true;
        done(signal ?? `exit code ${code}`);
      });
      this.process.once('error', (error) => {
        this.hasEnded = true;
        done(error.message);
      });
    });
  }

  /** Asks the child to end, and ends it after `timeoutMs`. */
  async stop(timeoutMs) {
    if (this.hasEnded) return true;
    this.process.kill('SIGTERM');
    let timer;
    const timeout = new Promise((done) => {
      timer = setTimeout(() => done('timeout'), timeoutMs);
    });
    const outcome = await Promise.race([this.exited, timeout]);
    clearTimeout(timer);
    if (outcome !== 'timeout') return true;
    this.process.kill('SIGKILL');
    await this.exited;
    return false;
  }

  kill() {
    if (!this.hasEnded) this.process.kill('SIGKILL');
  }
}

/**
 * npm runs a script through a shell that passes no signals on: when npm is ended, the script would stay behind. Calls
 * `work` once when the process that started this script is gone. Does nothing for a script that npm did not start.
 */
export function onParentGone(work) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    work();
  }, 100);
  timer.unref();
}
