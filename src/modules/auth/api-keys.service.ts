import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { Forbidden, InvalidState, NotFound, ValidationFailed } from '#libs/errors';
import { encodeId, newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { announceAccess } from './announce-access.js';
import { hashOfKey } from './hash-of-key.js';
import { assertMayGrant, known } from './roles.service.js';
import type { StaffIdentity } from './staff-identity.js';

/** An API key as it is listed. The key itself is not kept. */
export interface ApiKeyRow {
  /** uuid */
  id: string;
  name: string;
  hint: string;
  scopes: string[];
  createdBy: string;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  createdAt: Date;
}

/** A key just made, with the only copy of it. */
export interface NewApiKey extends ApiKeyRow {
  key: string;
}

interface KeyToMake {
  name: string;
  scopes: readonly string[];
  expiresAt: Date | null;
  replaces?: string;
}

const SELECT = `SELECT k.id, k.name, k.hint, k.scopes, k.created_by AS "createdBy", k.expires_at AS "expiresAt", k.revoked_at AS "revokedAt",
  l.last_used_at AS "lastUsedAt", k.created_at AS "createdAt" FROM api_keys k LEFT JOIN api_key_uses l ON l.api_key_id = k.id`;

/** A key that makes keys would outlive its own expiry and revocation. */
function assertPerson(asker: StaffIdentity): void {
  if (asker.apiKeyId !== undefined) throw Forbidden({ detail: 'Keys are made by people, not by keys.' });
}

/** Keys with which other programs enter: for what they are made for, until they expire, in the name of whoever made them. */
@Injectable()
export class ApiKeys {
  constructor(private readonly db: Db) {}

  /** The newest first. */
  list(): Promise<ApiKeyRow[]> {
    return this.db.query<ApiKeyRow>(`${SELECT} ORDER BY k.id DESC LIMIT 500`);
  }

  /** @throws not_found */
  async get(id: string, db: Pick<Tx, 'query'> = this.db): Promise<ApiKeyRow> {
    const [row] = await db.query<ApiKeyRow>(`${SELECT} WHERE k.id = $1`, [id]);
    if (!row) throw NotFound({ detail: 'There is no such API key.' });
    return row;
  }

  /** @throws forbidden when a key asks; validation_failed, permission_not_yours */
  async create(
    asker: StaffIdentity,
    request: { name: string; scopes: string[]; expiresAt?: string },
  ): Promise<NewApiKey> {
    assertPerson(asker);
    const scopes = known(request.scopes, '/scopes');
    assertMayGrant(asker, scopes);
    const expiresAt = request.expiresAt === undefined ? null : new Date(request.expiresAt);
    if (expiresAt !== null && expiresAt <= new Date())
      throw ValidationFailed({
        errors: [{ pointer: '/expiresAt', code: 'in_the_past', detail: 'must be in the future' }],
      });
    return this.db.transaction((tx) => this.insert(tx, asker, { name: request.name.trim(), scopes, expiresAt }));
  }

  /**
   * Makes a key in the place of another, which goes on for so many hours, so that nothing stops while programs change over.
   * @throws forbidden when a key asks; not_found, permission_not_yours; invalid_state for one that is revoked or expired
   */
  async rotate(asker: StaffIdentity, id: string, overlapHours: number): Promise<NewApiKey> {
    assertPerson(asker);
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT FROM api_keys WHERE id = $1 FOR UPDATE`, [id]);
      const before = await this.get(id, tx);
      if (before.revokedAt !== null || (before.expiresAt !== null && before.expiresAt <= new Date()))
        throw InvalidState({ detail: 'This key is over; make a new one.' });
      assertMayGrant(asker, known(before.scopes));
      const made = await this.insert(tx, asker, { ...before, replaces: id });
      await tx.query(
        `UPDATE api_keys SET expires_at = least(expires_at, now() + make_interval(hours => $2)) WHERE id = $1`,
        [id, overlapHours],
      );
      return made;
    });
  }

  /** Ends a key at once. Ending it again does nothing. @throws not_found */
  async revoke(asker: StaffIdentity, id: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.get(id, tx);
      await tx.query(`UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL`, [id]);
    });
    log.info('api_key.revoked', { keyId: encodeId('apiKey', id), by: encodeId('user', asker.id) });
  }

  private async insert(tx: Tx, asker: StaffIdentity, wanted: KeyToMake): Promise<NewApiKey> {
    const id = newUuid();
    const key = `emp_sk_${encodeId('apiKey', id).slice(-26)}_${randomBytes(32).toString('base64url')}`;
    await tx.query(
      `INSERT INTO api_keys (id, name, secret_hash, hint, scopes, created_by, replaces, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        id,
        wanted.name,
        hashOfKey(key),
        key.slice(-4),
        wanted.scopes,
        asker.id,
        wanted.replaces ?? null,
        wanted.expiresAt,
      ],
    );
    announceAccess(tx, { what: 'api_key', keyId: id }, asker.id);
    tx.afterCommit(() =>
      log.info('api_key.created', { keyId: encodeId('apiKey', id), by: encodeId('user', asker.id) }),
    );
    return { ...(await this.get(id, tx)), key };
  }
}
