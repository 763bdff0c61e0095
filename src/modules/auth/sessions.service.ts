import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { log } from '#libs/log';
import type { SubjectKind } from './access-token.js';
import { ACCOUNTS, OWNER_JSON } from './account-tables.js';
import { InvalidRefreshToken } from './auth.errors.js';
import type { Role } from './permissions.js';

/** How long a session lasts, however often it is renewed. */
export const LIFETIME_DAYS = 30;
const GRACE_SECONDS = 10;
const USER_AGENT_MAX = 200;

/** A session just begun or renewed. */
export interface Session {
  sessionId: string;
  /** Shown once; only its hash is kept. */
  refreshToken: string;
}

/** A member of staff whose session it is. */
export interface StaffOwner {
  kind: 'staff';
  /** uuid */
  id: string;
  email: string;
  name: string;
  role: Role;
  tokenVersion: number;
}

/** A customer whose session it is. */
export interface CustomerOwner {
  kind: 'customer';
  /** uuid */
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  tokenVersion: number;
}

/** Whose session it is. */
export type SessionOwner = StaffOwner | CustomerOwner;

/** One session as its owner sees it. */
export interface SessionView {
  /** uuid */
  id: string;
  userAgent: string | null;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
}

interface TokenRow {
  id: string;
  family_id: string;
  used: boolean;
  seconds_since_use: number | null;
  usable: boolean;
  owner: SessionOwner | null;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest();
const newToken = () => randomBytes(32).toString('base64url');

/**
 * Sessions as chains of refresh tokens: each works once and makes the next, for 30 days at most. An old link that comes
 * again means that two hold the chain, so it ends; within ten seconds, while the next link is unused, it is taken for
 * the same client asking twice at once, which gets an error and no second chain.
 */
@Injectable()
export class Sessions {
  constructor(private readonly db: Db) {}

