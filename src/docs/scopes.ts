import { type Permission, PERMISSIONS } from '../modules/auth/index.js';

const AREAS: Readonly<Record<string, string>> = {
  catalog: 'products, categories and collections',
  inventory: 'stock',
  payments: 'payments and what the provider sent',
  promotions: 'promotions and codes',
  credits: 'gift cards and store credit',
  settings: 'settings, taxes and shipping',
  jobs: 'jobs',
  staff: 'staff and roles',
  keys: 'API keys',
  audit: 'the audit log',
};

/** What is more than to see or to change an area. */
const MEANINGS: Readonly<Partial<Record<Permission, string>>> = {
  'orders.refund': 'send money back',
  'imports.write': 'upload files that change things',
  'exports.write': 'make files of what may be seen',
  'exports.customers': 'make files of customers',
};

function meaningOf(permission: Permission): string {
  const [area = '', verb] = permission.split('.');
  return MEANINGS[permission] ?? `${verb === 'read' ? 'see' : 'change'} ${AREAS[area] ?? area}`;
}

/** Every scope that a program may ask for, with what it opens. */
export const SCOPES = Object.fromEntries(PERMISSIONS.map((permission) => [permission, meaningOf(permission)]));
