import { Secret, TOTP } from 'otpauth';
import { renderSVG } from 'uqr';

/** What every authenticator app knows without being told: RFC 6238 with SHA-1, six digits, half a minute. */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
/** Clocks of telephones are half a minute off now and then. */
const WINDOW = 1;
const SECRET_BYTES = 20;

/** Whether it has the form of a code of an app: six digits. */
export function isAppCode(code: string): boolean {
  return /^[0-9]{6}$/.test(code);
}

/** A secret that nobody has yet, as apps take it (base32). */
export function newTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** What an app needs to make codes: as a link, and as a picture of it to be photographed. */
export function totpSetup(secret: string, issuer: string, account: string): { uri: string; qrCode: string } {
  const uri = new TOTP({ ...PARAMETERS, issuer, label: account, secret: Secret.fromBase32(secret) }).toString();
  const svg = renderSVG(uri, { border: 4, pixelSize: 4 });
  return { uri, qrCode: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}` };
}

/** The half minute whose code this is, counted since 1970; null when it fits none close to now. */
export function stepOfCode(secret: string, code: string, now = Date.now()): number | null {
  if (!isAppCode(code)) return null;
  const totp = new TOTP({ ...PARAMETERS, secret: Secret.fromBase32(secret) });
  const delta = totp.validate({ token: code, timestamp: now, window: WINDOW });
  return delta === null ? null : Math.floor(now / 1_000 / PARAMETERS.period) + delta;
}
