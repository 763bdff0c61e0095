import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Throws } from '#libs/http';
import { Public } from '../auth/index.js';
import { LiveResponse, ReadyResponse } from './dto/health.response.js';
import { NotReady } from './operations.errors.js';
import { Readiness } from './readiness.js';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'getLiveness', summary: 'Whether the process answers at all' })
  @ApiOkResponse({ type: LiveResponse })
  live(): LiveResponse {
    return { status: 'ok' };
  }

  @Get('ready')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'getReadiness', summary: 'Whether the shop can serve: database, schema, Redis' })
  @ApiOkResponse({ type: ReadyResponse })
  @Throws(NotReady)
  async ready(): Promise<ReadyResponse> {
    const report = await this.readiness.report();
    if (report.status === 'not_ready') throw NotReady({ data: { checks: report.checks }, retryAfterSeconds: 5 });
    return report;
  }
}
