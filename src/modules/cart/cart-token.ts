import { hash, timingSafeEqual } from 'node:crypto';
import { randomBytes } from '#libs/ids';
import type { ShopperIdentity } from '../auth/index.js';

/** A guest's credential for one cart and the order it becomes: 192 random bits, stored only as a hash. */
export function newCartToken(): string {
  return randomBytes(24).toString('base64url');
}

/** What is stored of a token. */
export function hashCartToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** Compares in constant time. */
function tokenMatches(token: string | undefined, known: Buffer): boolean {
  return token !== undefined && timingSafeEqual(hashCartToken(token), known);
}

/** Whether a cart, or the order that it became, is the shopper's: by the guest's token, or because it is their account's. */
export function isOf(shopper: ShopperIdentity, owner: { tokenHash: Buffer; customerId: string | null }): boolean {
  if (shopper.customer && shopper.customer.id === owner.customerId) return true;
  return tokenMatches(shopper.cartToken, owner.tokenHash);
}
