import { isPermission, type Permission, ROLE_PERMISSIONS, type Role } from './permissions.js';

/** A member of staff with the permissions of their own role, where they have one. */
export interface StaffRow {
  id: string;
  email: string;
  role: Role;
  /** of the role of the shop's own making; null for a built-in one */
  permissions: string[] | null;
}

/** What a member of staff may do. Words that are no permission any more open nothing. */
export function permissionsOf(row: Pick<StaffRow, 'role' | 'permissions'>): readonly Permission[] {
  return row.permissions === null ? ROLE_PERMISSIONS[row.role] : row.permissions.filter(isPermission);
}