  /**
   * Begins a session; null when the account was suspended, its tokens ended or its password changed since it was looked at.
   * Waits for a change of the password that is under way.
   */
  async begin(
    owner: { kind: SubjectKind; id: string; tokenVersion: number },
    passwordHash: string | null,
    userAgent: string | undefined,
    db: Queryable = this.db,
  ): Promise<Session | null> {
    const { column, table, mayEnter } = ACCOUNTS[owner.kind];
    const session = { sessionId: newUuid(), refreshToken: newToken() };
    const made = await db.query(
      `INSERT INTO refresh_tokens (id, ${column}, family_id, token_hash, user_agent, expires_at)
       SELECT $1, id, $2, $3, $6, now() + make_interval(days => ${LIFETIME_DAYS})
       FROM ${table} WHERE id = $4 AND token_version = $5 AND password_hash IS NOT DISTINCT FROM $7 AND ${mayEnter} FOR SHARE RETURNING 1`,
      [
        newUuid(),
        session.sessionId,
        hashOf(session.refreshToken),
        owner.id,
        owner.tokenVersion,
        userAgent?.slice(0, USER_AGENT_MAX) ?? null,
        passwordHash,
      ],
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

  /** The live sessions of an account, the one used last first. */
  list(kind: SubjectKind, accountId: string): Promise<SessionView[]> {
    return this.db.query<SessionView>(
      `SELECT family_id AS id, max(user_agent) AS "userAgent", min(created_at) AS "createdAt", max(created_at) AS "lastUsedAt",
         max(expires_at) AS "expiresAt"
       FROM refresh_tokens WHERE ${ACCOUNTS[kind].column} = $1
       GROUP BY family_id HAVING bool_and(revoked_at IS NULL) AND max(expires_at) > now()
       ORDER BY max(created_at) DESC, family_id`,
      [accountId],
    );
  }

  /** Ends one session of an account. @returns false when it has no such session */
  async endOne(kind: SubjectKind, accountId: string, sessionId: string, db: Queryable = this.db): Promise<boolean> {
    const ended = await db.query(
      `UPDATE refresh_tokens SET revoked_at = coalesce(revoked_at, now())
       WHERE ${ACCOUNTS[kind].column} = $1 AND family_id = $2 RETURNING 1`,
      [accountId, sessionId],
    );
    return ended.length > 0;
  }

  /** Ends every session of an account but one, or all. */
  async endAll(kind: SubjectKind, accountId: string, except?: string, db: Queryable = this.db): Promise<void> {
    await db.query(
      `UPDATE refresh_tokens SET revoked_at = now()
       WHERE ${ACCOUNTS[kind].column} = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR family_id <> $2)`,
      [accountId, except ?? null],
    );
  }

  /** Whether somebody has ended it; one that is only past its time has not. */
  async hasEnded(db: Queryable, sessionId: string): Promise<boolean> {
    const ended = await db.query(
      `SELECT 1 FROM refresh_tokens WHERE family_id = $1 AND revoked_at IS NOT NULL LIMIT 1`,
      [sessionId],
    );
    return ended.length > 0;
  }

  /** Returns null instead of throwing: the end of a chain must be committed. */
  private async rotate(tx: Tx, refreshToken: string): Promise<(Session & { owner: SessionOwner }) | null> {
    const [token] = await tx.query<TokenRow>(
      `SELECT t.id, t.family_id, t.used_at IS NOT NULL AS used,
              extract(epoch FROM clock_timestamp() - t.used_at)::float8 AS seconds_since_use,
              t.expires_at > now() AND u.suspended_at IS NULL AND c.deleted_at IS NULL AS usable,
              ${OWNER_JSON} AS owner
       FROM refresh_tokens t LEFT JOIN users u ON u.id = t.user_id LEFT JOIN customers c ON c.id = t.customer_id
       WHERE t.token_hash = $1 FOR UPDATE OF t`,
      [hashOf(refreshToken)],
    );
    if (!token?.owner) return null;
    // A statement of its own: it must see what was committed while this one waited for the row.
    const [family] = await tx.query<{ ended: boolean; moved_on: boolean }>(
      `SELECT bool_or(f.revoked_at IS NOT NULL) AS ended, coalesce(bool_or(f.used_at > t.used_at), false) AS moved_on
       FROM refresh_tokens t JOIN refresh_tokens f ON f.family_id = t.family_id WHERE t.id = $1`,
      [token.id],
    );
    if (family!.ended || !token.usable) return null;
    const { owner } = token;
    if (token.used) {
      if (family!.moved_on || token.seconds_since_use! > GRACE_SECONDS) {
        await tx.query(`UPDATE refresh_tokens SET revoked_at = now() WHERE family_id = $1 AND revoked_at IS NULL`, [
          token.family_id,
        ]);
        // Two hold the chain: whoever looks after the account must be able to find that.
        await tx.query(
          `INSERT INTO audit_log (actor, action, record_type, record_id, after) VALUES ('storefront', 'update', $1, $2, $3)`,
          [
            ACCOUNTS[owner.kind].table,
            owner.id,
            { sessionEnded: encodeId('session', token.family_id), because: 'refresh_token_reused' },
          ],
        );
        tx.afterCommit(() =>
          log.warn('auth.refresh_token_reused', { accountId: owner.id, kind: owner.kind, session: token.family_id }),
        );
      }
      return null;
    }
    const next = newToken();
    await tx.query(`UPDATE refresh_tokens SET used_at = clock_timestamp() WHERE id = $1`, [token.id]);
    await tx.query(
      `INSERT INTO refresh_tokens (id, user_id, customer_id, family_id, token_hash, user_agent, expires_at)
       SELECT $1, user_id, customer_id, family_id, $2, user_agent, expires_at FROM refresh_tokens WHERE id = $3`,
      [newUuid(), hashOf(next), token.id],
    );
    return { sessionId: token.family_id, refreshToken: next, owner };
  }
}
