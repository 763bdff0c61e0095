import { Body, Controller, Header, Headers, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RateLimited, ValidationFailed } from '#libs/errors';
import { Throws } from '#libs/http';
import { CartToken, Public } from './access.decorators.js';
import { AccessTokens } from './access-token.js';
import { InvalidCredentials, InvalidRefreshToken } from './auth.errors.js';
import { LoginRequest, RefreshRequest, SessionResponse, type SignInCartResponse } from './dto/session.dto.js';
import { LoginService } from './login.service.js';
import { SignInHooks } from './sign-in-hooks.js';
import { type Session, type SessionOwner, Sessions } from './sessions.service.js';

/** The door for people. */
@ApiTags('Authentication')
@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly loginService: LoginService,
    private readonly sessions: Sessions,
    private readonly tokens: AccessTokens,
    private readonly hooks: SignInHooks,
  ) {}

  /** Begins a session. */
  @Post('login')
  @HttpCode(200)
  @Public()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'login',
    summary: 'Sign in',
    description:
      'One door for staff and customers. Tries are limited for each address; after ten failures an account answers more slowly. ' +
      'A customer brings the cart of the guest along with `cartId` and X-Cart-Token: it is merged into theirs, and `cart` says what changed.',
  })
  @ApiOkResponse({ type: SessionResponse })
  @Throws(ValidationFailed, InvalidCredentials, RateLimited)
  async login(
    @Body() body: LoginRequest,
    @Ip() address: string,
    @Headers('user-agent') userAgent: string | undefined,
    @CartToken() token: string | undefined,
  ): Promise<SessionResponse> {
    const session = await this.loginService.execute(body, { address, userAgent });
    const guest = body.cartId === undefined ? undefined : { cartId: body.cartId, token };
    const cart = session.owner.kind === 'customer' ? await this.hooks.cartOf(session.owner, guest) : undefined;
    return this.answer(session, cart);
  }

  /** Renews a session. */
  @Post('refresh')
  @HttpCode(200)
  @Public()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'refresh',
    summary: 'Renew a session',
    description:
      'Each refresh token works once. One that is sent again later ends the session: somebody else may have it. A session lasts 30 days.',
  })
  @ApiOkResponse({ type: SessionResponse })
  @Throws(ValidationFailed, InvalidRefreshToken)
  async refresh(@Body() body: RefreshRequest): Promise<SessionResponse> {
    return this.answer(await this.sessions.renew(body.refreshToken));
  }

  /** Ends a session at once, its access tokens too. */
  @Post('logout')
  @HttpCode(204)
  @Public()
  @ApiOperation({ operationId: 'logout', summary: 'Sign out: ends the session and its access tokens' })
  @ApiNoContentResponse({ description: 'It is over; also when it was before' })
  @Throws(ValidationFailed)
  logout(@Body() body: RefreshRequest): Promise<void> {
    return this.sessions.end(body.refreshToken);
  }

  private async answer(
    session: Session & { owner: SessionOwner },
    cart?: SignInCartResponse | null,
  ): Promise<SessionResponse> {
    const { id, tokenVersion, kind } = session.owner;
    return SessionResponse.from(session, await this.tokens.issue(id, session.sessionId, tokenVersion, kind), cart);
  }
}
