import { Inject, Injectable } from '@nestjs/common';
import { encodeId } from '#libs/ids';
import { log } from '#libs/log';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { ShopOfMail } from './mail-data.query.js';
import { Mailer } from './mailer.js';
import type { MailContent } from './mails/layout.js';
import type { MailLinks } from './mails/order-parts.js';

/** Signs a mail in the name of the shop and sends it; every try of a job sends it with the same Message-ID. */
@Injectable()
export class PostOffice {
  /** Where links in mails lead. */
  readonly links: MailLinks;
  private readonly host: string;

  constructor(
    private readonly mailer: Mailer,
    @Inject(APP_CONFIG) config: Config,
  ) {
    this.links = { storefrontUrl: config.storefrontUrl, publicUrl: config.publicUrl };
    this.host = new URL(config.publicUrl).hostname;
  }

  /** @param jobId uuid of the job that the mail belongs to: one mail for each job */
  async send(jobId: string, shop: ShopOfMail, to: string, content: MailContent): Promise<void> {
    const messageId = `<${encodeId('job', jobId)}@${this.host}>`;
    await this.mailer.send({ messageId, from: { name: shop.name, address: shop.senderEmail }, to, ...content });
    log.info('mail.sent', { messageId: messageId.slice(1, -1).split('@')[0] });
  }
}
