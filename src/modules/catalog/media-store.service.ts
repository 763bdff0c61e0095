import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { assertNoTransaction } from '#libs/database';
import { PayloadTooLarge } from '#libs/errors';
import { log } from '#libs/log';
import { openStore, type ObjectStore, type StoredObject } from '#libs/object-store';
import { MediaStoreUnavailable, NotAnImage } from './catalog.errors.js';
import { IMAGE_TYPES, imageTypeOf } from './image-type.js';
import { MEDIA_PATH } from './media-url.js';
import { inspectPicture, silencePicture } from './picture.js';

/** An id of ours, for smaller versions their width, and what kind of image it is. */
const NAME = new RegExp(`^[0-9a-f-]{36}(?:-\\d{1,5})?\\.(${Object.keys(IMAGE_TYPES).join('|')})$`);
const HEAD_BYTES = 32;

/** A stored image, ready to be sent. */
export interface StoredMedia extends StoredObject {
  contentType: string;
}

/** The name of a stored image from the address that we keep of it; null for pictures elsewhere. */
export function mediaNameOf(url: string): string | null {
  const name = url.startsWith(MEDIA_PATH) ? url.slice(MEDIA_PATH.length) : '';
  return NAME.test(name) ? name : null;
}

/** Keeps uploaded images under names of our own making: in DATA_DIR/media, or in the bucket of MEDIA_STORE. */
@Injectable()
export class MediaStore {
  private readonly store: ObjectStore;
  private readonly drafts: string;

  constructor(@Inject(APP_CONFIG) config: Config) {
    this.store = openStore(config.mediaStore ?? resolve(config.dataDir, 'media'));
    this.drafts = resolve(config.dataDir, 'drafts');
  }

  /**
   * Stores an image and answers its address. What it is, its bytes tell, not its name; what it tells of who took it, and
   * where, is left out.
   * @param file as multipart delivers it: cut off, and marked so, where it is too large
   * @throws NotAnImage, ImageTooLarge, PayloadTooLarge, MediaStoreUnavailable
   */
  async save(file: Readable & { truncated?: boolean }): Promise<string> {
    return this.withDrafts(async (draft) => {
      const path = draft('upload');
      await pipeline(file, createWriteStream(path, { flags: 'wx' }));
      if (file.truncated) throw PayloadTooLarge({ detail: 'An image may have up to 20 MB.' });
      const head = await headOf(path);
      const type = imageTypeOf(head);
      if (!type) throw NotAnImage();
      const { isTalkative } = await inspectPicture(path, type, head);
      // sharp takes the format from the ending.
      const silent = draft(`silent.${type}`);
      if (isTalkative) await silencePicture(path, silent);
      const name = `${randomUUID()}.${type}`;
      await this.put(name, isTalkative ? silent : path);
      return `${MEDIA_PATH}${name}`;
    });
  }

  /** Takes back an image that `save` has just stored and that nobody uses. What cannot be removed now stays, which harms nobody. */
  async discard(path: string): Promise<void> {
    const name = mediaNameOf(path);
    if (name === null) return;
    await this.store.delete(name).catch((error: unknown) => log.warn('media.not_removed', { name, error }));
  }

  /** Stores a file of our own making under its name. */
  async put(name: string, path: string): Promise<void> {
    assertNoTransaction('storing a file');
    await orUnavailable(this.store.put(name, path, contentTypeOf(name)!));
  }

  /** The image of this name, or null. */
  async find(name: string): Promise<StoredMedia | null> {
    assertNoTransaction('reading a file');
    const contentType = contentTypeOf(name);
    if (contentType === null) return null;
    const found = await orUnavailable(this.store.get(name));
    return found && { ...found, contentType };
  }

  /** Runs work that needs files for a moment, and removes them whatever comes of it. */
  async withDrafts<T>(work: (pathOf: (name: string) => string) => Promise<T>): Promise<T> {
    assertNoTransaction('work on files');
    const folder = join(this.drafts, randomUUID());
    await mkdir(folder, { recursive: true });
    try {
      return await work((name) => join(folder, name));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    log.error('media.store_failed', { error });
    throw MediaStoreUnavailable({ cause: error });
  }
}

function contentTypeOf(name: string): string | null {
  const extension = NAME.exec(name)?.[1];
  return extension === undefined ? null : IMAGE_TYPES[extension as keyof typeof IMAGE_TYPES];
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
