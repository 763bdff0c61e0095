import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidParameter, UnknownParameter } from '#libs/errors';
import { ListEnvelope, type Page, Throws } from '#libs/http';
import { Staff } from '../auth/index.js';
import { AuditSeals } from './audit-seals.service.js';
import { AuditQuery } from './audit.query.js';
import { AuditCheckResponse, AuditEntryResponse, AuditListQuery } from './dto/audit.dto.js';

/** Who changed what. */
@ApiTags('Audit log')
@Controller('v1/admin/audit-log')
export class AuditAdminController {
  constructor(
    private readonly query: AuditQuery,
    private readonly seals: AuditSeals,
  ) {}

  @Get()
  @Staff('audit.read')
  @ApiOperation({
    operationId: 'listAuditLog',
    summary: 'Changes by staff and by API keys, newest first',
    description: 'Each was written in the transaction of the change. Nobody changes or deletes an entry.',
  })
  @ListEnvelope(AuditEntryResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  list(@Query() query: AuditListQuery): Promise<{ data: AuditEntryResponse[]; page: Page }> {
    return this.query.list(query);
  }

  @Get('check')
  @Staff('audit.read')
  @ApiOperation({
    operationId: 'checkAuditLog',
    summary: 'Is the log what was written down?',
    description: 'Makes the seal of every batch anew, with a key that the database does not know, and compares.',
  })
  @ApiOkResponse({ type: AuditCheckResponse })
  check(): Promise<AuditCheckResponse> {
    return this.seals.check();
  }
}
