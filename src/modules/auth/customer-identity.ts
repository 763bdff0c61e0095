/** The customer who asks, as the database knew them at the beginning of the request. */
export interface CustomerIdentity {
  /** uuid; `encodeId('customer', id)` for the outside. */
  id: string;
  email: string;
  /** uuid of the session that the access token belongs to */
  sessionId: string;
}

/** What a shopper has shown to open a cart or an order: the guest's token, an account, both or nothing. */
export interface ShopperIdentity {
  cartToken: string | undefined;
  customer?: CustomerIdentity;
}

declare module 'fastify' {
  interface FastifyRequest {
    customer?: CustomerIdentity;
  }
}
