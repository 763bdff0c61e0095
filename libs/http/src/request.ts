import type { FastifyReply, FastifyRequest } from 'fastify';

/** Who asks, as far as credentials tell without a look into the database: the scope of idempotency keys and limits. */
export type Principal = string;

declare module 'fastify' {
  interface FastifyRequest {
    rawBody?: Buffer;
    principal?: Principal;
    idempotency?: { scope: string; key: string };
  }
}

export type Request = FastifyRequest;
export type Reply = FastifyReply;

/** Notes who asks; called by the access guard. */
export function setPrincipal(request: Request, principal: Principal): void {
  request.principal = principal;
}

/** Who asks; `anonymous` when no credential was sent. */
export function principalOf(request: Request): Principal {
  return request.principal ?? 'anonymous';
}
