import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { DeleteExpiredExportsJob, RunExportJob } from '../exports.jobs.js';
import { ExportsRepository } from '../exports.repository.js';
import { RunExport } from '../run-export.service.js';

/** Writes the file of one export. */
@Injectable()
@HandlesJob(RunExportJob)
export class RunExportHandler implements JobHandler<{ exportId: string }> {
  constructor(private readonly runExport: RunExport) {}

  handle(job: JobContext<{ exportId: string }>): Promise<void> {
    return this.runExport.execute(job.payload.exportId, job);
  }
}

/** Deletes files whose time is over. */
@Injectable()
@HandlesJob(DeleteExpiredExportsJob)
export class DeleteExpiredExportsHandler implements JobHandler {
  constructor(private readonly exports: ExportsRepository) {}

  handle(): Promise<void> {
    return this.exports.deleteExpired();
  }
}
