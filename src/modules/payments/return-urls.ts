import { Inject, Injectable } from '@nestjs/common';
import { ValidationFailed } from '#libs/errors';
import { APP_CONFIG, type Config, mayReturnTo } from '../../config/index.js';

/** Keeps payment pages from sending shoppers to strangers. */
@Injectable()
export class ReturnUrls {
  constructor(@Inject(APP_CONFIG) private readonly config: Config) {}

  /** @throws `validation_failed` unless the address is of the storefront or of an allowed origin */
  assert(url: string | undefined): void {
    if (url === undefined || mayReturnTo(url, this.config)) return;
    throw ValidationFailed({
      errors: [
        {
          pointer: '/returnUrl',
          code: 'not_allowed',
          detail: 'is not an address of the storefront: STOREFRONT_URL and CORS_ORIGINS say which are',
        },
      ],
    });
  }
}
