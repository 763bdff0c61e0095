import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import type { ImportIssue } from '../csv/issues.js';
import {
  IMPORT_KINDS,
  type ImportKind,
  type ImportOptions,
  type ImportState,
  type ImportSummary,
} from '../import-state.js';

/** A row of `imports`. */
export interface ImportView {
  id: string;
  kind: ImportKind;
  file_name: string;
  options: ImportOptions;
  status: 'queued' | 'running' | 'completed' | 'failed';
  rows_read: number;
  bytes_read: number;
  bytes_total: number;
  summary: Partial<Pick<ImportState, 'summary' | 'errorCount' | 'warningCount'>>;
  errors: ImportIssue[];
  warnings: ImportIssue[];
  failure: string | null;
  created_at: Date;
  finished_at: Date | null;
}

/** How many products, customers or prices became what. */
export class ImportSummaryResponse implements ImportSummary {
  @ApiProperty({ type: 'integer' })
  created: number;
  @ApiProperty({ type: 'integer' })
  updated: number;
  @ApiProperty({ type: 'integer', description: 'as the file has them already' })
  unchanged: number;
  @ApiProperty({ type: 'integer', description: 'left out because of a mistake; `errors` tells which' })
  failed: number;
}

/** A mistake, or something odd, in the file. */
export class ImportIssueResponse implements ImportIssue {
  @ApiProperty({
    type: 'integer',
    description: 'line of the file on which the row begins; the header is line 1',
    example: 12,
  })
  line: number;
  @ApiProperty({ type: String, nullable: true, description: 'the product of the row' })
  handle: string | null;
  @ApiProperty({ example: 'Variant Price is empty.' })
  reason: string;
}

/** How the file is imported. */
export class ImportOptionsResponse implements ImportOptions {
  @ApiProperty({ description: 'currency of the prices in the file' })
  currency: string;
  @ApiProperty({ enum: ['keep', 'set'] })
  stock: 'keep' | 'set';
  @ApiProperty({ description: 'tells what would happen and changes nothing' })
  dryRun: boolean;
}

/** An import and how far it is. */
export class ImportResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ enum: IMPORT_KINDS })
  kind: ImportKind;
  @ApiProperty()
  fileName: string;
  @ApiProperty({ type: () => ImportOptionsResponse })
  options: ImportOptionsResponse;
  @ApiProperty({ enum: ['queued', 'running', 'completed', 'failed'], description: '`failed`: see `failure`' })
  status: string;
  @ApiProperty({ type: 'integer', description: 'rows of the file that are done' })
  rowsRead: number;
  @ApiProperty({ type: 'integer', minimum: 0, maximum: 100 })
  percent: number;
  @ApiProperty({ type: () => ImportSummaryResponse })
  summary: ImportSummaryResponse;
  @ApiProperty({ type: () => [ImportIssueResponse], description: 'products that were left out and why, the first 500' })
  errors: ImportIssueResponse[];
  @ApiProperty({ type: 'integer' })
  errorCount: number;
  @ApiProperty({ type: () => [ImportIssueResponse], description: 'what is odd, the first 500' })
  warnings: ImportIssueResponse[];
  @ApiProperty({ type: 'integer' })
  warningCount: number;
  @ApiProperty({ type: String, nullable: true, description: 'why the file as a whole could not be imported' })
  failure: string | null;
  @ApiProperty()
  createdAt: string;
  @ApiProperty({ type: String, nullable: true })
  finishedAt: string | null;

  static from(row: ImportView): ImportResponse {
    const reached = row.bytes_total > 0 ? Math.floor((row.bytes_read / row.bytes_total) * 100) : 0;
    return {
      id: encodeId('import', row.id),
      kind: row.kind,
      fileName: row.file_name,
      options: row.options,
      status: row.status,
      rowsRead: row.rows_read,
      percent: row.status === 'completed' ? 100 : Math.min(reached, 99),
      summary: row.summary.summary ?? { created: 0, updated: 0, unchanged: 0, failed: 0 },
      errors: row.errors.toSorted((a, b) => a.line - b.line),
      errorCount: row.summary.errorCount ?? 0,
      warnings: row.warnings.toSorted((a, b) => a.line - b.line),
      warningCount: row.summary.warningCount ?? 0,
      failure: row.failure,
      createdAt: row.created_at.toISOString(),
      finishedAt: row.finished_at?.toISOString() ?? null,
    };
  }
}
