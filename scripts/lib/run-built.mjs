import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { onParentGone } from './child.mjs';
import { dataDirOf, prepare, ROOT } from './project.mjs';
import { loadLocalStack, readRunning } from './stack.mjs';
import { Failure, Terminal } from './terminal.mjs';

/** Runs `dist/<file>` as a child of this terminal and ends with its exit code. */
export async function runBuilt(file, args) {
  const terminal = new Terminal(process.stderr);
  let postgres;
  let exitCode = 1;
  // The child shares our terminal and hears Ctrl-C itself; we stay to clean up after it.
  process.on('SIGINT', () => undefined);
  try {
    if (!file) throw new Failure('Usage: node scripts/run.mjs FILE [arguments], where FILE is a path below dist.');
    await prepare(terminal);
    const env = { ...process.env };
    if (env.NODE_ENV !== 'production') {
      env.DATA_DIR = dataDirOf();
      Object.assign(env, { ...readRunning(env.DATA_DIR)?.env, ...process.env, DATA_DIR: env.DATA_DIR });
      if (!env.DATABASE_URL && needsDatabase(file)) {
        const { startPostgres } = await loadLocalStack();
        postgres = await startPostgres({ dataDir: env.DATA_DIR, durable: true, database: 'emporium' });
        if (postgres.note) terminal.line(postgres.note);
        env.DATABASE_URL = postgres.url;
      }
    }
    exitCode = await runChild([join(ROOT, 'dist', file), ...args], env);
  } catch (error) {
    const isOurs = error instanceof Failure || error.name === 'LocalStackError';
    terminal.failed(isOurs ? error.message : (error.stack ?? String(error)));
    if (error.details) terminal.line(error.details);
  }
  try {
    await postgres?.stop();
  } catch (error) {
    terminal.failed(error.message);
    exitCode ||= 1;
  }
  process.exit(exitCode);
}

/** The emulator stands alone. */
const needsDatabase = (file) => !file.startsWith('libs/');

function runChild(args, env) {
  return new Promise((done, fail) => {
    // A path in the arguments is meant from where the person is, which npm tells.
    const cwd = env.INIT_CWD ?? process.cwd();
    const child = spawn(process.execPath, args, { cwd, env, stdio: 'inherit' });
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    onParentGone(() => child.kill('SIGTERM'));
    child.once('error', fail);
    child.once('exit', (code, signal) => done(code ?? 128 + (constants.signals[signal] ?? 1)));
  });
}
