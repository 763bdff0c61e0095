import type { Shop } from './shop.js';

export const PASSWORD = 'violet harbor 42 pelicans';

/** A customer who is signed in. */
export interface SignedIn {
  id: string;
  email: string;
  bearer: string;
  refreshToken: string;
}

/** What a link in the newest mail to an address carries, once the mail is there; `subject` tells mails apart. */
export async function linkTo(shop: Shop, email: string, subject = '', older = 0): Promise<string> {
  return shop.until(async () => {
    const rows = await shop.db.query<{ text_body: string }>(
      `SELECT text_body FROM mailbox WHERE recipient = $1 AND subject ILIKE $2 AND text_body LIKE '%#token=%' ORDER BY id DESC`,
      [email, `%${subject}%`],
    );
    return rows.length > older && /#token=([\w-]{43})\b/.exec(rows[0]!.text_body)?.[1];
  }, `a mail with a link to ${email}`);
}

/** Registers a customer, opens the link of the mail and signs in. */
export async function signUp(shop: Shop, email: string, over: Record<string, unknown> = {}): Promise<SignedIn> {
  const registered = await shop.call('POST', '/v1/auth/register', {
    body: { email, password: PASSWORD, firstName: 'Ada', lastName: 'Lovelace', ...over },
  });
  if (registered.status !== 202) throw new Error(`register: ${registered.status} ${JSON.stringify(registered.body)}`);
  const token = await linkTo(shop, email, 'confirm');
  const verified = await shop.call('POST', '/v1/auth/verify-email', { body: { token, password: PASSWORD } });
  if (verified.status !== 200) throw new Error(`verify: ${verified.status} ${JSON.stringify(verified.body)}`);
  const { accessToken, refreshToken, user } = verified.body;
  return { id: user.id, email, bearer: accessToken, refreshToken };
}
