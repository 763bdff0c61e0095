import { randomBytes } from 'node:crypto';
import { derivedKey, seal, unseal } from './seal.js';

const key = derivedKey(randomBytes(32), 'tests');

describe('a sealed text', () => {
  it('opens with its key at its place, and is another each time', () => {
    const sealed = seal(key, 'otter 🦦', 'row 1');
    expect(unseal(key, sealed, 'row 1')).toBe('otter 🦦');
    expect(seal(key, 'otter 🦦', 'row 1').equals(sealed)).toBe(false);
    expect(sealed.includes('otter')).toBe(false);
    expect(unseal(key, seal(key, ''))).toBe('');
  });

  it('opens with no other key, at no other place, and not when a bit of it is another', () => {
    const sealed = seal(key, 'otter', 'row 1');
    expect(() => unseal(derivedKey(randomBytes(32), 'tests'), sealed, 'row 1')).toThrow();
    expect(() => unseal(key, sealed, 'row 2')).toThrow();
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => unseal(key, changed, 'row 1')).toThrow();
    }
    expect(() => unseal(key, sealed.subarray(0, 20), 'row 1')).toThrow();
  });

  it('has a key for each purpose', () => {
    const secret = randomBytes(32);
    expect(derivedKey(secret, 'a').equals(derivedKey(secret, 'a'))).toBe(true);
    expect(derivedKey(secret, 'a').equals(derivedKey(secret, 'b'))).toBe(false);
  });
});
