import { Secret, TOTP } from 'otpauth';
import type { Shop } from './shop.js';

/** The code that an authenticator app shows, now or some half minutes later. */
export function appCode(secret: string, later = 0): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + later * 30_000 });
}

/** Time goes on: the codes of this half minute and the next count as not shown yet. */
export async function nextHalfMinute(shop: Shop): Promise<void> {
  await shop.db.query(`UPDATE two_factors SET last_step = last_step - 3`);
}

/** Gives the account of somebody who is signed in a second factor. */
export async function enableTwoFactor(
  shop: Shop,
  path: '/v1/me/two-factor' | '/v1/admin/me/two-factor',
  bearer: string,
  password: string,
): Promise<{ secret: string; recoveryCodes: string[] }> {
  const enrolled = await shop.call('POST', path, { bearer, body: { password } });
  if (enrolled.status !== 200) throw new Error(`enroll: ${enrolled.status} ${JSON.stringify(enrolled.body)}`);
  const { secret } = enrolled.body;
  const confirmed = await shop.call('POST', `${path}/confirm`, { bearer, body: { code: appCode(secret) } });
  if (confirmed.status !== 200) throw new Error(`confirm: ${confirmed.status} ${JSON.stringify(confirmed.body)}`);
  await nextHalfMinute(shop);
  return { secret, recoveryCodes: confirmed.body.recoveryCodes };
}
