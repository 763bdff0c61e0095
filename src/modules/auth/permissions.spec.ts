import { mayDo, type Permission, PERMISSIONS, ROLE_PERMISSIONS, ROLES } from './permissions.js';

describe('roles', () => {
  it('allow only what exists, each thing once', () => {
    for (const role of ROLES) {
      expect(ROLE_PERMISSIONS[role].filter((permission) => !PERMISSIONS.includes(permission))).toEqual([]);
      expect(new Set(ROLE_PERMISSIONS[role]).size).toBe(ROLE_PERMISSIONS[role].length);
    }
  });

  it('let owners alone change settings, staff and keys, since that makes owners', () => {
    for (const permission of ['settings.write', 'staff.write', 'keys.read', 'keys.write'] as const)
      expect([permission, ROLES.filter((role) => mayDo(role, permission))]).toEqual([permission, ['owner']]);
    expect(ROLE_PERMISSIONS.owner).toEqual(PERMISSIONS);
  });

  it('give money back by those only who are trusted with it', () => {
    expect(ROLES.filter((role) => mayDo(role, 'orders.refund'))).toEqual(['owner', 'manager', 'support']);
  });

  it('let viewers change nothing', () => {
    expect(ROLE_PERMISSIONS.viewer.every((permission) => permission.endsWith('.read'))).toBe(true);
    expect(ROLE_PERMISSIONS.viewer).toEqual(
      PERMISSIONS.filter((p) => p.endsWith('.read') && p !== 'keys.read' && p !== 'audit.read'),
    );
  });

  it('never write what they cannot read', () => {
    for (const role of ROLES)
      for (const permission of ROLE_PERMISSIONS[role]) {
        const [area, verb] = permission.split('.');
        if (verb === 'read' || area === 'imports' || area === 'exports') continue;
        expect([role, permission, mayDo(role, `${area}.read` as Permission)]).toEqual([role, permission, true]);
      }
  });
});
