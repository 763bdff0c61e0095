import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AppError } from '#libs/errors';
import type { Reply, Request } from '#libs/http';
import { decodeId, encodeId } from '#libs/ids';
import { ACCESS_TOKEN, type AccessClaims, AccessTokens } from './access-token.js';
import { ApiKeyCheck, apiKeyOf } from './api-key-check.js';
import { JwtGuard } from './jwt.guard.js';
import { keyName, type PersonToken, type VerifiedToken } from './jwt.strategy.js';
import { KeySet } from './key-set.js';
import { LoginChallenges } from './login-challenges.js';
import { type Caller, type Credentials, LoginService } from './login.service.js';
import { Sessions } from './sessions.service.js';
import { StaffAccounts } from './staff-accounts.js';
import type { StaffIdentity } from './staff-identity.js';

/** What a pass says of itself: of another type and for another audience than access tokens, so that it opens no route. */
const PASS = { type: 'pass+jwt', audience: 'emporium-pages', lifetimeSeconds: 12 * 3_600 } as const;

type PassToken = Pick<PersonToken, 'accountId' | 'sessionId' | 'tokenVersion'>;

/**
 * Lets staff look at pages that are not for everybody. A pass stands for a session that was begun with a password: it ends
 * with that session, with the account, and after twelve hours.
 */
@Injectable()
export class StaffPasses {
  /** Seconds that a pass is good for. */
  static readonly lifetimeSeconds = PASS.lifetimeSeconds;

  constructor(
    private readonly login: LoginService,
    private readonly challenges: LoginChallenges,
    private readonly sessions: Sessions,
    private readonly accounts: StaffAccounts,
    private readonly tokens: AccessTokens,
    private readonly apiKeys: ApiKeyCheck,
    private readonly bearer: JwtGuard,
    private readonly jwt: JwtService,
    private readonly keys: KeySet,
  ) {}

  /**
   * Begins a session of staff.
   * @returns its pass; null when the account asks for a code and none was given
   * @throws invalid_credentials, invalid_code, two_factor_locked, rate_limited
   */
  async enter(
    { code, ...credentials }: Omit<Credentials, 'as'> & { code?: string },
    caller: Caller,
  ): Promise<string | null> {
    const signIn = await this.login.execute({ ...credentials, as: 'staff' }, caller);
    const isAsked = 'challenge' in signIn;
    if (isAsked && !code) return null;
    const { owner, sessionId } = isAsked
      ? await this.challenges.answer({ challenge: signIn.challenge, code: code! }, caller)
      : signIn;
    const { signing } = this.keys;
    return this.jwt.signAsync(
      { sid: encodeId('session', sessionId), tv: owner.tokenVersion },
      {
        privateKey: signing.privateKey,
        algorithm: ACCESS_TOKEN.algorithm,
        header: { alg: ACCESS_TOKEN.algorithm, typ: PASS.type, kid: signing.kid },
        subject: encodeId('user', owner.id),
        issuer: ACCESS_TOKEN.issuer,
        audience: PASS.audience,
        expiresIn: PASS.lifetimeSeconds,
      },
    );
  }

  /** Who shows a pass, an access token of staff or an API key; null for everybody else. */
  async visitor(request: Request, reply: Reply, pass: string | undefined): Promise<StaffIdentity | null> {
    const key = apiKeyOf(request);
    if (key !== null) return this.apiKeys.ownerOf(key);
    if (!request.headers.authorization) {
      const token = await this.read(pass);
      return token && this.accounts.ownerOf(token);
    }
    const token = await this.tokenOf(request, reply);
    if (token?.kind === 'client') return this.apiKeys.ownerOfToken(token);
    return token?.kind === 'staff' ? this.accounts.ownerOf(token) : null;
  }

  /** A short access token for the calls that a page makes; null when the pass opens nothing any more. */
  async accessToken(pass: string | undefined): Promise<string | null> {
    const token = await this.read(pass);
    if (!token || !(await this.accounts.ownerOf(token))) return null;
    return this.tokens.issue(token.accountId, token.sessionId, token.tokenVersion, 'staff');
  }

  /** Ends the session behind a pass. */
  async leave(pass: string | undefined): Promise<void> {
    const token = await this.read(pass);
    if (token) await this.sessions.endOne('staff', token.accountId, token.sessionId);
  }

  private async tokenOf(request: Request, reply: Reply): Promise<VerifiedToken | null> {
    try {
      return await this.bearer.verify(new ExecutionContextHost([request, reply]));
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  private async read(pass: string | undefined): Promise<PassToken | null> {
    if (pass === undefined || pass.length > ACCESS_TOKEN.maxLength) return null;
    const kid = keyName(pass, PASS.type);
    const publicKey = kid === undefined ? undefined : this.keys.find(kid);
    if (!publicKey) return null;
    try {
      const claims = await this.jwt.verifyAsync<AccessClaims>(pass, {
        publicKey: publicKey as never,
        algorithms: [ACCESS_TOKEN.algorithm],
        issuer: ACCESS_TOKEN.issuer,
        audience: PASS.audience,
        maxAge: PASS.lifetimeSeconds,
      });
      const [accountId, sessionId] = [decodeId('user', claims.sub), decodeId('session', claims.sid)];
      return accountId !== null && sessionId !== null ? { accountId, sessionId, tokenVersion: claims.tv } : null;
    } catch {
      return null;
    }
  }
}
