import { randomFillSync } from 'node:crypto';

const pool = Buffer.allocUnsafe(2048);
let used = pool.length;

/**
 * Unguessable bytes, for secrets and nonces. They are got from the system for many at a time, since asking for them costs
 * more than they do; what is handed out is gone from here.
 */
export function randomBytes(size: number): Buffer {
  if (used + size > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + size));
  pool.fill(0, used, used + size);
  used += size;
  return bytes;
}
