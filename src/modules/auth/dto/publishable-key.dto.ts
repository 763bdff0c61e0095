import { ApiProperty } from '@nestjs/swagger';
import { Country, Currency, Int32, Opt, StringArray, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { NewPublishableKey, PublishableKeyRow } from '../publishable-keys.service.js';

const NAME = { pattern: /\S/, example: 'Shop for Europe' };
const CURRENCY = { nullable: true, description: 'where a request names none in X-Currency', example: 'EUR' };
const COUNTRY = { nullable: true, description: 'where a request names none in X-Country', example: 'DE' };
const ORIGINS = {
  description: 'pages that may use it, as browsers send Origin; all that CORS_ORIGINS allows when there are none',
  example: ['https://shop.example.com'],
};
const LIMIT = {
  nullable: true,
  description: 'of all its visitors together; none of its own when null',
  example: 60_000,
};

/** A key for a storefront. */
export class CreatePublishableKeyRequest {
  @Text(100, NAME)
  name: string;
  @Currency(Opt(CURRENCY))
  currency?: string | null;
  @Country(Opt(COUNTRY))
  country?: string | null;
  @StringArray(50, 300, Opt(ORIGINS))
  origins?: string[];
  @Int32(1, 10_000_000, Opt(LIMIT))
  requestsPerMin?: number | null;
}

/** Any subset of what a key says of its storefront. */
export class UpdatePublishableKeyRequest {
  @Text(100, Opt(NAME))
  name?: string;
  @Currency(Opt(CURRENCY))
  currency?: string | null;
  @Country(Opt(COUNTRY))
  country?: string | null;
  @StringArray(50, 300, Opt(ORIGINS))
  origins?: string[];
  @Int32(1, 10_000_000, Opt(LIMIT))
  requestsPerMin?: number | null;
}

/** How the old key goes. */
export class RotatePublishableKeyRequest {
  @Int32(0, 720, Opt({ description: 'hours that the old key goes on, 24 when left out', example: 24 }))
  overlapHours?: number;
}

/** A publishable key. */
export class PublishableKeyResponse {
  @ApiProperty({ example: 'pkey_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({ description: 'the last characters of the key, to tell it by', example: '3f9a' })
  hint: string;
  @ApiProperty({ example: 'Shop for Europe' })
  name: string;
  @ApiProperty({ type: String, nullable: true, example: 'EUR' })
  currency: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'DE' })
  country: string | null;
  @ApiProperty({ type: [String], example: ['https://shop.example.com'] })
  origins: string[];
  @ApiProperty({ type: 'integer', nullable: true })
  requestsPerMin: number | null;
  @ApiProperty({ description: 'who made it', example: 'usr_01j4000000e00800000000000a' })
  createdBy: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'to the minute' })
  lastUsedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(row: PublishableKeyRow): PublishableKeyResponse {
    const { hint, name, currency, country, origins, requestsPerMin } = row;
    return {
      id: encodeId('publishableKey', row.id),
      hint,
      name,
      currency,
      country,
      origins,
      requestsPerMin,
      createdBy: encodeId('user', row.createdBy),
      expiresAt: row.expiresAt?.toISOString() ?? null,
      revokedAt: row.revokedAt?.toISOString() ?? null,
      lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

/** A new publishable key with the only copy of it. */
export class NewPublishableKeyResponse extends PublishableKeyResponse {
  @ApiProperty({ description: 'for `X-Publishable-Key`; shown this once', example: `emp_pk_${'0'.repeat(32)}` })
  key: string;

  static override from(row: NewPublishableKey): NewPublishableKeyResponse {
    return Object.assign(PublishableKeyResponse.from(row), { key: row.key });
  }
}
