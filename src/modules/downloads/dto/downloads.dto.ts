import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import type { DownloadRow } from '../downloads.repository.js';
import type { VariantFileRow } from '../variant-files.repository.js';

/** A file that a variant is made of. */
export class VariantFileResponse {
  @ApiProperty({ example: 'file_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'field-guide.pdf' })
  name: string;
  @ApiProperty({ type: 'integer' })
  bytes: number;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  static from(row: VariantFileRow): VariantFileResponse {
    return { id: encodeId('file', row.id), name: row.name, bytes: row.bytes, createdAt: row.created_at.toISOString() };
  }
}

/** A file of an order, as staff see it: without the link. */
export class AdminDownloadResponse {
  @ApiProperty({ example: 'dl_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ description: 'the product that it came with' })
  title: string;
  @ApiProperty({ example: 'field-guide.pdf' })
  fileName: string;
  @ApiProperty({ type: 'integer' })
  bytes: number;
  @ApiProperty({ type: 'integer', description: 'how often it was downloaded' })
  downloads: number;
  @ApiProperty({ type: 'integer', description: 'how often it can be downloaded yet' })
  remaining: number;
  @ApiProperty({ type: String, format: 'date-time' })
  expiresAt: string;
  @ApiProperty({ description: 'false while the order is refunded, canceled, disputed or on hold' })
  available: boolean;

  static of(row: DownloadRow): AdminDownloadResponse {
    const remaining = row.max_downloads - row.downloads;
    return {
      id: encodeId('download', row.id),
      title: row.title,
      fileName: row.name,
      bytes: row.bytes,
      downloads: row.downloads,
      remaining,
      expiresAt: row.expires_at.toISOString(),
      available: row.is_granted && remaining > 0 && row.expires_at > new Date(),
    };
  }
}

/** A file of an order, with the link under which its buyer gets it. */
export class DownloadResponse extends AdminDownloadResponse {
  @ApiProperty({ type: String, nullable: true, description: 'needs no credentials: whoever has it has the file' })
  url: string | null;

  static from(row: DownloadRow, urlOf: (row: DownloadRow) => string): DownloadResponse {
    const download = AdminDownloadResponse.of(row);
    return { ...download, url: download.available ? urlOf(row) : null };
  }
}
