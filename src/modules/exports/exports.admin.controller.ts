import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import {
  Forbidden,
  InvalidCursor,
  InvalidId,
  InvalidParameter,
  NotFound,
  UnknownParameter,
  ValidationFailed,
} from '#libs/errors';
import { attachment, IdParam, Idempotent, ListEnvelope, ListQuery, type Page, type Reply, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { CurrentStaff, Staff, type StaffIdentity } from '../auth/index.js';
import { CreateExportRequest, ExportResponse } from './dto/export.dto.js';
import { ExportExpired, ExportNotReady } from './exports.errors.js';
import { ExportsQuery } from './exports.query.js';
import { ExportsRepository } from './exports.repository.js';
import { assertMayExport, StartExport } from './start-export.service.js';

/** CSV files of what the shop has. */
@ApiTags('Exports')
@Controller('v1/admin/exports')
export class ExportsAdminController {
  constructor(
    private readonly startExport: StartExport,
    private readonly query: ExportsQuery,
    private readonly exports: ExportsRepository,
  ) {}

  @Post()
  @HttpCode(202)
  @Staff('exports.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'startExport',
    summary: 'Write products, customers or price lists into a CSV file',
    description:
      'Products come with prices, stock and images, in the format that the import reads: a file that is imported again changes nothing. ' +
      "Texts that a spreadsheet would run as formulas get a ' in front, which the import takes off. The file is kept for 24 hours.",
  })
  @ApiAcceptedResponse({
    type: ExportResponse,
    description: 'A job writes it',
    headers: { Location: { description: 'where its progress is', schema: { type: 'string' } } },
  })
  @Throws(ValidationFailed, Forbidden)
  async start(
    @Body() body: CreateExportRequest,
    @CurrentStaff() staff: StaffIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ExportResponse> {
    const id = await this.startExport.execute(body, staff);
    reply.header('Location', `/v1/admin/exports/${encodeId('export', id)}`);
    return this.query.get(id);
  }

  @Get()
  @Staff('exports.write')
  @ApiOperation({ operationId: 'listExports', summary: 'Exports, newest first' })
  @ListEnvelope(ExportResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  list(@Query() query: ListQuery): Promise<{ data: ExportResponse[]; page: Page }> {
    return this.query.list(query);
  }

  @Get(':id')
  @Staff('exports.write')
  @ApiOperation({ operationId: 'getExport', summary: 'An export and how far it is' })
  @ApiOkResponse({ type: ExportResponse })
  @Throws(InvalidId, NotFound)
  get(@IdParam('export') id: string): Promise<ExportResponse> {
    return this.query.get(id);
  }

  @Get(':id/file')
  @Staff('exports.write')
  @ApiOperation({
    operationId: 'downloadExport',
    summary: 'The file of an export',
    description: 'CSV in UTF-8. Who took it is in the log of changes.',
  })
  @ApiProduces('text/csv')
  @ApiOkResponse({ description: 'The file', schema: { type: 'string', format: 'binary' } })
  @Throws(InvalidId, NotFound, Forbidden, ExportNotReady, ExportExpired)
  async file(@IdParam('export') id: string, @CurrentStaff() staff: StaffIdentity, @Res() reply: Reply): Promise<void> {
    const { kind, status } = await this.query.get(id);
    assertMayExport(kind as CreateExportRequest['kind'], staff);
    const row = await this.exports.beginDownload(id);
    if (!row)
      throw status === 'completed' || status === 'expired' ? ExportExpired() : ExportNotReady({ data: { status } });
    const day = row.created_at.toISOString().slice(0, 10);
    reply.header('Content-Type', 'text/csv; charset=utf-8');
    reply.header('Content-Disposition', attachment(`${kind}-${day}.csv`));
    reply.header('Content-Length', row.bytes);
    reply.header('Cache-Control', 'private, no-store');
    reply.header('X-Content-Type-Options', 'nosniff');
    void reply.send(Readable.from(this.exports.file(row)));
  }
}
