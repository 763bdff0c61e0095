import { type AppError, RateLimited } from '#libs/errors';
import type { Reply } from '#libs/http';
import type { Hit } from './fixed-windows.js';

/** Says in the headers how much of a limit is left. @returns what to answer when nothing is, else null */
export function tellOfLimit(reply: Reply, hit: Hit): AppError | null {
  const resetSeconds = Math.ceil(hit.resetMs / 1000);
  reply
    .header('RateLimit-Limit', String(hit.limit))
    .header('RateLimit-Remaining', String(hit.remaining))
    .header('RateLimit-Reset', String(resetSeconds));
  if (hit.isAllowed) return null;
  return RateLimited({ detail: `At most ${hit.limit} a minute.`, retryAfterSeconds: Math.max(1, resetSeconds) });
}
