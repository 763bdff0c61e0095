import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Public } from './access.decorators.js';
import { KeySet } from './key-set.js';

/** A public key, as RFC 7517 writes it. */
export class JwkResponse {
  @ApiProperty({ description: 'RFC 7638 thumbprint; the `kid` of the tokens that it signed' })
  kid: string;
  @ApiProperty({ enum: ['EC'] })
  kty: string;
  @ApiProperty({ enum: ['P-256'] })
  crv: string;
  @ApiProperty()
  x: string;
  @ApiProperty()
  y: string;
  @ApiProperty({ enum: ['ES256'] })
  alg: string;
  @ApiProperty({ enum: ['sig'] })
  use: string;
}

/** The keys that access tokens are checked with. */
export class JwksResponse {
  @ApiProperty({ type: [JwkResponse] })
  keys: JwkResponse[];
}

/** Where services that are shown our tokens find the keys to check them. */
@ApiTags('Authentication')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: KeySet) {}

  @Get('jwks.json')
  @Public()
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({
    operationId: 'getSigningKeys',
    summary: 'Public keys of access tokens',
    description: 'The first one signs; the others are believed while keys are rolled.',
  })
  @ApiOkResponse({ type: JwksResponse })
  get(): JwksResponse {
    return { keys: this.keys.published() };
  }
}
