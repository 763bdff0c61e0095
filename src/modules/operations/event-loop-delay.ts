import { Injectable, type OnModuleDestroy } from '@nestjs/common';

const SAMPLE_EVERY_MS = 500;
const TOO_BUSY_MS = 1_000;

/**
 * How long work waits for this process to get to it: how late a timer comes. Above a second twice in a row, reads are
 * refused so that checkouts get through; a single pause (a document that is written, a collection of garbage) is no overload. (The histogram of node:perf_hooks forgets its first sample after each reset, which is the only one
 * when the loop turns slower than it is read.)
 */
@Injectable()
export class EventLoopDelay implements OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  /** As it was in the last half second. */
  delayMs = 0;
  private delayBeforeMs = 0;

  /** Begins to measure. */
  start(): void {
    if (this.timer) return;
    let last = performance.now();
    this.timer = setInterval(() => {
      const now = performance.now();
      this.delayBeforeMs = this.delayMs;
      this.delayMs = Math.max(0, now - last - SAMPLE_EVERY_MS);
      last = now;
    }, SAMPLE_EVERY_MS);
    this.timer.unref();
  }

  get isTooBusy(): boolean {
    return Math.min(this.delayMs, this.delayBeforeMs) > TOO_BUSY_MS;
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }
}
