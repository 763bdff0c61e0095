import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { ListQuery, Opt, Time } from '#libs/http';
import { type AuditRow, publicIdOf } from '../audit.query.js';

const ACTIONS = ['insert', 'update', 'delete'] as const;

/** Filters of the audit log. */
export class AuditListQuery extends ListQuery {
  @ApiPropertyOptional({
    type: String,
    description: '`usr_…`, `key_…` or `imp_…`: what they did, and what was done in their name',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  actor?: string;
  @ApiPropertyOptional({ enum: ACTIONS })
  @IsOptional()
  @IsIn([...ACTIONS])
  action?: string;
  @ApiPropertyOptional({ type: String, description: 'kind of the record', example: 'products' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(63)
  recordType?: string;
  @ApiPropertyOptional({ type: String, description: 'id of the record, `prod_…` or `ord_…` for example' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  recordId?: string;
  @ApiPropertyOptional({ type: String, description: 'X-Request-Id of the answer' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  requestId?: string;
  @Time(Opt())
  'createdAt[gte]'?: string;
  @Time(Opt())
  'createdAt[lte]'?: string;
}

/** One change: who, on whose behalf, from where, and what it was before and after. */
export class AuditEntryResponse {
  @ApiProperty({ type: 'integer', example: 4711 })
  id: number;
  @ApiProperty({
    example: 'staff:usr_01j4000000e00800000000000a',
    description:
      '`staff:usr_…`, `key:key_…`, `import:imp_…` (an uploaded file), `system:` and the name of a job, or `storefront`: a request of a shopper',
  })
  actor: string;
  @ApiProperty({ type: String, nullable: true, description: 'of an API key or an uploaded file: whose it is' })
  onBehalfOf: string | null;
  @ApiProperty({ type: String, nullable: true })
  requestId: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'network address that the request came from' })
  address: string | null;
  @ApiProperty({ enum: ACTIONS })
  action: string;
  @ApiProperty({ example: 'products' })
  recordType: string;
  @ApiProperty({ type: String, nullable: true, example: 'prod_01j4000000e008000000000001' })
  recordId: string | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'of an update, the columns that changed; secrets and data of customers are `[redacted]`',
  })
  before: Record<string, unknown> | null;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  after: Record<string, unknown> | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  static from(row: AuditRow): AuditEntryResponse {
    return {
      id: row.id,
      actor: row.actor,
      onBehalfOf: row.onBehalfOf,
      requestId: row.requestId,
      address: row.address,
      action: row.action,
      recordType: row.recordType,
      recordId: publicIdOf(row.recordType, row.recordId),
      before: row.before,
      after: row.after,
      createdAt: row.createdAt.toISOString(),
    };
  }
}

/** A seal that does not fit what it was made of. */
export class BrokenSealResponse {
  @ApiProperty({ type: 'integer' })
  sealId: number;
  @ApiProperty({ description: 'what does not fit' })
  detail: string;
}

/** The newest seal. */
export class LastSealResponse {
  @ApiProperty({ type: 'integer', example: 1042 })
  sealId: number;
  @ApiProperty({
    description: 'as `audit.sealed` told it to the log of the process: compare it with a copy that is kept elsewhere',
    example: 'q6f0t1mYQ2bq2H6mT3v4zqkJ0c7c4mX1m8V9fD2sZ5E',
  })
  seal: string;
}

/** Whether the audit log is what was written down. */
export class AuditCheckResponse {
  @ApiProperty({ description: 'whether every seal fits' })
  isIntact: boolean;
  @ApiProperty({ type: 'integer' })
  seals: number;
  @ApiProperty({ type: 'integer', description: 'entries under these seals' })
  sealedEntries: number;
  @ApiProperty({ type: 'integer', description: 'entries that the next seal will be made of' })
  openEntries: number;
  @ApiProperty({
    type: LastSealResponse,
    nullable: true,
    description: 'whoever takes away the newest seals with all their entries breaks none: this tells',
  })
  lastSeal: LastSealResponse | null;
  @ApiProperty({ type: [BrokenSealResponse] })
  broken: BrokenSealResponse[];
}
