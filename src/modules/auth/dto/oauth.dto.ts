import { ApiProperty } from '@nestjs/swagger';

/** What a client sends, as a form. */
export class TokenRequest {
  @ApiProperty({ enum: ['client_credentials'], example: 'client_credentials' })
  grant_type: 'client_credentials';
  @ApiProperty({
    required: false,
    example: 'orders.read catalog.read',
    description: 'permissions of the key, with spaces between them; all that it has when left out',
  })
  scope?: string;
  @ApiProperty({
    required: false,
    example: 'key_01j4000000e008000000000001',
    description: 'the `id` of an API key, unless HTTP Basic carries it',
  })
  client_id?: string;
  @ApiProperty({ required: false, description: 'the API key itself, unless HTTP Basic carries it' })
  client_secret?: string;
}

/** RFC 6749, 5.1. */
export class TokenResponse {
  @ApiProperty({ description: 'for `Authorization: Bearer`' })
  access_token: string;
  @ApiProperty({ enum: ['Bearer'] })
  token_type: 'Bearer';
  @ApiProperty({ type: 'integer', example: 600, description: 'seconds' })
  expires_in: number;
  @ApiProperty({ example: 'orders.read catalog.read' })
  scope: string;
}

/** RFC 6749, 5.2: this route answers errors as OAuth clients know them. */
export class OAuthErrorResponse {
  @ApiProperty({ enum: ['invalid_request', 'invalid_client', 'unsupported_grant_type', 'invalid_scope'] })
  error: string;
  @ApiProperty({ example: 'grant_type is missing' })
  error_description: string;
}
