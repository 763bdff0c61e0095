import { createWriteStream } from 'node:fs';
import { basename, extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { AppError } from '#libs/errors';
import { HandlesJob, type JobContext, type JobHandler, PermanentFailure } from '#libs/jobs';
import { lockCategoryTreeShared } from './catalog-lock.js';
import { MakeRenditionsJob } from './catalog.jobs.js';
import type { Rendition } from './entities/product-image.entity.js';
import { lockProducts } from './lock-products.js';
import { mediaNameOf, MediaStore } from './media-store.service.js';
import { MEDIA_PATH } from './media-url.js';
import { makeRenditions } from './picture.js';
import { ProductListings } from './product-listings.service.js';

/** Makes the smaller versions of an uploaded picture; then lists and pages show those. Doing it twice makes the same files. */
@HandlesJob(MakeRenditionsJob)
@Injectable()
export class MakeRenditionsProcessor implements JobHandler<{ imageId: string }> {
  constructor(
    private readonly db: Db,
    private readonly media: MediaStore,
    private readonly listings: ProductListings,
  ) {}

  async handle(job: JobContext<{ imageId: string }>): Promise<void> {
    const { imageId } = job.payload;
    const [image] = await this.db.query<{ url: string; product_id: string }>(
      `SELECT url, product_id FROM product_images WHERE id = $1`,
      [imageId],
    );
    const name = image && mediaNameOf(image.url);
    // Taken off again, or not one of ours.
    if (!name) return;
    const made = await this.media.withDrafts(async (draft) => {
      const original = await this.media.find(name);
      if (!original) throw new PermanentFailure('the picture is not in the store');
      const path = draft(name);
      await pipeline(original.stream(), createWriteStream(path));
      const nameOf = (width: number, ending: string) => `${name.slice(0, -extname(name).length)}-${width}.${ending}`;
      const { width, height, files } = await makeRenditions(path, (...one) => draft(nameOf(...one))).catch((error) => {
        throw error instanceof AppError ? new PermanentFailure('the picture cannot be decoded') : error;
      });
      const put = async (file: string) => {
        await this.media.put(basename(file), file);
        return `${MEDIA_PATH}${basename(file)}`;
      };
      const renditions: Rendition[] = [];
      for (const { width: one, webp, avif } of files)
        renditions.push({ width: one, url: await put(webp), ...(avif && { avifUrl: await put(avif) }) });
      return { width, height, renditions };
    });
    await this.db.transaction(async (tx) => {
      // In the order of every change of a product, which locks it before its pictures.
      await lockCategoryTreeShared(tx);
      await lockProducts(tx, [image.product_id]);
      const changed = await tx.query(
        `UPDATE product_images SET width = $2, height = $3, renditions = $4 WHERE id = $1 RETURNING 1`,
        [imageId, made.width, made.height, JSON.stringify(made.renditions)],
      );
      if (changed.length > 0) await this.listings.refresh(tx, [image.product_id]);
    });
  }
}
