import type { INestApplicationContext } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { log } from '#libs/log';

const HARD_LIMIT_MS = 30_000;

/**
 * Ends the process in order: first it says that it is not ready, and waits until balancers have seen that; then it lets
 * requests and jobs at work finish, closes connections, and exits.
 * @param drainMs how long balancers need to notice
 */
export function stopGracefully(
  app: INestApplicationContext,
  options: { drainMs: number; beforeDrain?: () => void },
): void {
  let stopping = false;
  const stop = (why: string, exitCode: number) => {
    if (stopping) return;
    stopping = true;
    log.info('process.stopping', { why });
    setTimeout(() => process.exit(exitCode || 1), HARD_LIMIT_MS).unref();
    void (async () => {
      options.beforeDrain?.();
      await sleep(options.drainMs);
      await app.close();
      log.info('process.stopped', { why });
      process.exit(exitCode);
    })().catch((error: unknown) => {
      log.error('process.stop_failed', { error });
      process.exit(1);
    });
  };
  process.once('SIGTERM', () => stop('SIGTERM', 143));
  process.once('SIGINT', () => stop('SIGINT', 130));
  // The launcher is gone (killed): nobody would stop us any more.
  if (process.send) process.once('disconnect', () => stop('launcher gone', 1));
}
