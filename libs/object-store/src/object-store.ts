import type { Readable } from 'node:stream';

/** A stored file, ready to be sent. */
export interface StoredObject {
  /** bytes */
  size: number;
  stream(): Readable;
}

/**
 * Keeps files by name, for ever and unchanged: a name is written once. Where they lie is the operator's choice; several
 * processes that share a store see each other's files.
 */
export abstract class ObjectStore {
  /** Stores the file that lies at `path`, which may be moved away. @param contentType for those who serve the store themselves */
  abstract put(name: string, path: string, contentType: string): Promise<void>;
  /** The file of this name; null when there is none. */
  abstract get(name: string): Promise<StoredObject | null>;
  /** Removes it; it is no mistake if it is not there. */
  abstract delete(name: string): Promise<void>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Names are flat: nothing that could lead elsewhere is one. @throws RangeError */
export function assertName(name: string): void {
  if (!NAME.test(name)) throw new RangeError(`not a name of a stored file: ${JSON.stringify(name.slice(0, 50))}`);
}
