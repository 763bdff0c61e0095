import { createHash } from 'node:crypto';

/** 2026-01-05T09:00:00Z: when the demo shop opened. All its ids carry this time. */
export const OPENED_AT_MS = Date.UTC(2026, 0, 5, 9);

/**
 * A UUIDv7 that is the same in every demo shop: its time is fixed and its random part is made from a name, so that the
 * examples of the documentation exist everywhere.
 */
export function seedUuid(kind: string, name: string): string {
  const time = OPENED_AT_MS.toString(16).padStart(12, '0');
  const hash = createHash('sha256').update(`emporium demo shop ${kind} ${name}`).digest('hex');
  const variant = ((parseInt(hash.slice(3, 5), 16) & 0x3f) | 0x80).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(5, 7)}-${hash.slice(7, 19)}`;
}
