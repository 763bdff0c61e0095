import { createHash, createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { derivedKey } from '#libs/sealing';
import { APP_CONFIG, type Config } from '../../config/index.js';

/**
 * Secrets of the links in mails, derived from the id of their row and a key of the shop: a mail that is written again
 * carries the same link, and neither the database nor a job ever holds it.
 */
@Injectable()
export class LinkTokens {
  private readonly key: Buffer;

  constructor(@Inject(APP_CONFIG) config: Config) {
    this.key = derivedKey(config.encryptionKey, 'emporium account links');
  }

  /** The secret of a row of `account_links`: 256 bits. */
  tokenOf(linkId: string): string {
    return createHmac('sha256', this.key).update(linkId).digest('base64url');
  }

  /** What is stored of a secret. */
  static hash(token: string): Buffer {
    return createHash('sha256').update(token).digest();
  }
}
