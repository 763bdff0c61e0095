import { ApiProperty } from '@nestjs/swagger';
import { Currency, Flag, Nested, OneOf, Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import { EXPORT_KINDS, type ExportFilter, type ExportKind } from '../export-kinds.js';
import type { ExportRow } from '../exports.repository.js';

/** Which things, and how. */
export class ExportFilterInput {
  @OneOf(['draft', 'active', 'archived'], Opt({ description: 'of products', example: 'active' }))
  status?: 'draft' | 'active' | 'archived';
  @Text(255, Opt({ description: 'of products, whatever its case' }))
  vendor?: string;
  @Currency(Opt({ description: "in which products show their prices; the shop's when left out", example: 'USD' }))
  currency?: string;
  @Flag(Opt({ description: 'of customers' }))
  acceptsMarketing?: boolean;
}

/** What is to be exported. */
export class CreateExportRequest {
  @OneOf(EXPORT_KINDS, { description: '`customers` needs the permission exports.customers', example: 'products' })
  kind: ExportKind;
  @Nested(() => ExportFilterInput, Opt())
  filter?: ExportFilterInput;
}

/** An export and how far it is. */
export class ExportResponse {
  @ApiProperty({ example: 'exp_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ enum: EXPORT_KINDS })
  kind: string;
  @ApiProperty({ type: () => ExportFilterInput })
  filter: ExportFilter;
  @ApiProperty({ enum: ['queued', 'running', 'completed', 'failed', 'expired'] })
  status: string;
  @ApiProperty({ type: 'integer', description: 'products, customers or prices that are in the file' })
  done: number;
  @ApiProperty({ type: 'integer' })
  total: number;
  @ApiProperty({ type: 'integer', minimum: 0, maximum: 100 })
  percent: number;
  @ApiProperty({ type: 'integer' })
  bytes: number;
  @ApiProperty({ type: String, nullable: true, description: 'where the file is, once it is written' })
  fileUrl: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', description: 'when the file is deleted' })
  expiresAt: string;

  static from(row: ExportRow): ExportResponse {
    const id = encodeId('export', row.id);
    const isWritten = row.status === 'completed';
    return {
      id,
      kind: row.kind,
      filter: row.filter,
      status: row.status,
      done: row.done,
      total: row.total,
      percent: isWritten ? 100 : Math.min(99, Math.floor((row.done / Math.max(row.total, 1)) * 100)),
      bytes: row.bytes,
      fileUrl: isWritten ? `/v1/admin/exports/${id}/file` : null,
      createdAt: row.created_at.toISOString(),
      finishedAt: row.finished_at?.toISOString() ?? null,
      expiresAt: row.expires_at.toISOString(),
    };
  }
}
