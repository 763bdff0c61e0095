import { Forbidden } from '#libs/errors';
import type { Permission, StaffIdentity } from '../auth/index.js';
import type { ImportKind, ImportOptions } from './import-state.js';

const WRITES: Readonly<Record<ImportKind, Permission>> = {
  products: 'catalog.write',
  price_lists: 'catalog.write',
  customers: 'customers.write',
};

function assertAll(staff: StaffIdentity, needed: readonly Permission[], what: string): void {
  const missing = needed.filter((permission) => !staff.permissions.includes(permission));
  if (missing.length > 0) throw Forbidden({ detail: `${what} need the permission ${missing.join(' and ')}, too.` });
}

/** A file changes nothing that its sender could not change one by one. @throws forbidden */
export function assertMayImport(kind: ImportKind, options: Pick<ImportOptions, 'stock'>, staff: StaffIdentity): void {
  const needed = [WRITES[kind]];
  if (kind === 'products' && options.stock === 'set') needed.push('inventory.write');
  assertAll(staff, needed, 'Imports of this kind');
}

/** What became of a file of customers tells about people. @throws forbidden */
export function assertMaySeeImport(kind: ImportKind, staff: StaffIdentity): void {
  if (kind === 'customers') assertAll(staff, ['customers.read'], 'Imports of customers');
}
