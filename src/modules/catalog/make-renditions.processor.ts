import { createWriteStream } from 'node:fs';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { AppError } from '#libs/errors';
import { HandlesJob, type JobContext, type JobHandler, PermanentFailure } from '#libs/jobs';
import { MakeRenditionsJob } from './catalog.jobs.js';
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
    const [image] = await this.db.query<{ url: string }>(`SELECT url FROM product_images WHERE id = $1`, [imageId]);
    const name = image && mediaNameOf(image.url);
    // Taken off again, or not one of ours.
    if (!name) return;
    const made = await this.media.withDrafts(async (draft) => {
      const original = await this.media.find(name);
      if (!original) throw new PermanentFailure('the picture is not in the store');
      const path = draft(name);
      await pipeline(original.stream(), createWriteStream(path));
      const nameOf = (width: number) => `${name.slice(0, -extname(name).length)}-${width}.webp`;
      const { width, height, files } = await makeRenditions(path, (one) => draft(nameOf(one))).catch((error) => {
        throw error instanceof AppError ? new PermanentFailure('the picture cannot be decoded') : error;
      });
      for (const file of files) await this.media.put(nameOf(file.width), file.path);
      const renditions = files.map((file) => ({ width: file.width, url: `${MEDIA_PATH}${nameOf(file.width)}` }));
      return { width, height, renditions };
    });
    await this.db.transaction(async (tx) => {
      const [changed] = await tx.query<{ product_id: string }>(
        `UPDATE product_images SET width = $2, height = $3, renditions = $4 WHERE id = $1 RETURNING product_id`,
        [imageId, made.width, made.height, JSON.stringify(made.renditions)],
      );
      if (changed) await this.listings.refresh(tx, [changed.product_id]);
    });
  }
}
