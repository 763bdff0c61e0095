import { Injectable } from '@nestjs/common';
import { Db, isForeignKeyViolation, isUniqueViolation, type Queryable } from '#libs/database';
import { NotFound, ValidationFailed } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import { PermissionNotYours, RoleInUse, RoleNameTaken } from './auth.errors.js';
import { isPermission, type Permission, ROLE_PERMISSIONS, ROLES, type Role } from './permissions.js';
import type { StaffIdentity } from './staff-identity.js';

/** A role with how many have it. */
export interface RoleRow {
  /** uuid; null for a built-in one */
  id: string | null;
  name: string;
  permissions: readonly Permission[];
  members: number;
  version: number;
}

interface CustomRow {
  id: string;
  name: string;
  permissions: string[];
  members: number;
  version: number;
}

const SELECT_CUSTOM = `SELECT r.id, r.name, r.permissions, r.version,
  (SELECT count(*) FROM users u WHERE u.custom_role_id = r.id)::int AS members FROM roles r`;

/** Nobody gives or takes what they may not do themselves. @throws permission_not_yours */
export function assertMayGrant(asker: StaffIdentity, permissions: readonly Permission[]): void {
  const missing = permissions.filter((permission) => !asker.permissions.includes(permission));
  if (missing.length > 0) throw PermissionNotYours({ data: { missing } });
}

/** Roles that the shop makes for itself, beside those that every shop has. */
@Injectable()
export class Roles {
  constructor(private readonly db: Db) {}

  /** The built-in ones first, then the shop's own by name. */
  async list(): Promise<RoleRow[]> {
    const counts = await this.db.query<{ role: Role; n: number }>(
      `SELECT role, count(*)::int AS n FROM users WHERE custom_role_id IS NULL GROUP BY role`,
    );
    const custom = await this.db.query<CustomRow>(`${SELECT_CUSTOM} ORDER BY lower(r.name)`);
    return [
      ...ROLES.map((role) => ({
        id: null,
        name: role,
        permissions: ROLE_PERMISSIONS[role],
        members: counts.find((count) => count.role === role)?.n ?? 0,
        version: 1,
      })),
      ...custom.map(toRole),
    ];
  }

  /** @throws not_found */
  async get(id: string, db: Queryable = this.db): Promise<RoleRow> {
    const [row] = await db.query<CustomRow>(`${SELECT_CUSTOM} WHERE r.id = $1`, [id]);
    if (!row) throw NotFound({ detail: 'There is no such role.' });
    return toRole(row);
  }

  /** Makes a role. The same again answers the one that is there. @throws validation_failed, permission_not_yours, role_name_taken */
  async create(asker: StaffIdentity, request: { name: string; permissions: string[] }): Promise<RoleRow> {
    const permissions = known(request.permissions);
    assertMayGrant(asker, permissions);
    const name = request.name.trim();
    return this.db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO roles (id, name, permissions) VALUES ($1, $2, $3) ON CONFLICT (lower(name)) DO NOTHING`,
        [newUuid(), name, permissions],
      );
      const [role] = await tx.query<{ id: string }>(
        `SELECT id FROM roles WHERE name = $1 AND permissions @> $2 AND permissions <@ $2`,
        [name, permissions],
      );
      if (!role) throw nameTaken();
      return this.get(role.id, tx);
    });
  }

  /** Works at once for everybody who has it. @throws not_found, version_mismatch, permission_not_yours, role_name_taken */
  async update(
    asker: StaffIdentity,
    id: string,
    expectedVersion: number | undefined,
    request: { name?: string; permissions?: string[] },
  ): Promise<RoleRow> {
    const permissions = request.permissions && known(request.permissions);
    return this.db
      .transaction(async (tx) => {
        await tx.query(`SELECT FROM roles WHERE id = $1 FOR UPDATE`, [id]);
        const before = await this.get(id, tx);
        assertVersion(expectedVersion, before.version);
        assertMayGrant(asker, [...before.permissions, ...(permissions ?? [])]);
        await tx.query(
          `UPDATE roles SET name = coalesce($2, name), permissions = coalesce($3, permissions), version = version + 1,
             updated_at = now() WHERE id = $1`,
          [id, request.name?.trim(), permissions],
        );
        return this.get(id, tx);
      })
      .catch(refuseTakenName);
  }

  /** @throws not_found, version_mismatch, permission_not_yours, role_in_use */
  async delete(asker: StaffIdentity, id: string, expectedVersion: number | undefined): Promise<void> {
    await this.db
      .transaction(async (tx) => {
        await tx.query(`SELECT FROM roles WHERE id = $1 FOR UPDATE`, [id]);
        const before = await this.get(id, tx);
        assertVersion(expectedVersion, before.version);
        assertMayGrant(asker, before.permissions);
        await tx.query(`DELETE FROM roles WHERE id = $1`, [id]);
      })
      .catch((error: unknown) => {
        if (isForeignKeyViolation(error, 'users_custom_role')) throw RoleInUse({ cause: error });
        throw error;
      });
  }
}

const toRole = (row: CustomRow): RoleRow => ({ ...row, permissions: row.permissions.filter(isPermission) });

/** @throws validation_failed that names each word that is no permission */
export function known(permissions: readonly string[], pointer = '/permissions'): Permission[] {
  const errors = permissions.flatMap((text, i) =>
    isPermission(text) ? [] : [{ pointer: `${pointer}/${i}`, code: 'not_allowed', detail: 'is not a permission' }],
  );
  if (errors.length > 0) throw ValidationFailed({ errors });
  return [...new Set(permissions.filter(isPermission))];
}

const nameTaken = (cause?: unknown) =>
  RoleNameTaken({
    errors: [{ pointer: '/name', code: 'role_name_taken', detail: 'is the name of another role' }],
    cause,
  });

function refuseTakenName(error: unknown): never {
  throw isUniqueViolation(error, 'roles_name') ? nameTaken(error) : error;
}
