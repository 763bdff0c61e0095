import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import type { PersonToken } from './jwt.strategy.js';
import { permissionsOf, type StaffRow } from './staff-permissions.js';
import type { StaffIdentity } from './staff-identity.js';

/** Looks staff up at each request, so that a suspension, another role or a sign-out works at once. */
@Injectable()
export class StaffAccounts {
  constructor(private readonly db: Db) {}

  /** Whose token it is; null when they are suspended, the session is over or the token was made before all were ended. */
  async ownerOf(token: Pick<PersonToken, 'accountId' | 'sessionId' | 'tokenVersion'>): Promise<StaffIdentity | null> {
    const [row] = await this.db.query<StaffRow & { lacks_two_factor: boolean }>(
      `SELECT u.id, u.email, u.role, r.permissions,
         coalesce((SELECT two_factor_required FROM shop_settings), false)
           AND NOT EXISTS (SELECT FROM two_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS lacks_two_factor
       FROM users u LEFT JOIN roles r ON r.id = u.custom_role_id
       WHERE u.id = $1 AND u.token_version = $2 AND u.suspended_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE family_id = $3 AND revoked_at IS NOT NULL)`,
      [token.accountId, token.tokenVersion, token.sessionId],
    );
    if (!row) return null;
    const { id, email, role, lacks_two_factor: lacksTwoFactor } = row;
    return { id, email, role, permissions: permissionsOf(row), sessionId: token.sessionId, lacksTwoFactor };
  }
}
