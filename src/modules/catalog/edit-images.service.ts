import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { ImageNotFound, TooManyImages } from './catalog.errors.js';
import { MakeRenditionsJob } from './catalog.jobs.js';
import type { CreateImageRequest, UpdateImageRequest } from './dto/product.request.js';
import { ProductImage } from './entities/index.js';
import { mediaNameOf } from './media-store.service.js';
import { localMediaUrl } from './media-url.js';
import { MAX_IMAGES } from './product-draft.js';
import { ProductEdits } from './product-edits.service.js';
import type { AdminProductRecord } from './products.admin.query.js';

/** Adds, describes, orders and removes the images of a product. */
@Injectable()
export class EditImages {
  constructor(
    private readonly edits: ProductEdits,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /**
   * Adds an image behind the others. An address that the product has already gets the new text and keeps its place.
   * @throws ProductNotFound, TooManyImages
   */
  async add(productId: string, request: CreateImageRequest): Promise<{ product: AdminProductRecord; id: string }> {
    const url = localMediaUrl(request.url, this.config.publicUrl);
    const { product, result } = await this.edits.run(productId, undefined, async (tx) => {
      const { manager } = tx;
      const before = await manager.findOneBy(ProductImage, { productId, url });
      const alt = request.alt ?? before?.alt ?? '';
      if (before) {
        await manager.update(ProductImage, { id: before.id }, { alt });
        return before.id;
      }
      const id = newUuid();
      const position = await manager.countBy(ProductImage, { productId });
      if (position >= MAX_IMAGES) throw TooManyImages();
      await manager.insert(ProductImage, { id, productId, url, alt, position });
      if (mediaNameOf(url)) await enqueue(tx, MakeRenditionsJob, id, { imageId: id });
      return id;
    });
    return { product, id: result };
  }

  /** Changes the text or the place. @throws ProductNotFound, ImageNotFound, VersionMismatch */
  async update(
    productId: string,
    id: string,
    request: UpdateImageRequest,
    version: number | undefined,
  ): Promise<AdminProductRecord> {
    const { product } = await this.edits.run(productId, version, async (tx) => {
      const image = await getImage(tx, productId, id);
      if (request.alt !== undefined) await tx.manager.update(ProductImage, { id }, { alt: request.alt });
      if (request.position !== undefined) await moveImage(tx, image, request.position);
    });
    return product;
  }

  /** Takes the image off the product and its variants. @throws ProductNotFound, ImageNotFound, VersionMismatch */
  async remove(productId: string, id: string, version: number | undefined): Promise<void> {
    await this.edits.run(productId, version, async (tx) => {
      await getImage(tx, productId, id);
      await tx.manager.delete(ProductImage, { id });
    });
  }
}

async function getImage(tx: Tx, productId: string, id: string): Promise<ProductImage> {
  const image = await tx.manager.findOneBy(ProductImage, { id, productId });
  if (!image) throw ImageNotFound();
  return image;
}

/** Puts the image at `position` and numbers all of them anew. */
async function moveImage(tx: Tx, image: ProductImage, position: number): Promise<void> {
  const images = await tx.manager.find(ProductImage, {
    where: { productId: image.productId },
    order: { position: 'ASC', id: 'ASC' },
  });
  const others = images.filter(({ id }) => id !== image.id);
  others.splice(position, 0, image);
  await tx.query(
    `UPDATE product_images i SET position = o.n - 1 FROM unnest($1::uuid[]) WITH ORDINALITY AS o (id, n) WHERE i.id = o.id`,
    [others.map(({ id }) => id)],
  );
}
