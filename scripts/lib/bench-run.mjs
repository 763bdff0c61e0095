import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onParentGone } from './child.mjs';
import { prepare, ROOT } from './project.mjs';
import { Failure, Terminal } from './terminal.mjs';

/** Installs and builds when needed, runs the bench and ends with its exit code. */
export async function runBench(args) {
  const terminal = new Terminal();
  try {
    await prepare(terminal);
  } catch (error) {
    terminal.failed(error instanceof Failure ? error.message : error.stack);
    if (error.details) terminal.line(error.details);
    process.exit(1);
  }
  const bench = join(ROOT, 'dist', 'bench', 'main.js');
  const child = spawn(process.execPath, ['--enable-source-maps', bench, ...args], { cwd: ROOT, stdio: 'inherit' });
  // Ctrl-C reaches the bench by itself; it stops what it started.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  onParentGone(() => child.kill('SIGTERM'));
  child.once('exit', (code) => process.exit(code ?? 1));
}
