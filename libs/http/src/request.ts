import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Ahead, Tx } from '#libs/database';

/** Who asks, as far as credentials tell without a look into the database: the scope of idempotency keys and limits. */
export type Principal = string;

/** Names the request once and for all; writes derive their own unique keys from it. */
export interface IdempotencyReference {
  scope: string;
  key: string;
  /**
   * Claim the key, sent ahead of the transaction by a handler that promised to (`Idempotent`): with a row that stays while the
   * handler asks others afterwards, or, where the transaction keeps the answer, with a lock that ends with it.
   */
  claim: Ahead;
  claimBriefly: Ahead;
  /** Keeps the answer together with the effect, in its transaction and its trip, instead of after it. */
  keepWith(tx: Tx, body: object): void;
}

declare module 'fastify' {
  interface FastifyRequest {
    rawBody?: Buffer;
    principal?: Principal;
    idempotency?: IdempotencyReference;
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
