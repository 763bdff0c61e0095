import type { Permission, Role } from './permissions.js';

/** The member of staff who asks, as the database knew them at the beginning of the request. */
export interface StaffIdentity {
  /** uuid; `encodeId('user', id)` for the outside. Of an API key, the member of staff whose key it is. */
  id: string;
  email: string;
  role: Role;
  /** What this request may do: what their role may, or of that what the key is for. */
  permissions: readonly Permission[];
  /** uuid of the session that the access token belongs to; a key has none */
  sessionId?: string;
  /** Whether the shop asks for a second factor and they have none: they can set one up, and nothing else. */
  lacksTwoFactor?: boolean;
  /** uuid of the API key that asks on their behalf */
  apiKeyId?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    staff?: StaffIdentity;
  }
}
