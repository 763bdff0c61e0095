import { defineJob } from '#libs/jobs';

/** Tries of an import before it is given up. Each one goes on where the last one stopped. */
export const MAX_TRIES = 5;

export const RunImportJob = defineJob({
  name: 'imports.run',
  queue: 'imports',
  description: 'Imports an uploaded file',
  maxAttempts: MAX_TRIES,
  leaseMs: 120_000,
});

export const DeleteOldImportFilesJob = defineJob({
  name: 'imports.delete-old-files',
  queue: 'maintenance',
  description: 'Deletes uploaded files that were never imported',
  everyMs: 24 * 60 * 60 * 1000,
});
