import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { encodeId } from '#libs/ids';
import { KeySet } from './key-set.js';

/** Whom a token is for: one for staff opens nothing of customers, and the other way round. */
export type SubjectKind = 'staff' | 'customer';

/** What every access token says of itself. */
export const ACCESS_TOKEN = {
  algorithm: 'ES256',
  type: 'at+jwt',
  issuer: 'emporium',
  audiences: { staff: 'emporium-admin', customer: 'emporium-storefront', client: 'emporium-integrations' },
  lifetimeSeconds: 600,
  leewaySeconds: 5,
  /** Ours have about 500 characters. */
  maxLength: 2_000,
} as const;

/** The claims of an access token. */
export interface AccessClaims {
  /** `usr_…` or `cus_…` */
  sub: string;
  aud: string;
  /** Session: the family of refresh tokens that it came with. */
  sid: string;
  /** `token_version` of the account at the time of issue. */
  tv: number;
  iat: number;
  exp: number;
}

/** The claims of a token of another program, which has an API key. */
export interface ClientClaims {
  /** `key_…` */
  sub: string;
  aud: string;
  /** permissions, with spaces between them (RFC 9068) */
  scope: string;
  iat: number;
  exp: number;
}

/** The kind of id that the subject of a token has. */
export const SUBJECT_IDS = { staff: 'user', customer: 'customer' } as const;

/** Issues the short-lived tokens that people show at each request. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: KeySet,
  ) {}

  /** A signed token, good for `ACCESS_TOKEN.lifetimeSeconds`. */
  issue(accountId: string, sessionId: string, tokenVersion: number, kind: SubjectKind = 'staff'): Promise<string> {
    const claims = { sid: encodeId('session', sessionId), tv: tokenVersion };
    return this.sign(encodeId(SUBJECT_IDS[kind], accountId), ACCESS_TOKEN.audiences[kind], claims);
  }

  /** A signed token for another program, for some of what its API key may do. */
  issueToClient(apiKeyId: string, scopes: readonly string[]): Promise<string> {
    const keyId = encodeId('apiKey', apiKeyId);
    return this.sign(keyId, ACCESS_TOKEN.audiences.client, { client_id: keyId, scope: scopes.join(' ') });
  }

  private sign(subject: string, audience: string, claims: object): Promise<string> {
    return this.jwt.signAsync(claims, {
      privateKey: this.keys.signing.privateKey,
      algorithm: ACCESS_TOKEN.algorithm,
      header: { alg: ACCESS_TOKEN.algorithm, typ: ACCESS_TOKEN.type, kid: this.keys.signing.kid },
      subject,
      issuer: ACCESS_TOKEN.issuer,
      audience,
      expiresIn: ACCESS_TOKEN.lifetimeSeconds,
      notBefore: 0,
    });
  }
}
