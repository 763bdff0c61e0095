import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Folders of test runs, in /dev/shm or the folder for temporary files. */
export const PREFIX = 'emporium-test-';
export const LIBRARY = resolve(import.meta.dirname, '../../dist/libs/local-stack/src/index.js');

/** The built library that starts the services. */
export function loadLibrary() {
  return import(pathToFileURL(LIBRARY).href);
}

/** A run that was killed left its servers and its data behind: ends and removes them. Runs that live are left alone. */
export async function sweepLeftovers() {
  const { killLeftovers } = await loadLibrary();
  for (const place of new Set(['/dev/shm', tmpdir()])) {
    const names = existsSync(place) ? readdirSync(place).filter((name) => name.startsWith(PREFIX)) : [];
    for (const name of names) {
      const folder = join(place, name);
      try {
        const [pid, namespace] = readFileSync(join(folder, 'owner'), 'utf8').split(' ');
        if (namespace !== processNamespace() || isAlive(Number(pid))) continue;
        await killLeftovers(folder);
        rmSync(folder, { recursive: true, force: true });
      } catch {
        // Another user's run, or one that is just beginning.
      }
    }
  }
}

/** What to write into the file `owner` of a run's folder. */
export function ownerMark() {
  return `${process.pid} ${processNamespace()}`;
}

/** Containers may share a folder and count their processes apart: then nobody can tell whether the other's run lives. */
function processNamespace() {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '-';
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
