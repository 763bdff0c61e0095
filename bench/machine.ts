import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';

/** What the figures depend on. */
export interface Machine {
  system: string;
  cpu: string;
  cores: number;
  memoryGb: number;
  node: string;
  postgres: string;
  redis: string;
  /** Median of a synced write of 8 kB on the disk of the database. */
  fsyncMs: number;
  /** Of the minute before: above 1, something else was running. */
  loadBefore: number;
}

export function describeMachine(dataDir: string, postgres: string, redis: string): Machine {
  return {
    system: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    postgres,
    redis,
    fsyncMs: measureFsync(dataDir),
    loadBefore: loadavg()[0]!,
  };
}

function measureFsync(folder: string): number {
  const file = join(folder, 'fsync.probe');
  const block = Buffer.alloc(8192, 1);
  const times: number[] = [];
  const fd = openSync(file, 'w');
  try {
    // Written once before, so that the file does not grow while it is measured: nor does Postgres' log.
    writeSync(fd, Buffer.alloc(block.length * 100));
    fdatasyncSync(fd);
    for (let i = 0; i < 100; i += 1) {
      const startedAt = performance.now();
      writeSync(fd, block, 0, block.length, i * block.length);
      fdatasyncSync(fd);
      times.push(performance.now() - startedAt);
    }
  } finally {
    closeSync(fd);
    rmSync(file, { force: true });
  }
  return times.sort((a, b) => a - b)[50]!;
}
