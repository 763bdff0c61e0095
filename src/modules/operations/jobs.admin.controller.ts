import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidId, InvalidParameter, NotFound, UnknownParameter } from '#libs/errors';
import { Idempotent, IdParam, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { CurrentStaff, Staff, type StaffIdentity } from '../auth/index.js';
import { JobQuery } from './dto/job.request.js';
import { JobListResponse, JobResponse } from './dto/job.response.js';
import { JobsQuery } from './jobs.query.js';
import { JobNotDead } from './operations.errors.js';
import { RetryJob } from './retry-job.service.js';

@ApiTags('Jobs')
@Controller('v1/admin/jobs')
export class JobsAdminController {
  constructor(
    private readonly jobs: JobsQuery,
    private readonly retryJob: RetryJob,
  ) {}

  @Get()
  @Staff('jobs.read')
  @ApiOperation({ operationId: 'listJobs', summary: 'Jobs, newest first; `state=dead` are those that need somebody' })
  @ApiOkResponse({ type: JobListResponse })
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  list(@Query() query: JobQuery): Promise<JobListResponse> {
    return this.jobs.list(query);
  }

  @Post(':id/retry')
  @HttpCode(200)
  @Staff('jobs.write')
  @Idempotent('optional')
  @ApiOperation({ operationId: 'retryJob', summary: 'Try a dead job again, from the first try' })
  @ApiOkResponse({ type: JobResponse })
  @Throws(InvalidId, NotFound, JobNotDead)
  retry(@IdParam('job') id: string, @CurrentStaff() staff: StaffIdentity): Promise<JobResponse> {
    return this.retryJob.execute(id, `staff:${encodeId('user', staff.id)}`);
  }
}
