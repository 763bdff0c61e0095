import { Injectable } from '@nestjs/common';
import { decodeId } from '#libs/ids';
import { log } from '#libs/log';
import { AccessTokens } from './access-token.js';
import { ApiKeyCheck } from './api-key-check.js';

/** Why a token is not given, in the words of RFC 6749, 5.2. */
export type OAuthErrorCode = 'invalid_request' | 'invalid_client' | 'unsupported_grant_type' | 'invalid_scope';

/** What RFC 6749 answers instead of a token. */
export class OAuthError extends Error {
  constructor(
    readonly code: OAuthErrorCode,
    readonly description: string,
  ) {
    super(code);
  }
}

/** How a client has said who it is. */
export interface ClientCredentials {
  id: string;
  secret: string;
}

const SCHEME = /^basic\s+([A-Za-z0-9+/]+=*)$/i;

/**
 * Gives other programs short tokens in exchange for their API key: what is sent along with each call then is worth little
 * when it is lost. The id of the key is the client's id, the key itself its secret.
 */
@Injectable()
export class ClientCredentialsGrant {
  constructor(
    private readonly apiKeys: ApiKeyCheck,
    private readonly tokens: AccessTokens,
  ) {}

  /** @throws {OAuthError} */
  async execute(
    form: Partial<Record<string, string | string[]>>,
    authorization: string | undefined,
  ): Promise<{ accessToken: string; scopes: readonly string[] }> {
    for (const name of ['grant_type', 'scope', 'client_id', 'client_secret'])
      if (Array.isArray(form[name])) throw new OAuthError('invalid_request', `${name} stands twice`);
    const { grant_type: grantType, scope } = form as Partial<Record<string, string>>;
    const client = clientOf(form as Partial<Record<string, string>>, authorization);
    if (!grantType) throw new OAuthError('invalid_request', 'grant_type is missing');
    if (grantType !== 'client_credentials')
      throw new OAuthError('unsupported_grant_type', 'only client_credentials is known here');
    const owner = await this.apiKeys.ownerOf(client.secret);
    const keyId = decodeId('apiKey', client.id);
    // Which of the two was wrong is nobody's business.
    if (!owner?.apiKeyId || owner.apiKeyId !== keyId) {
      log.warn('oauth.token_refused', { reason: 'invalid_client' });
      throw new OAuthError('invalid_client', 'unknown client, wrong secret, or the key is over');
    }
    const wanted = scope === undefined ? [...owner.permissions] : [...new Set(scope.split(' ').filter(Boolean))];
    const missing = wanted.filter((one) => !(owner.permissions as readonly string[]).includes(one));
    if (wanted.length === 0 || missing.length > 0)
      throw new OAuthError('invalid_scope', 'the key has no such permission; leave scope out to get all that it has');
    return { accessToken: await this.tokens.issueToClient(owner.apiKeyId, wanted), scopes: wanted };
  }
}

/** Of HTTP Basic or of the body (RFC 6749, 2.3.1), one of them. */
function clientOf(form: Partial<Record<string, string>>, authorization: string | undefined): ClientCredentials {
  const { client_id: id, client_secret: secret } = form;
  if (authorization === undefined) {
    if (!id || !secret)
      throw new OAuthError('invalid_client', 'say who you are: client_secret_basic or client_secret_post');
    return { id, secret };
  }
  if (secret !== undefined)
    throw new OAuthError('invalid_request', 'say who you are once: in the header or in the body');
  const text = Buffer.from(SCHEME.exec(authorization)?.[1] ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const basic = { id: unquote(text.slice(0, Math.max(0, colon))), secret: unquote(text.slice(colon + 1)) };
  if (colon < 1 || (id !== undefined && id !== basic.id))
    throw new OAuthError('invalid_client', 'the Authorization header names no client, or another one');
  return basic;
}

/** Both parts are form-encoded before they are put together; ours stay what they are. */
function unquote(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return '';
  }
}
