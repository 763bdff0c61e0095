import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { LocalStackError } from './local-stack-error.js';

/** The account that a server runs under; empty when it is the account of this process. */
export interface ServerUser {
  uid?: number;
  gid?: number;
}

/**
 * Postgres refuses to run as root: as root it gets the account that owns existing data, else `postgres`, else `nobody`.
 * @throws {LocalStackError} `permission-denied` when there is no such account
 */
export function serverUser(existingData?: string): ServerUser {
  if (process.getuid?.() !== 0) return {};
  if (existingData) {
    const { uid, gid } = statSync(existingData);
    if (uid !== 0) return { uid, gid };
  }
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid && gid) return { uid, gid };
  }
  throw new LocalStackError(
    'permission-denied',
    'Postgres refuses to run as root and this machine has neither a user postgres nor nobody: run as an ordinary user, or set DATABASE_URL.',
  );
}

function idOf(flag: '-u' | '-g', name: string): number | null {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) || null;
  } catch {
    return null;
  }
}

/** Whether the account can enter a folder; asked of the system itself, because mode bits alone do not tell (ACLs, mounts). */
export function canEnter(folder: string, user: ServerUser): boolean {
  return spawnSync('sh', ['-c', 'cd -- "$1"', 'sh', folder], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}
