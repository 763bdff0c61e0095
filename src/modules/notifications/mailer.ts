/** A finished e-mail. */
export interface Mail {
  /** `<…@host>`; the same however often the mail is sent, so that a receiver can tell a repetition. */
  messageId: string;
  from: { name: string; address: string };
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Sends e-mail: by SMTP, or into the mailbox page of a development machine. */
export abstract class Mailer {
  /** @throws when the mail was not taken; the same mail may be sent again */
  abstract send(mail: Mail): Promise<void>;
}
