import { Secret } from 'otpauth';
import { newTotpSecret, stepOfCode, totpSetup } from './totp.js';

/** The secret of the examples of RFC 6238. */
const RFC = Secret.fromUTF8('12345678901234567890').base32;

describe('codes of authenticator apps', () => {
  // Appendix B of RFC 6238, the last six of its eight digits.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at %d s are those of the standard', (seconds, code) => {
    expect(stepOfCode(RFC, code, seconds * 1_000)).toBe(Math.floor(seconds / 30));
  });

  it('fit half a minute early or late, and no more, each to its own half minute', () => {
    const at = (seconds: number) => stepOfCode(RFC, '287082', seconds * 1_000);
    expect([at(0), at(30), at(59), at(60), at(89)]).toEqual([1, 1, 1, 1, 1]);
    expect([at(90), at(120)]).toEqual([null, null]);
  });

  it('are six digits and nothing else', () => {
    for (const code of ['', '28708', '2870820', '28708a', ' 287082', '２８７０８２'])
      expect([code, stepOfCode(RFC, code, 59_000)]).toEqual([code, null]);
  });
});

describe('what an app is told', () => {
  it('names the shop and the account, whatever they are called', () => {
    const secret = newTotpSecret();
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(newTotpSecret()).not.toBe(secret);
    const { uri, qrCode } = totpSetup(secret, 'Ada & Co: Tea?', 'ada+1@example.com');
    const url = new URL(uri);
    expect([url.protocol, url.host]).toEqual(['otpauth:', 'totp']);
    expect(decodeURIComponent(url.pathname)).toBe('/Ada & Co: Tea?:ada+1@example.com');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      issuer: 'Ada & Co: Tea?',
      secret,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
    expect(Buffer.from(qrCode.split(',')[1]!, 'base64').toString()).toMatch(/^<svg [^>]*>.*<\/svg>$/s);
  });
});
