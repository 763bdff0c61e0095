import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { DeleteOldImportFilesJob, RunImportJob } from '../imports.jobs.js';
import { ImportsRepository } from '../imports.repository.js';
import { RunImport } from '../run-import.service.js';

/** Runs one uploaded import. */
@Injectable()
@HandlesJob(RunImportJob)
export class RunImportHandler implements JobHandler<{ importId: string }> {
  constructor(private readonly runImport: RunImport) {}

  handle(job: JobContext<{ importId: string }>): Promise<void> {
    return this.runImport.execute(job.payload.importId, job);
  }
}

/** Deletes uploaded files that were left behind. */
@Injectable()
@HandlesJob(DeleteOldImportFilesJob)
export class DeleteOldImportFilesHandler implements JobHandler {
  constructor(private readonly imports: ImportsRepository) {}

  handle(): Promise<void> {
    return this.imports.deleteOldFiles();
  }
}
