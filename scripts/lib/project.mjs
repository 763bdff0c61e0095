import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Failure } from './terminal.mjs';

/** The folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '..', '..');

/** What the build reads. Tests are no part of it. */
const SOURCES = [
  'src',
  'libs',
  'bench',
  'ormconfig.ts',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'package.json',
];
/** What `npm run build` does, without npm. */
const BUILD = [
  [join(ROOT, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build'],
  [join(ROOT, 'dist', 'src', 'check-routes.js')],
];
const BUILD_STAMP = join(ROOT, 'dist', '.stamp');
/** Older locks belong to a process whose id somebody else has by now. */
const LOCK_LIMIT_MS = 15 * 60_000;
const INSTALL_STAMP = join(ROOT, 'node_modules', '.emporium-lock');

/** Where this machine keeps the shop's data. */
export function dataDirOf(env = process.env) {
  return env.DATA_DIR ? resolve(env.INIT_CWD ?? process.cwd(), env.DATA_DIR) : join(ROOT, '.data');
}

/** Installs the packages and builds, each only when needed. */
export async function prepare(terminal, { install = true, build = true } = {}) {
  if (install && !isInstalled())
    await exclusively(terminal, 'install', () => !isInstalled() && installPackages(terminal));
  if (build && !isBuilt()) await exclusively(terminal, 'build', () => !isBuilt() && buildProject(terminal));
}

/** Whether node_modules belongs to the package-lock.json of now. */
export function isInstalled() {
  // A linked folder belongs to another clone: npm would empty it under that clone's feet.
  if (lstatSync(join(ROOT, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) return true;
  const lock = join(ROOT, 'package-lock.json');
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  return statSync(installed).mtimeMs >= statSync(lock).mtimeMs || read(INSTALL_STAMP) === hashOf(readFileSync(lock));
}

async function installPackages(terminal) {
  terminal.begin('Installing packages (once; a minute or two)', { announce: true });
  const flags = ['--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  let result = await runNpm(['ci', ...flags]);
  if (result.code !== 0) result = await runNpm(['install', ...flags]);
  if (result.code !== 0) {
    throw new Failure('The packages could not be installed; npm says:', { details: lastLines(result.output, 25) });
  }
  writeFileSync(INSTALL_STAMP, hashOf(readFileSync(join(ROOT, 'package-lock.json'))));
  terminal.done('Packages installed');
}

/** npm tells its own path to the scripts it runs; it need not be on the PATH. */
function runNpm(args) {
  const cli = process.env.npm_execpath;
  return cli && /npm-cli\.[cm]?js$/.test(cli) ? run(process.execPath, [cli, ...args]) : run('npm', args);
}

/** Whether dist was built from the sources of now. */
export function isBuilt() {
  return read(BUILD_STAMP) === sourceStamp();
}

async function buildProject(terminal) {
  terminal.begin('Building', { announce: true });
  const stamp = sourceStamp();
  for (const step of BUILD) {
    const result = await run(process.execPath, step);
    if (result.code !== 0) throw new Failure('The build failed:', { details: lastLines(result.output, 40) });
  }
  writeFileSync(BUILD_STAMP, stamp);
  terminal.done('Built');
}

/** Changes when a source file is added, removed or saved. */
function sourceStamp() {
  const entries = [];
  const visit = (path) => {
    const stat = statSync(join(ROOT, path), { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(join(ROOT, path)).sort()) visit(`${path}/${name}`);
    } else if (!path.endsWith('.spec.ts')) {
      entries.push(`${path} ${stat.mtimeMs} ${stat.size}`);
    }
  };
  for (const path of SOURCES) visit(path);
  return hashOf(entries.join('\n'));
}

/** Runs `work` while no other process of this folder installs or builds. */
async function exclusively(terminal, name, work) {
  const lock = join(ROOT, '.cache', `${name}.lock`);
  mkdirSync(dirname(lock), { recursive: true });
  let isWaiting = false;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = Number(read(lock));
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if ((owner && !isAlive(owner)) || age > LOCK_LIMIT_MS) {
        rmSync(lock, { force: true });
        continue;
      }
      if (!isWaiting) terminal.line(`… Waiting for the ${name} that process ${owner} does`);
      isWaiting = true;
      await new Promise((done) => setTimeout(done, 200));
    }
  }
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Runs a program and keeps what it printed. It ends with us. */
export function run(program, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const kill = () => child.kill();
    process.once('exit', kill);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => done({ code: 127, output: error.message }));
    child.once('close', (code, signal) => {
      process.off('exit', kill);
      done({ code: code ?? 1, signal, output });
    });
  });
}

export function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

function read(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function hashOf(content) {
  return createHash('sha256').update(content).digest('hex');
}
