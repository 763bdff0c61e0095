import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { programEnv } from './binaries.js';
import { type ClusterHome, sweepDrafts } from './cluster-home.js';
import { errnoOf, explainFileError, LocalStackError } from './local-stack-error.js';
import { CTYPES, initdbFlags } from './postgres-settings.js';
import { explainPostgresFailure, ServerLog } from './server-log.js';

/** Both 192 random bits, known to this folder only. */
export interface Passwords {
  /** Of the superuser `postgres`. */
  admin: string;
  /** Of the role `emporium`, which owns the database. */
  owner: string;
}

const FRESH_BYTES = 160 * 1024 * 1024;

/** Makes an empty cluster, whole or not at all. When another process was faster, its cluster stays. */
export async function createCluster(home: ClusterHome, logFile: string, durable: boolean): Promise<void> {
  const parent = join(home.folder, '..');
  const { bavail, bsize } = statfsSync(parent);
  if (bavail * bsize < FRESH_BYTES) {
    throw new LocalStackError(
      'disk-full',
      `The disk that holds ${parent} is full: a new database needs ${FRESH_BYTES >> 20} MB, and ${Math.floor((bavail * bsize) / 2 ** 20)} MB are free.`,
    );
  }
  const draft = `${home.folder}.new-${process.pid}-${randomBytes(3).toString('hex')}`;
  try {
    sweepDrafts(home.folder);
    mkdirSync(draft, { mode: 0o755 });
    chmodSync(draft, 0o755);
    mkdirSync(join(draft, 'data'), { mode: 0o700 });
    const passwords: Passwords = { admin: randomBytes(24).toString('hex'), owner: randomBytes(24).toString('hex') };
    writeFileSync(join(draft, 'password'), passwords.admin, { mode: 0o600 });
    writeFileSync(join(draft, 'password.json'), JSON.stringify(passwords), { mode: 0o600 });
    for (const path of [draft, join(draft, 'data'), join(draft, 'password'), join(draft, 'password.json')])
      giveTo(home, path);
    await initdb(home, draft, logFile, durable);
    rmSync(join(draft, 'password'));
    renameSync(draft, home.folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process that started at the same moment was first: its database is as good.
    if (['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '') && existsSync(join(home.folder, 'data'))) return;
    throw explainFileError(error, home.folder);
  }
}

function giveTo({ user }: ClusterHome, path: string): void {
  if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid);
}

async function initdb(home: ClusterHome, draft: string, logFile: string, durable: boolean): Promise<void> {
  let output = '';
  for (const ctype of CTYPES) {
    const flags = [`--pgdata=${join(draft, 'data')}`, `--pwfile=${join(draft, 'password')}`, ...initdbFlags(ctype)];
    const run = await runProgram(home, home.binaries.initdb, [...flags, ...(durable ? [] : ['--no-sync'])]);
    if (run.code === 0) return;
    output = run.output;
    if (!/invalid locale name|could not be set|locale .* does not exist/i.test(output)) break;
  }
  const log = new ServerLog(logFile);
  try {
    writeFileSync(log.fd, output);
  } catch {
    // The disk may be full, which the explanation then says.
  } finally {
    log.close();
  }
  throw explainPostgresFailure(output, { folder: home.folder, logFile });
}

function runProgram(
  home: ClusterHome,
  program: string,
  args: string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...home.user,
      cwd: '/',
      env: programEnv(home.binaries),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** @throws {LocalStackError} when the folder holds no database of ours that this Postgres can read */
export function assertOurs(home: ClusterHome): void {
  const data = join(home.folder, 'data');
  let version: string;
  try {
    version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw explainFileError(error, data);
    throw new LocalStackError(
      'data-broken',
      `${data} holds no Postgres database (PG_VERSION is missing): move ${home.folder} away, or set DATA_DIR.`,
    );
  }
  if (version !== home.binaries.major) {
    throw new LocalStackError(
      'data-version',
      `The database in ${home.folder} was made by Postgres ${version} and this Emporium brings Postgres ${home.binaries.major}: move the folder away to begin anew.`,
    );
  }
  if (!existsSync(join(home.folder, 'password.json'))) {
    throw new LocalStackError(
      'data-foreign',
      `The database in ${home.folder} was not made by Emporium (password.json is missing): move the folder away, or set DATA_DIR.`,
    );
  }
}

/** @throws {LocalStackError} when the file is damaged or may not be read */
export function readPasswords(home: ClusterHome): Passwords {
  const file = join(home.folder, 'password.json');
  try {
    const { admin, owner } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Passwords>;
    if (admin && owner) return { admin, owner };
  } catch (error) {
    if (errnoOf(error)) throw explainFileError(error, file);
  }
  throw new LocalStackError(
    'data-broken',
    `${file} is damaged: without it the database in ${home.folder} cannot be opened.`,
  );
}
