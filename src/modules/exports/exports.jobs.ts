import { defineJob } from '#libs/jobs';

/** Tries of an export before it is given up. Each one goes on where the last one stopped. */
export const MAX_TRIES = 5;

export const RunExportJob = defineJob({
  name: 'exports.run',
  queue: 'imports',
  description: 'Writes the file of an export',
  maxAttempts: MAX_TRIES,
  leaseMs: 120_000,
});

export const DeleteExpiredExportsJob = defineJob({
  name: 'exports.delete-expired',
  queue: 'maintenance',
  description: 'Deletes the files of exports after a day',
  everyMs: 60 * 60 * 1000,
});
