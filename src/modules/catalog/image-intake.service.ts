import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { BadRequest, ValidationFailed } from '#libs/errors';
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

  /** @throws ValidationFailed, NotAnImage, PayloadTooLarge, BadRequest */
  async receive(request: Request): Promise<CreateImageRequest> {
    const given = request.isMultipart() ? await this.upload(request) : request.body;
    const metadata = { type: 'body', metatype: CreateImageRequest } as const;
    return (await validation.transform(given ?? {}, metadata)) as CreateImageRequest;
  }

  private async upload(request: Request): Promise<Partial<CreateImageRequest>> {
    let url: string | undefined;
    let alt: string | undefined;
    for await (const part of request.parts()) {
      if (part.type === 'file') {
        if (part.fieldname !== 'file') throw unknownField(part.fieldname);
        if (url !== undefined) throw BadRequest({ detail: 'Send one file.' });
        url = `${this.config.publicUrl}${await this.media.save(part.file)}`;
      } else if (part.fieldname === 'alt') alt = String(part.value);
      else throw unknownField(part.fieldname);
    }
    if (url === undefined) {
      throw ValidationFailed({ errors: [{ pointer: '/file', code: 'required', detail: 'is required' }] });
    }
    return { url, ...(alt === undefined ? {} : { alt }) };
  }
}

function unknownField(name: string) {
  const pointer = `/${name.slice(0, 100)}`;
  return ValidationFailed({ errors: [{ pointer, code: 'unknown_field', detail: 'is not a field of this request' }] });
}
