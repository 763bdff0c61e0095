import { Body, Controller, Header, Headers, HttpCode, Ip, Post, Req, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { Forbidden, RateLimited, ValidationFailed } from '#libs/errors';
import { type Reply, type Request, Throws } from '#libs/http';
import { CartToken, Public } from './access.decorators.js';
import {
  InvalidChallenge,
  InvalidCode,
  InvalidCredentials,
  InvalidRefreshToken,
  TwoFactorLocked,
} from './auth.errors.js';
import { LoginRequest, RefreshRequest, SessionResponse, type SignInOptions } from './dto/session.dto.js';
import { TwoFactorChallengeResponse, TwoFactorLoginRequest } from './dto/two-factor.dto.js';
import { LoginChallenges } from './login-challenges.js';
import { LoginService } from './login.service.js';
import { SignInHooks } from './sign-in-hooks.js';
import { SessionAnswer } from './session-answer.js';
import { type Session, type SessionOwner, Sessions } from './sessions.service.js';

/** The door for people. */
@ApiTags('Authentication')
@ApiExtraModels(SessionResponse, TwoFactorChallengeResponse)
@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly loginService: LoginService,
    private readonly challenges: LoginChallenges,
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
      'A customer brings the cart of the guest along with `cartId` and X-Cart-Token: it is merged into theirs, or becomes it and is opened by the account only, and `cart` says what changed. ' +
      'Where the account has a second factor the answer is `twoFactorRequired` with a `challenge` for POST /v1/auth/two-factor.',
  })
  @ApiOkResponse({
    description: 'A session, or the question for a code',
    schema: { oneOf: [{ $ref: getSchemaPath(SessionResponse) }, { $ref: getSchemaPath(TwoFactorChallengeResponse) }] },
  })
  @Throws(ValidationFailed, InvalidCredentials, RateLimited)
  async login(
    @Body() body: LoginRequest,
    @Ip() address: string,
    @Headers('user-agent') userAgent: string | undefined,
    @CartToken() token: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SessionResponse | TwoFactorChallengeResponse> {
    const signIn = await this.loginService.execute(body, { address, userAgent });
    if ('challenge' in signIn) return TwoFactorChallengeResponse.from(signIn);
    return this.welcome(reply, signIn, body, token);
  }

  /** The second step, where the account asks for a code. */
  @Post('two-factor')
  @HttpCode(200)
  @Public()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'loginTwoFactor',
    summary: 'Sign in, second step: the code',
    description:
      'After `login` has answered `twoFactorRequired`. Takes the code of the authenticator app, each once, or a recovery code. `session` and `cartId` mean what ' +
      'they mean there.',
  })
  @ApiOkResponse({ type: SessionResponse })
  @Throws(ValidationFailed, InvalidChallenge, InvalidCode, TwoFactorLocked, RateLimited)
  async twoFactor(
    @Body() body: TwoFactorLoginRequest,
    @Ip() address: string,
    @Headers('user-agent') userAgent: string | undefined,
    @CartToken() token: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SessionResponse> {
    return this.welcome(reply, await this.challenges.answer(body, { address, userAgent }), body, token);
  }

  private async welcome(
    reply: Reply,
    session: Session & { owner: SessionOwner },
    options: SignInOptions,
    token: string | undefined,
  ): Promise<SessionResponse> {
    const guest = options.cartId === undefined ? undefined : { cartId: options.cartId, token };
    const cart = session.owner.kind === 'customer' ? await this.hooks.cartOf(session.owner, guest) : undefined;
    return this.answer.give(reply, session, options.session ?? 'body', cart);
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
