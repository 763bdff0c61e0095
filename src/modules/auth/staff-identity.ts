import type { Role } from './permissions.js';

/** The member of staff who asks, as the database knew them at the beginning of the request. */
export interface StaffIdentity {
  /** uuid; `encodeId('user', id)` for the outside. */
  id: string;
  email: string;
  role: Role;
}

declare module 'fastify' {
  interface FastifyRequest {
    staff?: StaffIdentity;
  }
}
