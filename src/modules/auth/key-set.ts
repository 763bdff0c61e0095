import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';

/** RFC 7638 thumbprint of a P-256 public key: the same key has the same name in every process. */
export function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/** The keys that sign and check access tokens. The first one signs; the others are still believed while keys are rolled. */
@Injectable()
export class KeySet {
  readonly signing: { kid: string; privateKey: KeyObject };
  private readonly publicKeys = new Map<string, KeyObject>();

  constructor(@Inject(APP_CONFIG) config: Config) {
    const [first, ...others] = config.signingKeys;
    if (!first) throw new Error('there is no key to sign access tokens with');
    for (const key of [first, ...others]) {
      const publicKey = createPublicKey(key);
      this.publicKeys.set(thumbprint(publicKey), publicKey);
    }
    this.signing = { kid: thumbprint(createPublicKey(first)), privateKey: first };
  }

  /** The public keys as RFC 7517 writes them, the one that signs first. */
  published(): { kid: string; kty: string; crv: string; x: string; y: string; alg: string; use: string }[] {
    return [...this.publicKeys].map(([kid, key]) => {
      const { kty, crv, x, y } = key.export({ format: 'jwk' });
      return { kid, kty: kty!, crv: crv!, x: x!, y: y!, alg: 'ES256', use: 'sig' };
    });
  }

  /** The public key of that name; names are looked up, never followed. */
  find(kid: string): KeyObject | undefined {
    return this.publicKeys.get(kid);
  }
}
