import type { Queryable } from '#libs/database';
import { newUuid } from '#libs/ids';
import type { JobDefinition } from './definitions.js';
import { DEFAULT_MAX_ATTEMPTS } from './retry-policy.js';

/**
 * Puts a job on its queue: a row in Postgres, so it survives the loss of everything else. With a transaction it exists
 * only if that commits. A second job with the same `dedupeKey` is not made.
 * @returns the id of the new job, or null when it was there already
 */
export async function enqueue(
  db: Queryable,
  definition: JobDefinition,
  dedupeKey: string,
  payload: Record<string, unknown>,
  runAt?: Date,
): Promise<string | null> {
  const [row] = await db.query<{ id: string }>(
    `INSERT INTO jobs (id, queue, name, dedupe_key, payload, max_attempts, next_at)
     VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, now())) ON CONFLICT (dedupe_key) DO NOTHING RETURNING id`,
    [
      newUuid(),
      definition.queue,
      definition.name,
      `${definition.name}:${dedupeKey}`,
      JSON.stringify(payload),
      definition.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
      runAt ?? null,
    ],
  );
  return row?.id ?? null;
}
