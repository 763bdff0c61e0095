import type { Writable } from 'node:stream';
import type { OnModuleDestroy } from '@nestjs/common';
import SMTPPool from 'nodemailer/lib/smtp-pool';
import { assertNoTransaction } from '#libs/database';
import { PermanentFailure } from '#libs/jobs';
import { type Mail, Mailer } from './mailer.js';
import { type Mime, toMime } from './mime.js';

/** A job's lease is a minute: whatever the mail server does, a try ends within it. */
const TIMEOUTS = { connectionTimeout: 8_000, greetingTimeout: 8_000, dnsTimeout: 5_000, socketTimeout: 20_000 };

/**
 * Hands mail to an SMTP server, over at most two connections that are kept open. nodemailer's connections without the
 * rest of it: the mail is ready, and having it looked through and rebuilt took longer than sending it.
 */
export class SmtpMailer extends Mailer implements OnModuleDestroy {
  private readonly pool: SMTPPool;

  /** @param url `smtp://user:password@host:587`, or `smtps:` for TLS from the first byte */
  constructor(url: string) {
    super();
    this.pool = new SMTPPool({ url, pool: true, maxConnections: 2, ...TIMEOUTS });
  }

  /** @throws PermanentFailure when the server refuses the recipient for good */
  async send(mail: Mail): Promise<void> {
    assertNoTransaction('SMTP');
    try {
      await this.hand(toMime(mail), mail.messageId);
    } catch (error) {
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      if (code === 'EENVELOPE' && responseCode !== undefined && responseCode >= 500) {
        throw new PermanentFailure(`the recipient was refused with ${responseCode}`, { cause: error });
      }
      throw error;
    }
  }

  onModuleDestroy(): void {
    this.pool.close();
  }

  private hand({ envelope, content }: Mime, messageId: string): Promise<void> {
    // Of a mail of nodemailer, what its connections look at. Another try over another connection reads it again.
    const message = {
      getEnvelope: () => envelope,
      messageId: () => messageId,
      getHeader: () => messageId,
      createReadStream: () => inOnePiece(content),
    };
    return new Promise((resolve, reject) => {
      this.pool.send({ data: {}, message } as never, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** What nodemailer uses of a stream, without the stream: a mail that nobody has begun to read goes out over another connection. */
function inOnePiece(content: Buffer) {
  return {
    readableDidRead: false,
    pipe(connection: Writable) {
      this.readableDidRead = true;
      connection.end(content);
    },
  };
}
