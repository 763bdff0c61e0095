import { BucketStore } from './bucket-store.js';
import { FolderStore } from './folder-store.js';
import type { ObjectStore } from './object-store.js';

export { ObjectStore, type StoredObject } from './object-store.js';

/** Opens a store. @param where an `s3:` address, see `BucketStore`, or a folder of this machine */
export function openStore(where: string): ObjectStore {
  return where.startsWith('s3:') ? new BucketStore(new URL(where)) : new FolderStore(where);
}
