/** Everything that staff may be allowed to do, one word for each kind of door. */
export const PERMISSIONS = [
  'orders.read',
  'orders.write',
  'orders.refund',
  'customers.read',
  'customers.write',
  'catalog.read',
  'catalog.write',
  'reviews.read',
  'reviews.write',
  'inventory.read',
  'inventory.write',
  'payments.read',
  'payments.write',
  'promotions.read',
  'promotions.write',
  'credits.read',
  'credits.write',
  'settings.read',
  'settings.write',
  'jobs.read',
  'jobs.write',
  'imports.write',
  'exports.write',
  'exports.customers',
  'staff.read',
  'staff.write',
  'keys.read',
  'keys.write',
  'audit.read',
] as const;

/** One thing that staff may be allowed to do. */
export type Permission = (typeof PERMISSIONS)[number];

/** What a member of staff is; the CHECK on `users.role` knows the same words. */
export const ROLES = ['owner', 'manager', 'support', 'fulfillment', 'viewer'] as const;

/** Role of a member of staff. */
export type Role = (typeof ROLES)[number];

/** What belongs to owners alone: how the shop works, who works in it, and keys to it. */
const OWNERS_ONLY: readonly Permission[] = ['settings.write', 'staff.write', 'keys.read', 'keys.write'];

/** Who may do what, among the roles that every shop has. A shop makes others of its own. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  owner: PERMISSIONS,
  manager: PERMISSIONS.filter((permission) => !OWNERS_ONLY.includes(permission)),
  support: [
    'orders.read',
    'orders.write',
    'orders.refund',
    'customers.read',
    'customers.write',
    'catalog.read',
    'reviews.read',
    'reviews.write',
    'inventory.read',
    'payments.read',
    'promotions.read',
    'credits.read',
  ],
  fulfillment: ['orders.read', 'orders.write', 'catalog.read', 'inventory.read', 'inventory.write'],
  viewer: PERMISSIONS.filter(
    (permission) => permission.endsWith('.read') && permission !== 'audit.read' && !OWNERS_ONLY.includes(permission),
  ),
};

/** Whether a text names a permission. */
export function isPermission(text: string): text is Permission {
  return (PERMISSIONS as readonly string[]).includes(text);
}

/** Whether a built-in role opens this door. */
export function mayDo(role: Role, permission: Permission): boolean {
  return ROLE_PERMISSIONS[role].includes(permission);
}
