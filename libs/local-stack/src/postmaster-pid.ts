import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running (or killed) server wrote about itself. */
export interface PostmasterPid {
  pid: number;
  port: number | null;
}

/** Reads postmaster.pid of a data folder; null when there is none. */
export function readPidFile(data: string): PostmasterPid | null {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Math.abs(Number(lines[0])) || 0, port: Number(lines[3]) || null };
  } catch {
    return null;
  }
}
