import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { decodeId } from '#libs/ids';
import { ACCESS_TOKEN, type AccessClaims, type ClientClaims, SUBJECT_IDS, type SubjectKind } from './access-token.js';
import { KeySet } from './key-set.js';

/** A token whose signature and claims hold. Whether its owner may still come in is the database's to say. */
export interface PersonToken {
  kind: SubjectKind;
  /** uuid of the member of staff or the customer */
  accountId: string;
  sessionId: string;
  tokenVersion: number;
}

/** A token of another program: of which API key, and for what of it. */
export interface ClientToken {
  kind: 'client';
  /** uuid */
  apiKeyId: string;
  scopes: readonly string[];
}

/** A token of somebody. */
export type VerifiedToken = PersonToken | ClientToken;

const KINDS = Object.keys(SUBJECT_IDS) as SubjectKind[];
const bearer = ExtractJwt.fromAuthHeaderAsBearerToken();

/** The header of a token decides nothing but which of our own keys is tried; any other algorithm or type is refused. */
export function keyName(token: string, type: string = ACCESS_TOKEN.type): string | undefined {
  try {
    const header = JSON.parse(Buffer.from(token.split('.', 1)[0]!, 'base64url').toString('utf8')) as {
      alg?: unknown;
      typ?: unknown;
      kid?: unknown;
      crit?: unknown;
    } | null;
    const ours = header?.alg === ACCESS_TOKEN.algorithm && header.typ === type && header.crit === undefined;
    return ours && typeof header.kid === 'string' ? header.kid : undefined;
  } catch {
    return undefined;
  }
}

/** Checks the Bearer token of a request: ES256 by one of our keys, made for us, of the right type, in its time. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  /** Passport's register is global; each application in a process asks for its own strategy, which knows its own keys. */
  readonly registeredAs = `jwt:${randomUUID()}`;

  constructor(keys: KeySet) {
    super({
      jwtFromRequest: (request) => {
        const token = bearer(request);
        return token !== null && token.length <= ACCESS_TOKEN.maxLength ? token : null;
      },
      secretOrKeyProvider: (_request: unknown, token: unknown, done: (error: unknown, key?: never) => void) => {
        const kid = keyName(String(token));
        const key = kid === undefined ? undefined : keys.find(kid);
        // The types of passport-jwt know texts only; jsonwebtoken below it takes a KeyObject, parsed once.
        if (key) done(null, key as never);
        else done(new Error('no key of ours'));
      },
      algorithms: [ACCESS_TOKEN.algorithm],
      issuer: ACCESS_TOKEN.issuer,
      audience: Object.values(ACCESS_TOKEN.audiences),
      jsonWebTokenOptions: { clockTolerance: ACCESS_TOKEN.leewaySeconds },
    });
    passport.use(this.registeredAs, this);
  }

  /** jsonwebtoken lets a token without `exp` live forever; ours have every claim, and none lives longer than we say. */
  validate(claims: Partial<AccessClaims & ClientClaims>): VerifiedToken | null {
    const { sub, aud, sid, tv, iat, exp, scope } = claims;
    if (typeof iat !== 'number' || typeof exp !== 'number' || exp - iat > ACCESS_TOKEN.lifetimeSeconds) return null;
    if (aud === ACCESS_TOKEN.audiences.client) {
      const apiKeyId = decodeId('apiKey', sub);
      return apiKeyId !== null && typeof scope === 'string'
        ? { kind: 'client', apiKeyId, scopes: scope.split(' ') }
        : null;
    }
    const kind = KINDS.find((one) => ACCESS_TOKEN.audiences[one] === aud);
    if (!kind) return null;
    const accountId = decodeId(SUBJECT_IDS[kind], sub);
    const sessionId = decodeId('session', sid);
    return accountId !== null && sessionId !== null && Number.isInteger(tv)
      ? { kind, accountId, sessionId, tokenVersion: tv! }
      : null;
  }
}
