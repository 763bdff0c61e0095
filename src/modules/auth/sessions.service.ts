import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { InvalidRefreshToken } from './auth.errors.js';
import type { Role } from './permissions.js';

const LIFETIME_DAYS = 30;
const GRACE_SECONDS = 10;

/** A session just begun or renewed. */
export interface Session {
  sessionId: string;
  /** Shown once; only its hash is kept. */
  refreshToken: string;
}

/** Whose session it is. */
export interface SessionOwner {
  id: string;
  email: string;
  name: string;
  role: Role;
  tokenVersion: number;
}

interface TokenRow {
  id: string;
  family_id: string;
  used: boolean;
  seconds_since_use: number | null;
  usable: boolean;
  user_id: string;
  email: string;
  name: string;
  role: Role;
  token_version: number;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest();
const newToken = () => randomBytes(32).toString('base64url');

/**
 * Sessions of staff as chains of refresh tokens: each works once and makes the next, for 30 days at most. An old link that
 * comes again means that two hold the chain, so it ends; within ten seconds, while the next link is unused, it is taken for
 * the same client asking twice at once, which gets an error and no second chain.
 */
@Injectable()
export class Sessions {
  constructor(private readonly db: Db) {}

  /** Begins a session; null when the account was suspended or its tokens ended in the meantime. */
  async begin(userId: string, tokenVersion: number): Promise<Session | null> {
    const session = { sessionId: newUuid(), refreshToken: newToken() };
    const made = await this.db.query(
      `INSERT INTO refresh_tokens (id, user_id, family_id, token_hash, expires_at)
       SELECT $1, id, $2, $3, now() + make_interval(days => ${LIFETIME_DAYS})
       FROM users WHERE id = $4 AND token_version = $5 AND suspended_at IS NULL RETURNING 1`,
      [newUuid(), session.sessionId, hashOf(session.refreshToken), userId, tokenVersion],
    );
    return made.length > 0 ? session : null;
  }

  /**
   * Uses up a refresh token and gives the next one.
   * @throws invalid_refresh_token
   */
  async renew(refreshToken: string): Promise<Session & { owner: SessionOwner }> {
    const renewed = await this.db.transaction((tx) => this.rotate(tx, refreshToken));
    if (!renewed) throw InvalidRefreshToken();
    return renewed;
  }

  /** Ends the session of a refresh token, and with it its access tokens. Unknown tokens have none to end. */
  async end(refreshToken: string): Promise<void> {
    await this.db.query(
      `UPDATE refresh_tokens SET revoked_at = now()
       WHERE revoked_at IS NULL AND family_id = (SELECT family_id FROM refresh_tokens WHERE token_hash = $1)`,
      [hashOf(refreshToken)],
    );
  }

  /** Returns null instead of throwing: the end of a chain must be committed. */
  private async rotate(tx: Tx, refreshToken: string): Promise<(Session & { owner: SessionOwner }) | null> {
    const [token] = await tx.query<TokenRow>(
      `SELECT t.id, t.family_id, t.used_at IS NOT NULL AS used,
              extract(epoch FROM clock_timestamp() - t.used_at)::float8 AS seconds_since_use,
              t.expires_at > now() AND u.suspended_at IS NULL AS usable,
              u.id AS user_id, u.email, u.name, u.role, u.token_version
       FROM refresh_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = $1 FOR UPDATE OF t`,
      [hashOf(refreshToken)],
    );
    if (!token) return null;
    // A statement of its own: it must see what was committed while this one waited for the row.
    const [family] = await tx.query<{ ended: boolean; moved_on: boolean }>(
      `SELECT bool_or(f.revoked_at IS NOT NULL) AS ended, coalesce(bool_or(f.used_at > t.used_at), false) AS moved_on
       FROM refresh_tokens t JOIN refresh_tokens f ON f.family_id = t.family_id WHERE t.id = $1`,
      [token.id],
    );
    if (family!.ended || !token.usable) return null;
    if (token.used) {
      if (family!.moved_on || token.seconds_since_use! > GRACE_SECONDS) {
        await tx.query(`UPDATE refresh_tokens SET revoked_at = now() WHERE family_id = $1 AND revoked_at IS NULL`, [
          token.family_id,
        ]);
        tx.afterCommit(() =>
          log.warn('auth.refresh_token_reused', { userId: token.user_id, session: token.family_id }),
        );
      }
      return null;
    }
    const next = newToken();
    await tx.query(`UPDATE refresh_tokens SET used_at = clock_timestamp() WHERE id = $1`, [token.id]);
    await tx.query(
      `INSERT INTO refresh_tokens (id, user_id, family_id, token_hash, expires_at)
       SELECT $1, user_id, family_id, $2, expires_at FROM refresh_tokens WHERE id = $3`,
      [newUuid(), hashOf(next), token.id],
    );
    return {
      sessionId: token.family_id,
      refreshToken: next,
      owner: {
        id: token.user_id,
        email: token.email,
        name: token.name,
        role: token.role,
        tokenVersion: token.token_version,
      },
    };
  }
}
