import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Ahead, Tx } from '#libs/database';

/** Who asks, as far as credentials tell without a look into the database: the scope of idempotency keys and limits. */
export type Principal = string;

/** Names the request once and for all; writes derive their own unique keys from it. */
export interface IdempotencyReference {
  scope: string;
  key: string;
  /** Claims the key with a row: to be sent ahead of the transaction, by a handler that promised to (`Idempotent`). */
  claim: Ahead;
  /** Claims the key with a lock that ends with the transaction, which has to keep the answer (`keepWith`). */
  claimWithin: Ahead;
  /** Claims the key with a row outside of any transaction, for a handler whose transaction kept no answer. */
  claimAlone(): Promise<void>;
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
