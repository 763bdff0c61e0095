import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { copyBinaries, type PostgresBinaries, tryBinaries } from './binaries.js';
import { errnoOf, explainFileError, LocalStackError } from './local-stack-error.js';
import { isAlive } from './processes.js';
import { readPidFile } from './postmaster-pid.js';
import { canEnter, type ServerUser, serverUser } from './server-user.js';

/** Where the database of one DATA_DIR lives, and who runs it with which programs. */
export interface ClusterHome {
  /** Holds `data`, `password.json`, `port` and `holders`. Normally DATA_DIR/postgres. */
  folder: string;
  user: ServerUser;
  binaries: PostgresBinaries;
  /** Said once when the data could not be kept in DATA_DIR. */
  note?: string;
}

/** Names the folder when it is not DATA_DIR/postgres. */
const POINTER = 'postgres.location';
/** Places that another account can reach, tried in this order. */
const SHARED_PLACES = ['/var/lib/emporium', '/var/tmp/emporium'];

/**
 * Chooses where the database lives. As root the server runs as another account; when that account cannot reach
 * DATA_DIR or the installed programs (a clone below a private home folder), both go to /var/lib/emporium.
 */
export function locateCluster(dataDir: string, installed: PostgresBinaries): ClusterHome {
  const root = ensureDataDir(dataDir);
  const local = join(root, 'postgres');
  const pointer = join(root, POINTER);
  if (existsSync(pointer)) {
    const folder = readFileSync(pointer, 'utf8').trim();
    if (!existsSync(folder)) {
      throw new LocalStackError(
        'data-broken',
        `The database of ${root} was kept in ${folder}, which is gone: remove ${pointer} to begin with an empty one.`,
      );
    }
    const user = serverUser(join(folder, 'data'));
    return { folder, user, binaries: reachableBinaries(installed, user) };
  }
  if (existsSync(join(local, 'data'))) {
    const user = serverUser(join(local, 'data'));
    return { folder: local, user, binaries: reachableBinaries(installed, user) };
  }
  const user = serverUser();
  if (user.uid === undefined || canEnter(root, user))
    return { folder: local, user, binaries: reachableBinaries(installed, user) };

  const place = sharedPlace(user);
  const folder = join(
    place,
    `${basename(root).replace(/^\.+/, '')}-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`,
  );
  setAside(folder);
  return {
    folder,
    user,
    binaries: reachableBinaries(installed, user),
    note: `Postgres does not run as root, and its own account cannot reach ${root}: the database is kept in ${folder} (noted in ${pointer}).`,
  };
}

/** Remembers a folder outside DATA_DIR, once there is a database in it. */
export function rememberLocation(dataDir: string, home: ClusterHome): void {
  const root = realpathSync(dataDir);
  if (home.folder === join(root, 'postgres')) return;
  writeFileSync(join(root, POINTER), `${home.folder}\n`);
}

function ensureDataDir(dataDir: string): string {
  try {
    if (mkdirSync(dataDir, { recursive: true })) chmodSync(dataDir, 0o755);
  } catch (error) {
    // A read-only disk answers "no such file" to a whole chain of new folders.
    if (errnoOf(error) === 'ENOENT')
      throw explainFileError(Object.assign(new Error('read-only'), { code: 'EROFS' }), dataDir);
    throw explainFileError(error, dataDir);
  }
  return realpathSync(dataDir);
}

function reachableBinaries(installed: PostgresBinaries, user: ServerUser): PostgresBinaries {
  const reason = tryBinaries(installed, user);
  if (reason === null) return installed;
  if (user.uid !== undefined && tryBinaries(installed, {}) === null) {
    const copy = copyBinaries(installed, sharedPlace(user));
    const copyReason = tryBinaries(copy, user);
    if (copyReason === null) return copy;
    if (/EPERM|EINVAL/.test(copyReason)) {
      throw new LocalStackError(
        'permission-denied',
        'Postgres refuses to run as root, and this machine does not let root start it as another user: run as an ordinary user, or set DATABASE_URL.',
      );
    }
  }
  throw new LocalStackError(
    'binaries-missing',
    `The Postgres programs in ${installed.root} do not run on this machine (${reason}): set DATABASE_URL to a Postgres of your own.`,
  );
}

function sharedPlace(user: ServerUser): string {
  for (const place of SHARED_PLACES) {
    try {
      mkdirSync(place, { recursive: true, mode: 0o755 });
      chmodSync(place, 0o755);
    } catch {
      continue;
    }
    if (canEnter(place, user)) return place;
  }
  throw new LocalStackError(
    'permission-denied',
    `Postgres refuses to run as root, and its own account can reach neither DATA_DIR nor ${SHARED_PLACES.join(' nor ')}: set DATA_DIR to a folder that everybody may enter.`,
  );
}

/** DATA_DIR was removed and begins anew, so what it had outside is kept aside, once. */
function setAside(folder: string): void {
  if (!existsSync(folder)) return;
  const pid = readPidFile(join(folder, 'data'))?.pid;
  if (pid && isAlive(pid)) {
    throw new LocalStackError(
      'data-foreign',
      `A Postgres still runs on ${folder} (process ${pid}): end it, then start again.`,
    );
  }
  rmSync(`${folder}.old`, { recursive: true, force: true });
  renameSync(folder, `${folder}.old`);
}

/** Folders of database creations that were killed half-way. */
export function sweepDrafts(folder: string): void {
  const prefix = `${basename(folder)}.new-`;
  const parent = join(folder, '..');
  for (const name of readdirSync(parent)) {
    const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : NaN;
    if (Number.isInteger(owner) && !isAlive(owner)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}
