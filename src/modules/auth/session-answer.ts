import { Inject, Injectable } from '@nestjs/common';
import { Forbidden } from '#libs/errors';
import type { Reply, Request } from '#libs/http';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { AccessTokens } from './access-token.js';
import { InvalidRefreshToken } from './auth.errors.js';
import { SessionResponse, type SignInCartResponse } from './dto/session.dto.js';
import { LIFETIME_DAYS, type Session, type SessionOwner } from './sessions.service.js';

/** Where the client wants to keep its refresh token: in its own hands, or in a cookie that no script can read. */
export type SessionCarrier = 'body' | 'cookie';

/** The cookie goes to these routes only. */
const COOKIE_PATH = '/v1/auth';

/** Hands a session to its client, and takes it back. */
@Injectable()
export class SessionAnswer {
  /** Browsers keep `__Secure-` cookies from being set over plain HTTP, by whoever. */
  private readonly cookieName: string;
  private readonly origins: readonly (string | RegExp)[];

  constructor(
    private readonly tokens: AccessTokens,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {
    this.cookieName = config.production ? '__Secure-emporium_session' : 'emporium_session';
    this.origins = [...config.corsOrigins, new URL(config.publicUrl).origin, new URL(config.storefrontUrl).origin];
  }

  /** The answer to a sign-in or a renewal; with `cookie` the refresh token is in the cookie alone. */
  async give(
    reply: Reply,
    session: Session & { owner: SessionOwner },
    carrier: SessionCarrier,
    cart?: SignInCartResponse | null,
  ): Promise<SessionResponse> {
    const { id, tokenVersion, kind } = session.owner;
    const accessToken = await this.tokens.issue(id, session.sessionId, tokenVersion, kind);
    const answer = SessionResponse.from(session, accessToken, cart);
    if (carrier === 'body') return answer;
    this.setCookie(reply, session.refreshToken, LIFETIME_DAYS * 86_400);
    const { refreshToken: _inCookie, ...rest } = answer;
    return rest;
  }

  /**
   * The refresh token of a request: of its body, else of its cookie. Browsers send cookies along whoever asks, so a cookie
   * counts only from pages of the shop, which SameSite says too.
   * @throws forbidden for a page of somebody else; invalid_refresh_token when there is none
   */
  take(request: Request, inBody: string | undefined): { refreshToken: string; carrier: SessionCarrier } {
    if (inBody !== undefined) return { refreshToken: inBody, carrier: 'body' };
    const cookie = this.cookieOf(request);
    if (cookie === undefined) throw InvalidRefreshToken();
    if (!this.isOurPage(request)) throw Forbidden({ detail: 'The session cookie works from pages of the shop only.' });
    return { refreshToken: cookie, carrier: 'cookie' };
  }

  /** Takes the cookie away. */
  clear(reply: Reply): void {
    this.setCookie(reply, '', 0);
  }

  private setCookie(reply: Reply, value: string, maxAge: number): void {
    const secure = this.config.production ? '; Secure' : '';
    reply.header(
      'Set-Cookie',
      `${this.cookieName}=${value}; Path=${COOKIE_PATH}; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure}`,
    );
  }

  private cookieOf(request: Request): string | undefined {
    for (const part of (request.headers.cookie ?? '').split(';')) {
      const [name, value] = part.trim().split('=', 2);
      if (name === this.cookieName && value) return value;
    }
    return undefined;
  }

  private isOurPage(request: Request): boolean {
    const { origin } = request.headers;
    if (origin !== undefined)
      return this.origins.some((ours) => (typeof ours === 'string' ? ours === origin : ours.test(origin)));
    const site = request.headers['sec-fetch-site'];
    return site === undefined || site === 'same-origin' || site === 'same-site';
  }
}
