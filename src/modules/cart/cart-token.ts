import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A guest's credential for one cart and the order it becomes: 192 random bits, stored only as a hash. */
export function newCartToken(): string {
  return randomBytes(24).toString('base64url');
}

/** What is stored of a token. */
export function hashCartToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Compares in constant time. */
export function tokenMatches(token: string | undefined, hash: Buffer): boolean {
  return token !== undefined && timingSafeEqual(hashCartToken(token), hash);
}
