import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { defineJob, HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { log } from '#libs/log';

export const ReapJob = defineJob({
  name: 'operations.reap',
  queue: 'maintenance',
  description: 'deletes what nobody needs any more',
  everyMs: 3_600_000,
  leaseMs: 600_000,
});

const BATCH = 1_000;
/** A run that meets a mountain leaves the rest to the next hour instead of working through the night's traffic. */
const MAX_BATCHES = 200;

/** What goes, and when. Each statement deletes at most one batch, so no lock is held for long. */
const RULES: readonly { what: string; sql: string }[] = [
  {
    what: 'jobs',
    sql: `DELETE FROM jobs WHERE id IN (
            SELECT id FROM jobs WHERE state = 'done' AND created_at < now() - interval '3 days' AND finished_at < now() - interval '3 days'
            ORDER BY created_at LIMIT $1) RETURNING 1`,
  },
  {
    what: 'outbox',
    sql: `DELETE FROM outbox WHERE id IN (
            SELECT id FROM outbox WHERE published_at < now() - interval '7 days' ORDER BY id LIMIT $1) RETURNING 1`,
  },
  {
    what: 'replays',
    sql: `DELETE FROM idempotency_keys WHERE (scope, key) IN (
            SELECT scope, key FROM idempotency_keys WHERE created_at < now() - interval '72 hours' ORDER BY created_at LIMIT $1) RETURNING 1`,
  },
  {
    what: 'carts',
    sql: `DELETE FROM carts WHERE id IN (
            SELECT c.id FROM carts c WHERE c.status = 'open' AND c.created_at < now() - interval '30 days'
              AND c.updated_at < now() - interval '30 days' AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.cart_id = c.id)
            ORDER BY c.created_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING 1`,
  },
  {
    what: 'sessions',
    sql: `DELETE FROM refresh_tokens WHERE id IN (
            SELECT id FROM refresh_tokens WHERE expires_at < now() LIMIT $1) RETURNING 1`,
  },
  {
    what: 'challenges',
    sql: `DELETE FROM login_challenges WHERE id IN (
            SELECT id FROM login_challenges WHERE expires_at < now() - interval '1 hour' LIMIT $1) RETURNING 1`,
  },
  {
    // What is counted for an address stays until its owner comes: a hundred in a row are a hundred, however long they take. It
    // stays, too, where nobody has the address: else its age would tell.
    what: 'wrongPasswords',
    sql: `DELETE FROM login_failures WHERE account IN (
            SELECT account FROM login_failures WHERE failed_at < now() - interval '1 day'
              AND strangers = 0 AND known = 0 LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING 1`,
  },
  {
    what: 'knownPlaces',
    sql: `DELETE FROM login_places WHERE (account, place) IN (
            SELECT account, place FROM login_places WHERE known_until < now() LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING 1`,
  },
  {
    what: 'links',
    sql: `DELETE FROM account_links WHERE id IN (
            SELECT id FROM account_links WHERE expires_at < now() - interval '1 day' LIMIT $1) RETURNING 1`,
  },
  {
    what: 'stockAlerts',
    sql: `DELETE FROM stock_alerts WHERE id IN (
            SELECT id FROM stock_alerts WHERE notified_at < now() - interval '30 days' OR created_at < now() - interval '1 year' LIMIT $1)
          RETURNING 1`,
  },
  {
    what: 'sign-ins',
    sql: `DELETE FROM oidc_attempts WHERE id IN (
            SELECT id FROM oidc_attempts WHERE expires_at < now() LIMIT $1) RETURNING 1`,
  },
  {
    // Earlier releases keep them plain and look them up so, until they are replaced.
    what: 'plainKeys',
    sql: `UPDATE publishable_keys SET key = NULL, plain_until = NULL WHERE id IN (
            SELECT id FROM publishable_keys WHERE plain_until < now() LIMIT $1) RETURNING 1`,
  },
];

/** Keeps the tables of passing things small: done jobs, told events, old keys, idle carts, expired sessions and links, and who was told of stock. */
@HandlesJob(ReapJob)
@Injectable()
export class Reaper implements JobHandler {
  constructor(private readonly db: Db) {}

  async handle(job: JobContext): Promise<void> {
    const deleted: Record<string, number> = {};
    for (const { what, sql } of RULES) {
      for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
        const { length } = await this.db.query(sql, [BATCH]);
        deleted[what] = (deleted[what] ?? 0) + length;
        if (length < BATCH) break;
        await job.progress(deleted);
      }
    }
    log.info('operations.reaped', { deleted });
  }
}
