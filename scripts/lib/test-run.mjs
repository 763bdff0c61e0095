import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onParentGone } from './child.mjs';
import { lastLines, prepare, ROOT, run } from './project.mjs';
import { Failure, Terminal } from './terminal.mjs';
import { findTools } from './test-tools.mjs';

const bin = (...path) => join(ROOT, 'node_modules', ...path);
const SOURCES = ['src', 'libs', 'test', 'bench', 'scripts', 'ormconfig.ts'];
const CHECKS = [
  { name: 'format', tool: 'prettier', args: [bin('prettier', 'bin', 'prettier.cjs'), '--check', '.'] },
  {
    name: 'lint',
    tool: 'oxlint',
    args: () => [
      bin('oxlint', 'bin', 'oxlint'),
      '--type-aware',
      '--deny-warnings',
      ...SOURCES.filter((path) => existsSync(join(ROOT, path))),
    ],
  },
  { name: 'types', tool: 'tsc', args: [bin('typescript', 'bin', 'tsc'), '--noEmit'] },
  {
    name: 'dependencies',
    tool: 'depcruise',
    needs: '.dependency-cruiser.mjs',
    args: [
      bin('dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
      '--config',
      '.dependency-cruiser.mjs',
      'src',
      'libs',
    ],
  },
];
/** A hanging test must not look like a slow one. */
const JEST_LIMIT_MS = { normal: 18 * 60_000, full: 90 * 60_000 };

/** Runs the checks and the tests, prints the closing line and ends the process. */
export async function runTests(args) {
  const terminal = new Terminal();
  const isFull = args.includes('--full');
  const jestArgs = args.filter((arg) => arg !== '--full');
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const count = (isGood) => totals[isGood ? 'passed' : 'failed']++;
  try {
    await prepare(terminal);
    const tools = await findTools(terminal);
    if (jestArgs.length === 0) {
      for (const check of CHECKS.filter(({ needs }) => !needs || existsSync(join(ROOT, needs))))
        count(await runCheck(terminal, check));
    } else {
      terminal.line('Only Jest runs, because tests were chosen.');
    }
    add(totals, await runJest(terminal, jestArgs, tools.env, isFull));
    if (tools.missing.length > 0) {
      terminal.line(`Left out, because this machine lacks it: the tests with ${tools.missing.join(' and ')}.`);
      // Where nobody reads the lines above, a test that did not run must not look like one that passed.
      if (process.env.CI) totals.failed += tools.missing.length;
    }
  } catch (error) {
    terminal.failed(error instanceof Failure ? error.message : error.stack);
    if (error.details) terminal.line(error.details);
    totals.failed++;
  }
  terminal.line(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  process.exit(totals.failed > 0 ? 1 : 0);
}

async function runCheck(terminal, { name, tool, args }) {
  terminal.begin(`${name} (${tool})`);
  const { code, output } = await run(process.execPath, typeof args === 'function' ? args() : args, { env: plainEnv() });
  if (code === 0) {
    terminal.done(`${name}: ${lastLines(output, 1).trim() || `${tool} has no complaint`}`);
    return true;
  }
  terminal.failed(`${name} (${tool}):`);
  terminal.line(lastLines(output, 60));
  return false;
}

async function runJest(terminal, jestArgs, toolEnv, isFull) {
  const resultFile = join(ROOT, 'test', '.out', `jest-${process.pid}.json`);
  mkdirSync(join(ROOT, 'test', '.out'), { recursive: true });
  const env = {
    ...plainEnv(),
    ...toolEnv,
    ...(isFull ? { EMPORIUM_TEST_FULL: '1' } : {}),
    NODE_OPTIONS: [process.env.NODE_OPTIONS, '--experimental-vm-modules --no-warnings'].filter(Boolean).join(' '),
  };
  const limitMs = isFull ? JEST_LIMIT_MS.full : JEST_LIMIT_MS.normal;
  const args = [
    bin('jest', 'bin', 'jest.js'),
    '--json',
    `--outputFile=${resultFile}`,
    ...(process.env.CI ? ['--ci'] : []),
    ...jestArgs,
  ];
  const ended = await new Promise((done) => {
    // The reports of Jest go to stderr, so stdout would only carry its JSON.
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] });
    const timer = setTimeout(() => {
      terminal.failed(`Jest was not done after ${limitMs / 60_000} minutes and is ended.`);
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
    }, limitMs);
    const abort = () => child.kill('SIGTERM');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, abort);
    onParentGone(abort);
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      done(signal ?? code);
    });
  });
  try {
    const result = JSON.parse(readFileSync(resultFile, 'utf8'));
    rmSync(resultFile, { force: true });
    const totals = {
      passed: result.numPassedTests,
      // A test file that could not even be loaded holds no tests to count.
      failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
      skipped: result.numPendingTests + result.numTodoTests,
    };
    if (ended !== 0 && totals.failed === 0) totals.failed = 1;
    return totals;
  } catch {
    // Without a result Jest did not stop its services either.
    await (await import(pathToFileURL(join(ROOT, 'test', 'support', 'leftovers.mjs')).href)).sweepLeftovers();
    terminal.failed(`Jest ended without a result (${ended}).`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** Without a terminal nothing is colored, although tools take CI for one. */
function plainEnv() {
  if (process.stderr.isTTY) return process.env;
  const env = { ...process.env, NO_COLOR: '1' };
  delete env.FORCE_COLOR;
  return env;
}

function add(totals, more) {
  for (const key of Object.keys(totals)) totals[key] += more[key];
}
