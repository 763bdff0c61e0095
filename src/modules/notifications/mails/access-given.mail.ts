import type { AccountOfMail } from '../mail-data.query.js';
import { factsTable, mailHtml, mailText, type MailContent } from './layout.js';

interface Given {
  what: 'staff' | 'role' | 'api_key';
  /** `usr_…` or `key_…` */
  subject: string;
  name: string;
  /** the role, or the scopes of a key */
  mayDo: string;
  /** e-mail address of who did it */
  asker: string;
}

const TITLES = {
  staff: 'Somebody new works here',
  role: 'Somebody has another role',
  api_key: 'There is a new API key',
} as const;

/** Tells an owner of another way to the tools of the shop. */
export function accessGiven(owner: AccountOfMail, given: Given): MailContent {
  const title = TITLES[given.what];
  const what = `${title} at ${owner.shop.name}.`;
  const task =
    given.what === 'api_key'
      ? `If it was not one of you: revoke it (DELETE /v1/admin/api-keys/${given.subject}), end the sessions of ${given.asker} and choose another password.`
      : `If it was not one of you: suspend that account (POST /v1/admin/users/${given.subject}/suspend), end the sessions of ${given.asker} and choose another password.`;
  const facts: [string, string][] = [
    ['Who', given.name],
    [given.what === 'api_key' ? 'For' : 'Role', given.mayDo],
    ['By', given.asker],
  ];
  return {
    subject: title,
    text: mailText([what, task, facts.map(([label, value]) => `${label}: ${value}`).join('\n'), owner.shop.name]),
    html: mailHtml({
      shopName: owner.shop.name,
      preview: what,
      title,
      paragraphs: [what, task],
      body: factsTable(facts),
    }),
  };
}
