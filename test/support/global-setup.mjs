// Plain JavaScript: Jest loads globalSetup outside its module system, where TypeScript sources cannot be imported.
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LIBRARY, loadLibrary, ownerMark, PREFIX, sweepLeftovers } from './leftovers.mjs';

const ROOM_BYTES = 1024 ** 3;

/** One Postgres and one Redis for the whole run, in memory where there is room: a copy of a database then takes 20 ms. */
export default async function globalSetup() {
  if (!existsSync(LIBRARY)) throw new Error('The tests need a build: run npm test, or npm run build first.');
  await sweepLeftovers();
  const stack = await loadLibrary();
  const folder = mkdtempSync(join(hasRoom('/dev/shm') ? '/dev/shm' : tmpdir(), PREFIX));
  // As root, Postgres runs as another user, which must be able to enter.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'owner'), ownerMark());
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
