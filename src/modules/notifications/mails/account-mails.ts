import type { LinkOfMail } from '../mail-data.query.js';
import { mailHtml, mailText, type MailContent } from './layout.js';

/** A mail about an account: what it says, and one button. */
interface Words {
  subject: string;
  paragraphs: string[];
  button: { label: string; url: string };
}

function compose(link: LinkOfMail, { subject, paragraphs, button }: Words): MailContent {
  const greeting = link.firstName ? `Hello ${link.firstName},` : 'Hello,';
  const [first = '', ...others] = paragraphs;
  return {
    subject,
    text: mailText([greeting, first, `${button.label}: ${button.url}`, ...others, link.shop.name]),
    html: mailHtml({
      shopName: link.shop.name,
      preview: first,
      title: subject,
      paragraphs: [`${greeting} ${first}`, ...others],
      button,
    }),
  };
}

/** Asks whoever reads the mailbox to confirm that they want an account. */
export const confirmAccount = (link: LinkOfMail, url: string): MailContent =>
  compose(link, {
    subject: 'Confirm your e-mail address',
    paragraphs: [
      `you are about to open an account at ${link.shop.name}. Confirm with the password that you chose.`,
      'The link works for two days. If it was not you, do nothing: there will be no account.',
    ],
    button: { label: 'Confirm', url },
  });

/** Tells somebody who has an account that somebody wanted another with their address. */
export const accountExists = (link: LinkOfMail, url: string): MailContent =>
  compose(link, {
    subject: 'You have an account already',
    paragraphs: [
      `somebody wanted to open an account at ${link.shop.name} with your e-mail address. You have one: sign in, or choose a new password there if you forgot yours.`,
      'If it was not you, do nothing: nothing was changed.',
    ],
    button: { label: 'Sign in', url },
  });
