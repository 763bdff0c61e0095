import { Body, Controller, Header, Headers, HttpCode, Ip, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Forbidden, RateLimited, ValidationFailed } from '#libs/errors';
import { type Reply, type Request, Throws } from '#libs/http';
import { CartToken, Public } from './access.decorators.js';
import { InvalidCredentials, InvalidRefreshToken } from './auth.errors.js';
import { LoginRequest, RefreshRequest, SessionResponse } from './dto/session.dto.js';
import { LoginService } from './login.service.js';
import { SignInHooks } from './sign-in-hooks.js';
import { SessionAnswer } from './session-answer.js';
import { Sessions } from './sessions.service.js';

/** The door for people. */
@ApiTags('Authentication')
@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly loginService: LoginService,
    private readonly sessions: Sessions,
    private readonly answer: SessionAnswer,
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
      'A customer brings the cart of the guest along with `cartId` and X-Cart-Token: it is merged into theirs, or becomes it and is opened by the account only, and `cart` says what changed.',
  })
  @ApiOkResponse({ type: SessionResponse })
  @Throws(ValidationFailed, InvalidCredentials, RateLimited)
  async login(
    @Body() body: LoginRequest,
    @Ip() address: string,
    @Headers('user-agent') userAgent: string | undefined,
    @CartToken() token: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SessionResponse> {
    const session = await this.loginService.execute(body, { address, userAgent });
    const guest = body.cartId === undefined ? undefined : { cartId: body.cartId, token };
    const cart = session.owner.kind === 'customer' ? await this.hooks.cartOf(session.owner, guest) : undefined;
    return this.answer.give(reply, session, body.session ?? 'body', cart);
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
  @Throws(ValidationFailed, InvalidRefreshToken, Forbidden)
  async refresh(
    @Body() body: RefreshRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SessionResponse> {
    const { refreshToken, carrier } = this.answer.take(request, body.refreshToken);
    return this.answer.give(reply, await this.sessions.renew(refreshToken), carrier);
  }

  /** Ends a session at once, its access tokens too. */
  @Post('logout')
  @HttpCode(204)
  @Public()
  @ApiOperation({ operationId: 'logout', summary: 'Sign out: ends the session and its access tokens' })
  @ApiNoContentResponse({ description: 'It is over; also when it was before' })
  @Throws(ValidationFailed, InvalidRefreshToken, Forbidden)
  async logout(
    @Body() body: RefreshRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<void> {
    const { refreshToken, carrier } = this.answer.take(request, body.refreshToken);
    await this.sessions.end(refreshToken);
    if (carrier === 'cookie') this.answer.clear(reply);
  }
}
