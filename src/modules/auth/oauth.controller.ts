import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { UnsupportedMediaType } from '#libs/errors';
import { type Reply, type Request, Throws } from '#libs/http';
import { ACCESS_TOKEN } from './access-token.js';
import { Public } from './access.decorators.js';
import { ClientCredentialsGrant, OAuthError } from './client-credentials.service.js';
import { OAuthErrorResponse, TokenRequest, TokenResponse } from './dto/oauth.dto.js';

/** The route that takes a form. */
export const OAUTH_TOKEN = '/v1/oauth/token';

/** The door for programs that speak OAuth 2.0. */
@ApiTags('Authentication')
@Controller('v1/oauth')
export class OAuthController {
  constructor(private readonly grant: ClientCredentialsGrant) {}

  /** A token for a client. */
  @Post('token')
  @HttpCode(200)
  @Public()
  @ApiOperation({
    operationId: 'createToken',
    summary: 'A short token for another program: OAuth 2.0, client credentials',
    description:
      'The client is an API key: its `id` is the client_id, the key itself the client_secret, sent by HTTP Basic or in the form. ' +
      'A token lasts ten minutes and is over at once when the key is revoked or loses a permission. Errors are those of RFC 6749, 5.2.',
  })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: TokenRequest })
  @ApiOkResponse({ type: TokenResponse })
  @ApiResponse({ status: 400, type: OAuthErrorResponse, description: 'The request, or the scope, will not do' })
  @ApiResponse({ status: 401, type: OAuthErrorResponse, description: 'The client is not known, or its key is over' })
  @Throws(UnsupportedMediaType)
  async token(@Req() request: Request, @Res() reply: Reply): Promise<void> {
    reply.header('Cache-Control', 'no-store').type('application/json; charset=utf-8');
    try {
      if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? ''))
        throw new OAuthError('invalid_request', 'send a form: application/x-www-form-urlencoded');
      const form = (request.body ?? {}) as Partial<Record<string, string | string[]>>;
      const { accessToken, scopes } = await this.grant.execute(form, request.headers.authorization);
      const answer: TokenResponse = {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: ACCESS_TOKEN.lifetimeSeconds,
        scope: scopes.join(' '),
      };
      await reply.send(JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      const isUnknown = error.code === 'invalid_client';
      if (isUnknown) reply.header('WWW-Authenticate', challengeTo(request));
      const answer: OAuthErrorResponse = { error: error.code, error_description: error.description };
      await reply.status(isUnknown ? 401 : 400).send(JSON.stringify(answer));
    }
  }
}

/**
 * How to show who one is. At a challenge to HTTP Basic a browser asks whoever sits there for a password and keeps the script in
 * the page waiting; browsers send `Origin` with each POST of a script.
 */
const challengeTo = ({ headers }: Request) => `${headers.origin === undefined ? 'Basic' : 'Form'} realm="emporium"`;
