import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { BadRequest, UnsupportedMediaType, ValidationFailed } from '#libs/errors';
import { fileNameOf, type Request } from '#libs/http';
import { DigitalFiles, MAX_FILE_BYTES, type StoredFile } from './digital-files.service.js';
import { type VariantFileRow, VariantFiles } from './variant-files.repository.js';

/** Takes in a file that a variant is made of: whoever buys the variant may download it. */
@Injectable()
export class UploadVariantFile {
  constructor(
    private readonly db: Db,
    private readonly store: DigitalFiles,
    private readonly files: VariantFiles,
  ) {}

  /** @throws not_found, unsupported_media_type, payload_too_large, validation_failed */
  async execute(productId: string, variantId: string, request: Request): Promise<VariantFileRow> {
    if (!request.isMultipart()) throw UnsupportedMediaType({ detail: 'Send the file as multipart/form-data.' });
    await this.files.assertVariant(productId, variantId);
    const stored: { file: StoredFile; name: string }[] = [];
    try {
      for await (const part of request.parts({ limits: { fileSize: MAX_FILE_BYTES } })) {
        if (part.type !== 'file' || part.fieldname !== 'file') {
          const error = {
            pointer: `/${part.fieldname.slice(0, 100)}`,
            code: 'unknown_field',
            detail: 'there is no such field',
          };
          throw ValidationFailed({ errors: [error] });
        }
        if (stored.length > 0) throw BadRequest({ detail: 'Send one file.' });
        stored.push({ file: await this.store.save(part.file), name: fileNameOf(part.filename, 'file') });
      }
      const [upload] = stored;
      if (!upload || upload.file.bytes === 0)
        throw ValidationFailed({
          errors: [{ pointer: '/file', code: 'missing', detail: 'must be a file that is not empty' }],
        });
      return await this.db.transaction((tx) => this.files.add(tx, variantId, upload.name, upload.file));
    } catch (error) {
      for (const { file } of stored) await this.store.remove(file.id);
      throw error;
    }
  }
}
