import { ApiProperty } from '@nestjs/swagger';
import { Id, OneOf, Opt, Text, WebUrl } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { OidcProvider } from '../../../config/index.js';
import { type IdentityRow, PASSWORD_MAX, type SessionCarrier } from '../../auth/index.js';

const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;
const RETURN_URL = 'http://localhost:5173/signed-in';

/** A provider of identities that the shop takes. */
export class ProviderResponse {
  @ApiProperty({ example: 'google' })
  name: string;
  @ApiProperty({ example: 'Google', description: 'for a button' })
  label: string;
  @ApiProperty({ enum: ['customers', 'staff'], isArray: true, description: 'who may sign in with it' })
  audiences: ('customers' | 'staff')[];

  static from({ name, label, audiences }: OidcProvider): ProviderResponse {
    return { name, label, audiences: [...audiences] };
  }
}

/** Where to come back to, and which page began. */
class BeginRequest {
  @WebUrl({
    example: RETURN_URL,
    description: 'a page of the storefront: it gets `code`, or `error` with one of our codes, as a query parameter',
  })
  returnUrl: string;
  @Text(43, {
    min: 43,
    pattern: CHALLENGE,
    example: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    description:
      'base64url of the SHA-256 of a random `codeVerifier` that the page keeps (RFC 7636, S256): nobody else can finish this sign-in',
  })
  codeChallenge: string;
}

/** A customer wants another way into their account. */
export class BeginLinkRequest extends BeginRequest {
  @Text(PASSWORD_MAX, Opt({ description: 'of the account, where it has one', example: 'violet harbor 42 pelicans' }))
  password?: string;
}

/** Somebody wants to sign in. */
export class BeginSignInRequest extends BeginRequest {
  @OneOf(['customer', 'staff'], Opt({ description: 'as whom; `customer` when left out' }))
  as?: 'customer' | 'staff';
}

/** Where the browser goes. */
export class AuthorizationResponse {
  @ApiProperty({ format: 'uri', description: 'open it in the browser' })
  authorizationUrl: string;
  @ApiProperty({ type: 'integer', example: 600, description: 'seconds that the visitor may take there' })
  expiresIn: number;
}

/** What a page finishes with. */
export class FinishLinkRequest {
  @Text(43, {
    min: 43,
    pattern: CHALLENGE,
    example: 'c'.repeat(43),
    description: 'the `code` with which the browser came back: once, within a minute',
  })
  code: string;
  @Text(128, {
    min: 43,
    pattern: VERIFIER,
    example: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    description: 'the secret behind `codeChallenge`',
  })
  codeVerifier: string;
}

/** What a page finishes a sign-in with. */
export class FinishSignInRequest extends FinishLinkRequest {
  @OneOf(['body', 'cookie'], Opt({ description: 'where the refresh token goes, as at `login`' }))
  session?: SessionCarrier;
  @Id('cart', Opt({ description: 'the cart of the guest who signs in; its token goes into X-Cart-Token' }))
  cartId?: string;
}

/** Where to go after signing out at the provider. */
export class EndSessionRequest {
  @WebUrl({ example: RETURN_URL, description: 'a page of the storefront that the provider knows, too' })
  returnUrl: string;
}

/** Where the browser goes to sign out at the provider. */
export class EndSessionResponse {
  @ApiProperty({
    type: String,
    format: 'uri',
    nullable: true,
    description: 'open it in the browser; null when the provider has no such page',
  })
  endSessionUrl: string | null;
}

/** An account elsewhere with which a customer signs in. */
export class IdentityResponse {
  @ApiProperty({ example: 'idn_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({ example: 'google' })
  provider: string;
  @ApiProperty({ type: String, nullable: true, description: 'as the provider named it at the first sign-in' })
  email: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  lastUsedAt: string;

  static from(row: IdentityRow): IdentityResponse {
    return {
      id: encodeId('identity', row.id),
      provider: row.provider,
      email: row.email,
      createdAt: row.createdAt.toISOString(),
      lastUsedAt: row.lastUsedAt.toISOString(),
    };
  }
}
