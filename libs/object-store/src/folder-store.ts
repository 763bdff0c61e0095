import { createReadStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertName, ObjectStore, type StoredObject } from './object-store.js';

/** Keeps files in a folder of this machine. */
export class FolderStore extends ObjectStore {
  constructor(private readonly folder: string) {
    super();
  }

  async put(name: string, path: string): Promise<void> {
    assertName(name);
    await mkdir(this.folder, { recursive: true });
    const target = join(this.folder, name);
    try {
      await rename(path, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      // Another disk: whoever reads meanwhile must not see half of it.
      const draft = join(this.folder, `.${name}.part`);
      await copyFile(path, draft);
      await rename(draft, target);
    }
  }

  async get(name: string): Promise<StoredObject | null> {
    assertName(name);
    const path = join(this.folder, name);
    const found = await stat(path).catch(() => null);
    return found?.isFile() ? { size: found.size, stream: () => createReadStream(path) } : null;
  }

  async delete(name: string): Promise<void> {
    assertName(name);
    await rm(join(this.folder, name), { force: true });
  }
}
