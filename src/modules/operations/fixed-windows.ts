/** What a request learns from a limit. */
export interface Hit {
  isAllowed: boolean;
  limit: number;
  remaining: number;
  /** until the count starts again */
  resetMs: number;
}

interface Window {
  count: number;
  limit: number;
  /** hits that other processes have not been told of */
  untold: number;
  endsAt: number;
}

/** Share of its limit from which a caller is told of. */
const TOLD_FROM = 0.1;
const MAX_KEYS = 100_000;
const SWEEP_EVERY_MS = 30_000;

/**
 * Counts hits in windows of a minute that begin with the first hit. Costs well under a microsecond a hit and is bounded:
 * beyond 100,000 callers at once the oldest are forgotten.
 */
export class FixedWindows {
  private readonly windows = new Map<string, Window>();
  private untoldKeys = new Set<string>();
  private nextSweepAt = 0;

  constructor(
    private readonly windowMs = 60_000,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** Counts one hit of `key` against `limit`. */
  hit(key: string, limit: number): Hit {
    const now = this.clock();
    if (now >= this.nextSweepAt) this.sweep(now);
    let window = this.windows.get(key);
    if (!window || window.endsAt <= now) {
      if (window) this.windows.delete(key);
      window = { count: 0, limit, untold: 0, endsAt: now + this.windowMs };
      this.windows.set(key, window);
    }
    window.count += 1;
    window.untold += 1;
    this.untoldKeys.add(key);
    return {
      isAllowed: window.count <= limit,
      limit,
      remaining: Math.max(0, limit - window.count),
      resetMs: window.endsAt - now,
    };
  }

  /**
   * Takes the hits that were not told to others yet, of callers that have used a tenth of their limit: with most, nobody
   * ever needs to compare notes.
   */
  takeUntold(): { key: string; hits: number }[] {
    const taken: { key: string; hits: number }[] = [];
    for (const key of this.untoldKeys) {
      const window = this.windows.get(key);
      if (!window || window.untold === 0 || window.count < window.limit * TOLD_FROM) continue;
      taken.push({ key, hits: window.untold });
      window.untold = 0;
    }
    this.untoldKeys = new Set();
    return taken;
  }

  /** Takes over what all processes together have counted, and when their window ends. */
  learn(key: string, count: number, endsInMs: number): void {
    const window = this.windows.get(key);
    if (!window) return;
    window.count = count + window.untold;
    if (endsInMs > 0) window.endsAt = this.clock() + endsInMs;
  }

  /** Puts hits back that could not be told. */
  returnUntold(key: string, hits: number): void {
    const window = this.windows.get(key);
    if (!window) return;
    window.untold += hits;
    this.untoldKeys.add(key);
  }

  /** Callers that are being counted. */
  get size(): number {
    return this.windows.size;
  }

  private sweep(now: number): void {
    this.nextSweepAt = now + SWEEP_EVERY_MS;
    for (const [key, window] of this.windows) if (window.endsAt <= now) this.windows.delete(key);
    for (const key of this.windows.keys()) {
      if (this.windows.size <= MAX_KEYS) break;
      this.windows.delete(key);
    }
  }
}
