import type { SubjectKind } from './access-token.js';

/** Where accounts of a kind are, which column names their owner elsewhere, and who of them may enter. */
export const ACCOUNTS: Readonly<Record<SubjectKind, { column: string; table: string; mayEnter: string }>> = {
  staff: { column: 'user_id', table: 'users', mayEnter: 'suspended_at IS NULL' },
  customer: { column: 'customer_id', table: 'customers', mayEnter: 'deleted_at IS NULL' },
};

/** Of a row with either `users u` or `customers c` beside it: whose it is, as `SessionOwner`. */
export const OWNER_JSON = `CASE WHEN u.id IS NOT NULL
  THEN jsonb_build_object('kind', 'staff', 'id', u.id, 'email', u.email, 'name', u.name, 'role', u.role,
    'tokenVersion', u.token_version)
  ELSE jsonb_build_object('kind', 'customer', 'id', c.id, 'email', c.email, 'firstName', c.first_name,
    'lastName', c.last_name, 'tokenVersion', c.token_version) END`;
