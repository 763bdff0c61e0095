import { Db } from '#libs/database';
import { type Mail, Mailer } from './mailer.js';

/** Keeps mail in Postgres for the page `/dev/mailbox`. A mail that is sent again is there once. */
export class MailboxMailer extends Mailer {
  constructor(private readonly db: Db) {
    super();
  }

  async send(mail: Mail): Promise<void> {
    await this.db.query(
      `INSERT INTO mailbox (message_id, recipient, subject, text_body, html_body) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (message_id) DO NOTHING`,
      [mail.messageId, mail.to, mail.subject, mail.text, mail.html],
    );
  }
}
