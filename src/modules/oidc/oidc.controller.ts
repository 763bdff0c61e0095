import { Body, Controller, Get, Header, Headers, HttpCode, Param, Post, Req, Res, SetMetadata } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { ValidationFailed } from '#libs/errors';
import { ListEnvelope, RAW_QUERY, type Reply, type Request, Throws } from '#libs/http';
import {
  CartToken,
  Public,
  SessionAnswer,
  SessionResponse,
  SignInHooks,
  TwoFactorChallengeResponse,
} from '../auth/index.js';
import { BeginSignIn } from './begin-sign-in.service.js';
import {
  AuthorizationResponse,
  BeginSignInRequest,
  EndSessionRequest,
  EndSessionResponse,
  FinishSignInRequest,
  ProviderResponse,
} from './dto/oidc.dto.js';
import { FinishSignIn } from './finish-sign-in.service.js';
import { ATTEMPT_SECONDS } from './oidc-attempts.repository.js';
import { OidcClients } from './oidc-clients.js';
import {
  EmailNotVerified,
  NotOurStaff,
  ProviderNotFound,
  ProviderUnavailable,
  SignInNotFinished,
} from './oidc.errors.js';
import { ReceiveCallback } from './receive-callback.service.js';

export const ProviderParam = () =>
  ApiParam({
    name: 'provider',
    schema: { type: 'string', example: 'google' },
    description: 'one of GET /v1/auth/providers',
  });

/** The door for people whom somebody else knows. */
@ApiTags('Authentication')
@ApiExtraModels(SessionResponse, TwoFactorChallengeResponse)
@Controller('v1/auth')
export class OidcController {
  constructor(
    private readonly clients: OidcClients,
    private readonly begin: BeginSignIn,
    private readonly receive: ReceiveCallback,
    private readonly finish: FinishSignIn,
    private readonly answer: SessionAnswer,
    private readonly hooks: SignInHooks,
  ) {}

  /** Which providers there are. */
  @Get('providers')
  @Public()
  @Header('Cache-Control', 'public, max-age=60')
  @ApiOperation({ operationId: 'listProviders', summary: 'Where else people may sign in: providers of identities' })
  @ListEnvelope(ProviderResponse, { paged: false })
  list(): { data: ProviderResponse[] } {
    return { data: this.clients.providers.map((provider) => ProviderResponse.from(provider)) };
  }

  /** Sends somebody to a provider. */
  @Post('oidc/:provider/start')
  @HttpCode(200)
  @Public()
  @ProviderParam()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'beginSignIn',
    summary: 'Sign in at a provider of identities',
    description:
      'Open `authorizationUrl` in the browser. It comes back to `returnUrl` with a `code`, which the same page changes into a session (POST /v1/auth/oidc/session). ' +
      'Customers are found by the account there, then by an e-mail address that the provider has verified, and get an account when they have none; staff have to be staff already. ' +
      'Who has a second factor here is asked for its code this way, too.',
  })
  @ApiOkResponse({ type: AuthorizationResponse })
  @Throws(ValidationFailed, ProviderNotFound, ProviderUnavailable)
  async start(@Param('provider') provider: string, @Body() body: BeginSignInRequest): Promise<AuthorizationResponse> {
    const authorizationUrl = await this.begin.execute(provider, body, body.as ?? 'customer');
    return { authorizationUrl, expiresIn: ATTEMPT_SECONDS };
  }

  /** Takes the browser back. */
  @Get('oidc/:provider/callback')
  @SetMetadata(RAW_QUERY, true)
  @Public()
  @ProviderParam()
  @ApiOperation({
    operationId: 'receiveSignIn',
    summary: 'Where providers send browsers back to; not for storefronts',
    description:
      'Register this address at the provider. The browser goes on to the page that began, with `code`, or with `error`: `access_denied`, `provider_unavailable` or `sign_in_not_finished`.',
  })
  @ApiResponse({ status: 303, description: 'To the page that began the sign-in' })
  @Throws(ProviderNotFound, SignInNotFinished)
  async callback(@Param('provider') provider: string, @Req() request: Request, @Res() reply: Reply): Promise<void> {
    const query = new URLSearchParams(request.url.split('?')[1] ?? '');
    const url = await this.receive.execute(provider, query);
    await reply.header('Cache-Control', 'private, no-store').redirect(url, 303);
  }

  /** Begins a session. */
  @Post('oidc/session')
  @HttpCode(200)
  @Public()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'finishSignIn',
    summary: 'Change the code of a sign-in at a provider into a session',
    description:
      'The code works once, within a minute, and only with the secret of the page that began. ' +
      'Who has a second factor gets `twoFactorRequired` with a `challenge` for POST /v1/auth/two-factor.',
  })
  @ApiOkResponse({
    description: 'A session, or the question for a code',
    schema: { oneOf: [{ $ref: getSchemaPath(SessionResponse) }, { $ref: getSchemaPath(TwoFactorChallengeResponse) }] },
  })
  @Throws(ValidationFailed, SignInNotFinished, EmailNotVerified, NotOurStaff)
  async session(
    @Body() body: FinishSignInRequest,
    @Headers('user-agent') userAgent: string | undefined,
    @CartToken() token: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SessionResponse | TwoFactorChallengeResponse> {
    const session = await this.finish.execute(body, userAgent);
    if ('challenge' in session) return TwoFactorChallengeResponse.from(session);
    const guest = body.cartId === undefined ? undefined : { cartId: body.cartId, token };
    const cart = session.owner.kind === 'customer' ? await this.hooks.cartOf(session.owner, guest) : undefined;
    return this.answer.give(reply, session, body.session ?? 'body', cart);
  }

  /** Where to sign out at the provider. */
  @Post('oidc/:provider/end-session')
  @HttpCode(200)
  @Public()
  @ProviderParam()
  @ApiOperation({
    operationId: 'endProviderSession',
    summary: 'Sign out at a provider of identities, too',
    description: 'POST /v1/auth/logout ends the session here; the one at the provider is the browser’s to end.',
  })
  @ApiOkResponse({ type: EndSessionResponse })
  @Throws(ValidationFailed, ProviderNotFound, ProviderUnavailable)
  async endSession(@Param('provider') provider: string, @Body() body: EndSessionRequest): Promise<EndSessionResponse> {
    return { endSessionUrl: await this.begin.endSessionUrl(provider, body.returnUrl) };
  }
}
