import { ApiProperty } from '@nestjs/swagger';
import { Int32, Opt, StringArray, Text, Time } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { ApiKeyRow, NewApiKey } from '../api-keys.service.js';
import { PERMISSIONS } from '../permissions.js';

/** A key for another program. */
export class CreateApiKeyRequest {
  @Text(100, { pattern: /\S/, example: 'Warehouse' })
  name: string;
  @StringArray(100, 50, {
    min: 1,
    description: 'permissions, none that you do not have',
    example: ['inventory.read', 'inventory.write'],
  })
  scopes: string[];
  @Time(Opt({ description: 'until when it works; for ever when left out' }))
  expiresAt?: string;
}

/** How the old key goes. */
export class RotateApiKeyRequest {
  @Int32(0, 168, Opt({ description: 'hours that the old key goes on, 24 when left out', example: 24 }))
  overlapHours?: number;
}

/** An API key. */
export class ApiKeyResponse {
  @ApiProperty({ example: 'key_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({ example: 'Warehouse' })
  name: string;
  @ApiProperty({ description: 'the last characters of the key, to tell it by', example: 'x7Qk' })
  hint: string;
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  scopes: string[];
  @ApiProperty({ description: 'in whose name it enters; it stops when they are suspended' })
  createdBy: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'to the minute' })
  lastUsedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  static from(row: ApiKeyRow): ApiKeyResponse {
    return {
      id: encodeId('apiKey', row.id),
      name: row.name,
      hint: row.hint,
      scopes: row.scopes,
      createdBy: encodeId('user', row.createdBy),
      expiresAt: row.expiresAt?.toISOString() ?? null,
      revokedAt: row.revokedAt?.toISOString() ?? null,
      lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
      createdAt: row.createdAt.toISOString(),
    };
  }
}

/** A new API key with the only copy of it. */
export class NewApiKeyResponse extends ApiKeyResponse {
  @ApiProperty({ description: 'for `Authorization: Bearer`; shown this once' })
  key: string;

  static override from(row: NewApiKey): NewApiKeyResponse {
    return Object.assign(ApiKeyResponse.from(row), { key: row.key });
  }
}
