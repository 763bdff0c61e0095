import { join } from 'node:path';
import { isOurPostmaster } from './postgres-server.js';
import { readPidFile } from './postmaster-pid.js';
import { signal, waitForExit } from './processes.js';
import { findRunningRedis } from './redis.js';

/**
 * Ends what a killed process left running on a folder of throwaway data, without saving anything.
 * Servers that are not of this folder are left alone.
 */
export async function killLeftovers(dataDir: string): Promise<void> {
  const data = join(dataDir, 'postgres', 'data');
  const postmaster = readPidFile(data)?.pid;
  if (postmaster && isOurPostmaster(postmaster, data) && signal(postmaster, 'SIGQUIT'))
    await waitForExit(postmaster, 5_000);
  const redis = await findRunningRedis(dataDir);
  if (redis && signal(redis, 'SIGKILL')) await waitForExit(redis, 5_000);
}
