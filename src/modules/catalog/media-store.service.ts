import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { assertNoTransaction } from '#libs/database';
import { PayloadTooLarge } from '#libs/errors';
import { NotAnImage } from './catalog.errors.js';
import { IMAGE_TYPES, imageTypeOf } from './image-type.js';
import { MEDIA_PATH } from './media-url.js';

const NAME = new RegExp(`^[0-9a-f-]{36}\\.(${Object.keys(IMAGE_TYPES).join('|')})$`);
const HEAD_BYTES = 32;

/** A stored image, ready to be sent. */
export interface StoredMedia {
  size: number;
  contentType: string;
  stream(): Readable;
}

/** Keeps uploaded images as files in DATA_DIR/media, under names of our own making. */
@Injectable()
export class MediaStore {
  private readonly folder: string;

  constructor(@Inject(APP_CONFIG) config: Config) {
    this.folder = resolve(config.dataDir, 'media');
  }

  /**
   * Stores an image and answers its address. What it is, its first bytes tell, not its name.
   * @param file as multipart delivers it: cut off, and marked so, where it is too large
   * @throws NotAnImage, PayloadTooLarge
   */
  async save(file: Readable & { truncated?: boolean }): Promise<string> {
    assertNoTransaction('an upload');
    await mkdir(this.folder, { recursive: true });
    const id = randomUUID();
    const draft = join(this.folder, `.${id}.part`);
    try {
      await pipeline(file, createWriteStream(draft, { flags: 'wx' }));
      if (file.truncated) throw PayloadTooLarge({ detail: 'An image may have up to 20 MB.' });
      const type = imageTypeOf(await headOf(draft));
      if (!type) throw NotAnImage();
      const name = `${id}.${type}`;
      await rename(draft, join(this.folder, name));
      return `${MEDIA_PATH}${name}`;
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** The image of this name, or null. */
  async find(name: string): Promise<StoredMedia | null> {
    const extension = NAME.exec(name)?.[1];
    if (extension === undefined) return null;
    const path = join(this.folder, name);
    const found = await stat(path).catch(() => null);
    if (!found?.isFile()) return null;
    return {
      size: found.size,
      contentType: IMAGE_TYPES[extension as keyof typeof IMAGE_TYPES],
      stream: () => createReadStream(path),
    };
  }
}

async function headOf(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
