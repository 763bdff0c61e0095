/** Everything that staff may be allowed to do, one word for each kind of door. */
export const PERMISSIONS = [
  'orders.read',
  'orders.write',
  'orders.refund',
  'catalog.read',
  'catalog.write',
  'inventory.read',
  'inventory.write',
  'payments.read',
  'payments.write',
  'settings.read',
  'settings.write',
  'jobs.read',
  'jobs.write',
  'imports.write',
] as const;

/** One thing that staff may be allowed to do. */
export type Permission = (typeof PERMISSIONS)[number];

/** What a member of staff is; the CHECK on `users.role` knows the same words. */
export const ROLES = ['owner', 'manager', 'support', 'fulfillment', 'viewer'] as const;

/** Role of a member of staff. */
export type Role = (typeof ROLES)[number];

/**
 * Who may do what. `settings.write` opens accounts of staff too, so it belongs to owners alone: whoever holds it could
 * make an owner.
 */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  owner: PERMISSIONS,
  manager: PERMISSIONS.filter((permission) => permission !== 'settings.write'),
  support: ['orders.read', 'orders.write', 'orders.refund', 'catalog.read', 'inventory.read', 'payments.read'],
  fulfillment: ['orders.read', 'orders.write', 'catalog.read', 'inventory.read', 'inventory.write'],
  viewer: PERMISSIONS.filter((permission) => permission.endsWith('.read')),
};

/** Whether a role opens this door. */
export function mayDo(role: Role, permission: Permission): boolean {
  return ROLE_PERMISSIONS[role].includes(permission);
}
