import { hash } from 'node:crypto';
import type { Request } from '#libs/http';

const CART_TOKEN = /^[A-Za-z0-9_-]{16,200}$/;

/** The guest's secret of the request, if one of the right form was sent; whether it opens anything is the cart's to say. */
export function cartTokenOf(request: Request): string | undefined {
  const header = request.headers['x-cart-token'];
  return typeof header === 'string' && CART_TOKEN.test(header) ? header : undefined;
}

/** The name of a guest in scopes and limits: says which guest it is, without the secret. */
export function guestPrincipal(cartToken: string): string {
  return `guest:${hash('sha256', cartToken, 'base64url')}`;
}
