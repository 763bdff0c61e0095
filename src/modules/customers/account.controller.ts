import { Body, Controller, Header, Headers, HttpCode, Ip, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { RateLimited, ValidationFailed } from '#libs/errors';
import { type Reply, Throws } from '#libs/http';
import {
  CartToken,
  InvalidCredentials,
  InvalidLink,
  MailSentResponse,
  Public,
  SessionAnswer,
  SessionResponse,
  SignInHooks,
  TwoFactorChallengeResponse,
} from '../auth/index.js';
import { RegisterRequest, VerifyEmailRequest } from './dto/account.request.js';
import { RegisterCustomer } from './register-customer.service.js';
import { VerifyEmail } from './verify-email.service.js';

/** How customers come to an account. */
@ApiTags('Authentication')
@Controller('v1/auth')
export class AccountController {
  constructor(
    private readonly registerCustomer: RegisterCustomer,
    private readonly verify: VerifyEmail,
    private readonly answer: SessionAnswer,
    private readonly hooks: SignInHooks,
  ) {}

  /** A new account, once its mail is answered. */
  @Post('register')
  @HttpCode(202)
  @Public()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'register',
    summary: 'Open an account',
    description:
      'A mail with a link goes to the address; POST /v1/auth/verify-email opens the account with it. The answer is the same when the address has ' +
      'an account already: then the mail says so.',
  })
  @ApiAcceptedResponse({ type: MailSentResponse })
  @Throws(ValidationFailed, RateLimited)
  async register(@Body() body: RegisterRequest, @Ip() address: string): Promise<MailSentResponse> {
    await this.registerCustomer.execute(body, address);
    return { status: 'mail_sent' };
  }

  /** The link of a mail, opened. */
  @Post('verify-email')
  @HttpCode(200)
  @Public()
  @Header('Cache-Control', 'private, no-store')
  @ApiHeader({ name: 'X-Cart-Token', required: false, description: 'of the cart `cartId`', schema: { type: 'string' } })
  @ApiOperation({
    operationId: 'verifyEmail',
    summary: 'Open the link of a mail: a new account, or a new e-mail address',
    description:
      'Begins a session. Needs the password too, so that nobody gets an account in the name of another who merely clicks. Orders that were placed ' +
      'with this address as a guest belong to the account from now on. Where the account has a second factor, the code is asked for as at the sign-in.',
  })
  @ApiOkResponse({
    description: 'A session, or the question for a code',
    schema: { oneOf: [{ $ref: getSchemaPath(SessionResponse) }, { $ref: getSchemaPath(TwoFactorChallengeResponse) }] },
  })
  @Throws(ValidationFailed, InvalidLink, InvalidCredentials, RateLimited)
  async verifyEmail(
    @Body() body: VerifyEmailRequest,
    @Ip() address: string,
    @Headers('user-agent') userAgent: string | undefined,
    @CartToken() token: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SessionResponse | TwoFactorChallengeResponse> {
    const { signIn, owner } = await this.verify.execute(body, { address, userAgent });
    if ('challenge' in signIn) return TwoFactorChallengeResponse.from(signIn);
    const session = { ...signIn, owner };
    const guest = body.cartId === undefined ? undefined : { cartId: body.cartId, token };
    const cart = await this.hooks.cartOf(session.owner, guest);
    return this.answer.give(reply, session, body.session ?? 'body', cart);
  }
}
