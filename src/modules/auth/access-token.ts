import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { encodeId } from '#libs/ids';
import { KeySet } from './key-set.js';

/** What every access token of staff says of itself. */
export const ACCESS_TOKEN = {
  algorithm: 'ES256',
  type: 'at+jwt',
  issuer: 'emporium',
  audience: 'emporium-admin',
  lifetimeSeconds: 600,
  leewaySeconds: 5,
  /** Ours have about 500 characters. */
  maxLength: 2_000,
} as const;

/** The claims of an access token. */
export interface AccessClaims {
  /** `usr_…` */
  sub: string;
  /** Session: the family of refresh tokens that it came with. */
  sid: string;
  /** `users.token_version` at the time of issue. */
  tv: number;
  iat: number;
  exp: number;
}

/** Issues the short-lived tokens that staff show at each request. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: KeySet,
  ) {}

  /** A signed token, good for `ACCESS_TOKEN.lifetimeSeconds`. */
  issue(userId: string, sessionId: string, tokenVersion: number): Promise<string> {
    return this.jwt.signAsync(
      { sid: encodeId('session', sessionId), tv: tokenVersion },
      {
        privateKey: this.keys.signing.privateKey,
        algorithm: ACCESS_TOKEN.algorithm,
        header: { alg: ACCESS_TOKEN.algorithm, typ: ACCESS_TOKEN.type, kid: this.keys.signing.kid },
        subject: encodeId('user', userId),
        issuer: ACCESS_TOKEN.issuer,
        audience: ACCESS_TOKEN.audience,
        expiresIn: ACCESS_TOKEN.lifetimeSeconds,
        notBefore: 0,
      },
    );
  }
}
