import { createHash } from 'node:crypto';

/** What is stored of a key. Its bits are random, so a hash that is quick is enough. */
export const hashOfKey = (key: string) => createHash('sha256').update(key).digest();
