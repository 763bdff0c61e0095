import type { AccountOfMail } from '../mail-data.query.js';
import { mailHtml, mailText, type MailContent } from './layout.js';

/** A mail about an account: what it says, and one button. */
interface Words {
  subject: string;
  paragraphs: string[];
  button?: { label: string; url: string };
}

function compose(link: AccountOfMail, { subject, paragraphs, button }: Words): MailContent {
  const greeting = link.firstName ? `Hello ${link.firstName},` : 'Hello,';
  const [first = '', ...others] = paragraphs;
  return {
    subject,
    text: mailText([greeting, first, button && `${button.label}: ${button.url}`, ...others, link.shop.name]),
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
export const confirmAccount = (link: AccountOfMail, url: string): MailContent =>
  compose(link, {
    subject: 'Confirm your e-mail address',
    paragraphs: [
      `you are about to open an account at ${link.shop.name}. Confirm with the password that you chose.`,
      'The link works for two days. If it was not you, do nothing: there will be no account.',
    ],
    button: { label: 'Confirm', url },
  });

/** Tells somebody who has an account that somebody wanted another with their address. */
export const accountExists = (link: AccountOfMail, url: string): MailContent =>
  compose(link, {
    subject: 'You have an account already',
    paragraphs: [
      `somebody wanted to open an account at ${link.shop.name} with your e-mail address. You have one: sign in, or choose a new password there if you forgot yours.`,
      'If it was not you, do nothing: nothing was changed.',
    ],
    button: { label: 'Sign in', url },
  });

/** Asks whoever reads the new mailbox to confirm it. */
export const confirmNewEmail = (link: AccountOfMail, url: string): MailContent =>
  compose(link, {
    subject: 'Confirm your new e-mail address',
    paragraphs: [
      `this shall be the e-mail address of your account at ${link.shop.name}. Confirm with your password.`,
      'The link works for a day. If it was not you, do nothing: nothing will change.',
    ],
    button: { label: 'Confirm', url },
  });

/** Tells the old mailbox that another address is asked for. */
export const emailChangeNotice = (account: AccountOfMail, url: string): MailContent =>
  compose(account, {
    subject: 'Your e-mail address is about to change',
    paragraphs: [
      `somebody who knows your password wants another e-mail address for your account at ${account.shop.name}.`,
      'If it was not you, choose another password now.',
    ],
    button: { label: 'Choose another password', url },
  });

/** Lets whoever reads the mailbox choose another password. */
export const passwordReset = (link: AccountOfMail, url: string): MailContent =>
  compose(link, {
    subject: 'Choose another password',
    paragraphs: [
      `here you can choose another password for your account at ${link.shop.name}.`,
      'The link works for an hour, once. If it was not you, do nothing: nothing was changed.',
    ],
    button: { label: 'Choose a password', url },
  });

/** Tells the owner of an account that its password was changed, and what opens it beside the new one. */
export const passwordChanged = (account: AccountOfMail, providers: readonly string[], url: string): MailContent =>
  compose(account, {
    subject: 'Your password was changed',
    paragraphs: [
      `the password of your account at ${account.shop.name} was changed.`,
      ...(providers.length > 0
        ? [
            `It can still be entered without the password, with an account at ${providers.join(', ')}. If that is not yours, take it away in your account.`,
          ]
        : []),
      'If it was not you, choose another one now, and tell us.',
    ],
    button: { label: 'Choose another password', url },
  });

/** Lets a customer choose the password of an account that staff have opened for them. */
export const customerInvitation = (account: AccountOfMail, url: string): MailContent =>
  compose(account, {
    subject: `Your account at ${account.shop.name}`,
    paragraphs: [
      `we have opened an account for you at ${account.shop.name}. Choose a password, and you can sign in.`,
      'The link works for a week. If you want no account, do nothing.',
    ],
    button: { label: 'Choose a password', url },
  });

const TWO_FACTOR_NEWS: Readonly<Record<string, [subject: string, news: string]>> = {
  enabled: ['Codes are asked for when you sign in', 'now asks for a code of your authenticator app when you sign in.'],
  disabled: ['Your sign-in asks for no code any more', 'asks for no code any more when you sign in.'],
  reset: [
    'Your sign-in asks for no code any more',
    'asks for no code any more when you sign in: the people of the shop took your authenticator app away. Set up another one.',
  ],
  codes_renewed: ['You have new recovery codes', 'has new recovery codes. The old ones do not work any more.'],
  recovery_code_used: [
    'A recovery code was used',
    'was just signed in to with one of your recovery codes. It does not work any more.',
  ],
};

/** Tells the owner of an account what became of its second factor; null for what there is no mail of. */
export const twoFactorChanged = (account: AccountOfMail, change: string, url: string): MailContent | null => {
  const news = Object.hasOwn(TWO_FACTOR_NEWS, change) ? TWO_FACTOR_NEWS[change] : undefined;
  if (!news) return null;
  return compose(account, {
    subject: news[0],
    paragraphs: [
      `your account at ${account.shop.name} ${news[1]}`,
      'If it was not you, choose another password now, and tell us.',
    ],
    button: { label: 'Choose another password', url },
  });
};

/** Tells the owner of an account that it can be entered by way of a provider of identities, or not any more. */
export const identityChanged = (
  account: AccountOfMail,
  { provider, isLinked }: { provider: string; isLinked: boolean },
  url: string,
): MailContent =>
  compose(account, {
    subject: isLinked ? `You can sign in with ${provider} now` : `You cannot sign in with ${provider} any more`,
    paragraphs: [
      isLinked
        ? `your account at ${account.shop.name} can be entered with an account at ${provider} from now on.`
        : `your account at ${account.shop.name} cannot be entered with an account at ${provider} any more.`,
      isLinked
        ? 'If it was not you, choose another password now, take that way in away, and tell us.'
        : `A new password takes such ways in away, because they may be somebody else's. If yours was among them, sign in with the password and add it again: who just signs in with ${provider} may get a second, empty account.`,
      ...(isLinked ? [] : ['If it was not you, choose another password now, and tell us.']),
    ],
    button: { label: 'Choose another password', url },
  });

/** Asks somebody to work here. */
export const invitation = (link: AccountOfMail, url: string): MailContent =>
  compose(link, {
    subject: `Work with us at ${link.shop.name}`,
    paragraphs: [
      `you have an account for the people of ${link.shop.name} now. Choose a password, and you can sign in.`,
      'The link works for a week. If you do not know what this is about, do nothing.',
    ],
    button: { label: 'Choose a password', url },
  });
