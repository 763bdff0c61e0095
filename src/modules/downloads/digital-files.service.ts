import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import { assertNoTransaction } from '#libs/database';
import { PayloadTooLarge } from '#libs/errors';
import { newUuid } from '#libs/ids';
import { APP_CONFIG, type Config } from '../../config/index.js';

/** The largest file that a variant may have. */
export const MAX_FILE_BYTES = 100 * 1024 * 1024;

/** A file that was stored. */
export interface StoredFile {
  /** uuid; its name on the disk */
  id: string;
  bytes: number;
  sha256: Buffer;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Keeps the files that are sold in DATA_DIR/digital, apart from the pictures that everybody may see, under ids of our own
 * making: nothing that a client sends is part of a path.
 */
@Injectable()
export class DigitalFiles {
  private readonly folder: string;

  constructor(@Inject(APP_CONFIG) config: Config) {
    this.folder = resolve(config.dataDir, 'digital');
  }

  /**
   * Stores a file under a new id.
   * @param file as multipart delivers it: cut off, and marked so, where it is too large
   * @throws PayloadTooLarge
   */
  async save(file: Readable & { truncated?: boolean }, id = newUuid()): Promise<StoredFile> {
    assertNoTransaction('an upload');
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = this.pathOf(id);
    const draft = `${path}.part`;
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      await pipeline(
        file,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            bytes += chunk.length;
            yield chunk;
          }
        },
        createWriteStream(draft, { flags: 'w', mode: 0o600 }),
      );
      if (file.truncated) throw PayloadTooLarge({ detail: 'A file may have up to 100 MB.' });
      await rename(draft, path);
      return { id, bytes, sha256: hash.digest() };
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** The bytes of a file from `start` up to and with `end`; null when it is not there. */
  async open(id: string, range?: { start: number; end: number }): Promise<Readable | null> {
    const path = this.pathOf(id);
    const found = await stat(path).catch(() => null);
    return found?.isFile() ? createReadStream(path, range) : null;
  }

  /** Takes a file away that nobody bought. */
  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
  }

  private pathOf(id: string): string {
    if (!UUID.test(id)) throw new RangeError('not the id of a file');
    return join(this.folder, id);
  }
}
