import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';

/** What a token stands for. */
export interface DownloadTicket {
  /** uuid of the download */
  id: string;
  expiresAt: Date;
}

const ID_BYTES = 16;
const TIME_BYTES = 6;
const MAC_BYTES = 32;
const LENGTH = ID_BYTES + TIME_BYTES + MAC_BYTES;

/**
 * Signs the links under which buyers get their files: the id of the download and its end, sealed with a key of the shop. A
 * link that is written again is the same, and neither the database nor a job ever holds it.
 */
@Injectable()
export class DownloadTokens {
  private readonly key: Buffer;

  constructor(@Inject(APP_CONFIG) config: Config) {
    this.key = Buffer.from(hkdfSync('sha256', config.encryptionKey, '', 'emporium download links', 32));
  }

  tokenOf({ id, expiresAt }: DownloadTicket): string {
    const content = Buffer.alloc(ID_BYTES + TIME_BYTES);
    content.write(id.replaceAll('-', ''), 'hex');
    content.writeUIntBE(expiresAt.getTime(), ID_BYTES, TIME_BYTES);
    return Buffer.concat([content, this.sign(content)]).toString('base64url');
  }

  /** What a token stands for; null when we did not sign it. */
  read(token: string): DownloadTicket | null {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length !== LENGTH || bytes.toString('base64url') !== token) return null;
    const content = bytes.subarray(0, ID_BYTES + TIME_BYTES);
    if (!timingSafeEqual(bytes.subarray(ID_BYTES + TIME_BYTES), this.sign(content))) return null;
    const hex = content.toString('hex', 0, ID_BYTES);
    return {
      id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      expiresAt: new Date(content.readUIntBE(ID_BYTES, TIME_BYTES)),
    };
  }

  private sign(content: Buffer): Buffer {
    return createHmac('sha256', this.key).update(content).digest();
  }
}
