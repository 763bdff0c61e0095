export { AuthModule } from './auth.module.js';
export { CartToken, CurrentStaff, Public, Shopper, Staff } from './access.decorators.js';
export { EmailTaken } from './auth.errors.js';
export { mayDo, PERMISSIONS, ROLE_PERMISSIONS, ROLES, type Permission, type Role } from './permissions.js';
export type { StaffIdentity } from './staff-identity.js';
export { StaffService, type FirstOwner, type NewStaff, type StaffMember } from './staff.service.js';
export { readablePassword } from './readable-password.js';
