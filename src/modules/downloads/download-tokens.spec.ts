import { newUuid } from '#libs/ids';
import type { Config } from '../../config/index.js';
import { DownloadTokens } from './download-tokens.js';

const tokensOf = (key: string) => new DownloadTokens({ encryptionKey: Buffer.alloc(32, key) } as unknown as Config);
const tokens = tokensOf('a');

describe('tokens of downloads', () => {
  const ticket = { id: newUuid(), expiresAt: new Date('2030-01-02T03:04:05.678Z') };
  const token = tokens.tokenOf(ticket);

  it('are the same each time, and say what they stand for', () => {
    expect(tokens.tokenOf(ticket)).toBe(token);
    expect(tokens.read(token)).toEqual(ticket);
    expect(token).toMatch(/^[\w-]{72}$/);
  });

  it('are refused with any character changed, cut off, added or of another key', () => {
    for (let i = 0; i < token.length; i += 1) {
      const other = token[i] === 'A' ? 'B' : 'A';
      expect(tokens.read(`${token.slice(0, i)}${other}${token.slice(i + 1)}`)).toBeNull();
    }
    for (const wrong of ['', 'x', token.slice(1), `${token}A`, `${token}=`, `${token} `])
      expect(tokens.read(wrong)).toBeNull();
    expect(tokensOf('b').read(token)).toBeNull();
  });
});
