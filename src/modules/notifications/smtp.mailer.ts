import type { OnModuleDestroy } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import { assertNoTransaction } from '#libs/database';
import { PermanentFailure } from '#libs/jobs';
import { type Mail, Mailer } from './mailer.js';
import { toMime } from './mime.js';

/** A job's lease is a minute: whatever the mail server does, a try ends within it. */
const TIMEOUTS = { connectionTimeout: 8_000, greetingTimeout: 8_000, dnsTimeout: 5_000, socketTimeout: 20_000 };

/** Hands mail to an SMTP server, over at most two connections that are kept open. */
export class SmtpMailer extends Mailer implements OnModuleDestroy {
  private readonly transport;

  /** @param url `smtp://user:password@host:587`, or `smtps:` for TLS from the first byte */
  constructor(url: string) {
    super();
    this.transport = createTransport({ url, pool: true, maxConnections: 2, ...TIMEOUTS });
  }

  /** @throws PermanentFailure when the server refuses the recipient for good */
  async send(mail: Mail): Promise<void> {
    assertNoTransaction('SMTP');
    try {
      await this.transport.sendMail({
        envelope: { from: mail.from.address, to: mail.to },
        raw: toMime(mail),
      });
    } catch (error) {
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      if (code === 'EENVELOPE' && responseCode !== undefined && responseCode >= 500) {
        throw new PermanentFailure(`the recipient was refused with ${responseCode}`, { cause: error });
      }
      throw error;
    }
  }

  onModuleDestroy(): void {
    this.transport.close();
  }
}
