import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';

const RESOLUTION_MS = 20;
const SAMPLE_EVERY_MS = 500;
const TOO_BUSY_MS = 1_000;

/** How long work waits for this process to get to it. Above a second, reads are refused so that checkouts get through. */
@Injectable()
export class EventLoopDelay implements OnModuleDestroy {
  private histogram: IntervalHistogram | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Mean of the last half second. */
  delayMs = 0;

  /** Begins to measure. */
  start(): void {
    if (this.timer) return;
    const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
    this.histogram = histogram;
    this.timer = setInterval(() => {
      const mean = histogram.mean / 1e6;
      this.delayMs = Number.isFinite(mean) ? Math.max(0, mean - RESOLUTION_MS) : 0;
      histogram.reset();
    }, SAMPLE_EVERY_MS);
    this.timer.unref();
  }

  get isTooBusy(): boolean {
    return this.delayMs > TOO_BUSY_MS;
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.histogram?.disable();
  }
}
