// Plain JavaScript: Jest loads globalSetup outside its module system, where TypeScript sources cannot be imported.
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const PREFIX = 'emporium-test-';
const ROOM_BYTES = 1024 ** 3;
const LIBRARY = resolve(import.meta.dirname, '../../dist/libs/local-stack/src/index.js');

/** One Postgres and one Redis for the whole run, in memory where there is room: a copy of a database then takes 20 ms. */
export default async function globalSetup() {
  if (!existsSync(LIBRARY)) throw new Error('The tests need a build: run npm test, or npm run build first.');
  const stack = await import(pathToFileURL(LIBRARY).href);
  for (const place of new Set(['/dev/shm', tmpdir()])) await sweep(place, stack.killLeftovers);

  const folder = mkdtempSync(join(hasRoom('/dev/shm') ? '/dev/shm' : tmpdir(), PREFIX));
  // As root, Postgres runs as another user, which must be able to enter.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'owner'), String(process.pid));
  const postgres = await stack.startPostgres({ dataDir: folder, durable: false, database: 'emporium' });
  const redis =
    process.env.EMPORIUM_TEST_REDIS === '0' ? null : await stack.startRedis({ dataDir: folder, durable: false });
  // The workers inherit these.
  process.env.TEST_PG_ADMIN_URL = postgres.adminUrl;
  process.env.TEST_PG_URL = postgres.url;
  if (redis) process.env.TEST_REDIS_URL = redis.url;
  else delete process.env.TEST_REDIS_URL;
  globalThis.__EMPORIUM_SERVICES__ = { folder, postgres, redis };
}

function hasRoom(place) {
  try {
    accessSync(place, constants.W_OK);
    const { bavail, bsize } = statfsSync(place);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false;
  }
}

/** A run that was killed left its servers and its data behind. */
async function sweep(place, killLeftovers) {
  const names = existsSync(place) ? readdirSync(place).filter((name) => name.startsWith(PREFIX)) : [];
  for (const name of names) {
    const folder = join(place, name);
    try {
      if (isAlive(Number(readFileSync(join(folder, 'owner'), 'utf8')))) continue;
      await killLeftovers(folder);
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's run, or one that is just beginning.
    }
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
