import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { AppError, BadRequest, ValidationFailed } from '#libs/errors';
import { type Request, StrictValidationPipe } from '#libs/http';
import { CreateImageRequest } from './dto/product.request.js';
import { MediaStore } from './media-store.service.js';

const validation = new StrictValidationPipe();

/** Takes the two forms in which staff send an image: the address of one, or the file itself. */
@Injectable()
export class ImageIntake {
  constructor(
    private readonly media: MediaStore,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /**
   * @param use what is done with the image; when it fails, or the request is not sound, no file of it stays behind
   * @throws ValidationFailed, NotAnImage, PayloadTooLarge, BadRequest
   */
  async receive<T>(request: Request, use: (image: CreateImageRequest) => Promise<T>): Promise<T> {
    const stored: string[] = [];
    try {
      const given = request.isMultipart() ? await this.upload(request, stored) : request.body;
      const metadata = { type: 'body', metatype: CreateImageRequest } as const;
      return await use((await validation.transform(given ?? {}, metadata)) as CreateImageRequest);
    } catch (error) {
      if (wasRefused(error)) for (const path of stored) await this.media.discard(path);
      throw error;
    }
  }

  private async upload(request: Request, stored: string[]): Promise<Partial<CreateImageRequest>> {
    let url: string | undefined;
    let alt: string | undefined;
    for await (const part of request.parts()) {
      if (part.type === 'file') {
        if (part.fieldname !== 'file') throw unknownField(part.fieldname);
        if (url !== undefined) throw BadRequest({ detail: 'Send one file.' });
        const path = await this.media.save(part.file);
        stored.push(path);
        url = `${this.config.publicUrl}${path}`;
      } else if (part.fieldname === 'alt') alt = String(part.value);
      else throw unknownField(part.fieldname);
    }
    if (url === undefined) {
      throw ValidationFailed({ errors: [{ pointer: '/file', code: 'required', detail: 'is required' }] });
    }
    return { url, ...(alt === undefined ? {} : { alt }) };
  }
}

/** Of anything else, such as a connection that broke in the commit, nobody knows whether the image is used. */
const wasRefused = (error: unknown): boolean =>
  error instanceof AppError || ((error as { statusCode?: number }).statusCode ?? 500) < 500;

function unknownField(name: string) {
  const pointer = `/${name.slice(0, 100)}`;
  return ValidationFailed({ errors: [{ pointer, code: 'unknown_field', detail: 'is not a field of this request' }] });
}
