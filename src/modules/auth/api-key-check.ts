import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import type { Request } from '#libs/http';
import { log } from '#libs/log';
import { hashOfKey } from './hash-of-key.js';
import type { ClientToken } from './jwt.strategy.js';
import type { StaffIdentity } from './staff-identity.js';
import { permissionsOf, type StaffRow } from './staff-permissions.js';

/** `emp_sk_<26 characters of its id>_<secret of 256 bits>` */
export const SECRET_KEY = /^emp_sk_[0-9a-z]{26}_[\w-]{43}$/;

/** The API key of a request, or null when it shows none: anything else is for those who read access tokens. */
export function apiKeyOf(request: Request): string | null {
  return /^bearer\s+(emp_sk_\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

/** Recognizes API keys. */
@Injectable()
export class ApiKeyCheck {
  constructor(private readonly db: Db) {}

  /**
   * On whose behalf a key asks and what it may: its scopes, as far as its owner may do these things at this moment. Null
   * for a key that is unknown, expired or revoked, or whose owner is suspended.
   */
  async ownerOf(key: string): Promise<StaffIdentity | null> {
    return SECRET_KEY.test(key) ? this.find('k.secret_hash = $1', hashOfKey(key)) : null;
  }

  /** The same for a token that was given for a key, which is asked about anew each time: of the key, what the token is for. */
  async ownerOfToken({ apiKeyId, scopes }: ClientToken): Promise<StaffIdentity | null> {
    const owner = await this.find('k.id = $1', apiKeyId);
    return owner && { ...owner, permissions: owner.permissions.filter((permission) => scopes.includes(permission)) };
  }

  private async find(condition: string, value: Buffer | string): Promise<StaffIdentity | null> {
    const [row] = await this.db.query<StaffRow & { key_id: string; scopes: string[]; is_stale: boolean }>(
      `SELECT k.id AS key_id, k.scopes, u.id, u.email, u.role, r.permissions,
         NOT EXISTS (SELECT 1 FROM api_key_uses l WHERE l.api_key_id = k.id AND l.last_used_at > now() - interval '1 minute') AS is_stale
       FROM api_keys k JOIN users u ON u.id = k.created_by LEFT JOIN roles r ON r.id = u.custom_role_id
       WHERE ${condition} AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
         AND u.suspended_at IS NULL`,
      [value],
    );
    if (!row) return null;
    if (row.is_stale) this.noteUse(row.key_id);
    return {
      id: row.id,
      email: row.email,
      role: row.role,
      permissions: permissionsOf(row).filter((permission) => row.scopes.includes(permission)),
      apiKeyId: row.key_id,
    };
  }

  /** Nobody waits for it: it is for people who wonder whether a key is still in use. */
  private noteUse(keyId: string): void {
    this.db
      .query(
        `INSERT INTO api_key_uses (api_key_id, last_used_at) VALUES ($1, now())
         ON CONFLICT (api_key_id) DO UPDATE SET last_used_at = excluded.last_used_at`,
        [keyId],
      )
      .catch((error: unknown) => log.warn('api_key.use_not_noted', { error }));
  }
}
