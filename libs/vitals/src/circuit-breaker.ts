/** `closed`: calls go through. `open`: they are refused at once. `half_open`: one of them finds out how it is now. */
export type CircuitState = 'closed' | 'open' | 'half_open';

export interface CircuitOptions {
  /** Failures within the window at which it opens, if at least half of the calls failed. */
  failures?: number;
  windowMs?: number;
  /** How long it stays open at first; twice as long after each probe that failed, up to `maxOpenMs`. */
  openMs?: number;
  maxOpenMs?: number;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
}

/** Leave to make one call; hand it back with `settle`. */
export interface Permit {
  readonly isProbe: boolean;
}

/** What a circuit has seen since the process began. */
export interface CircuitReport {
  name: string;
  state: CircuitState;
  /** Until the next probe; 0 unless it is open. */
  retryInMs: number;
  succeeded: number;
  failed: number;
  refused: number;
}

const BUCKET_MS = 1_000;
const circuits = new Map<string, CircuitBreaker>();

/** Every circuit of this process, as it is now. */
export function circuitReports(): CircuitReport[] {
  return [...circuits.values()].map((circuit) => circuit.report());
}

/**
 * Spares a service that does not answer, and those who would wait for it: after repeated failures calls are refused at
 * once, until a single probe succeeds. Whoever is admitted must settle, with whether the service answered at all.
 */
export class CircuitBreaker {
  private readonly failures: number;
  private readonly windowMs: number;
  private readonly firstOpenMs: number;
  private readonly maxOpenMs: number;
  private readonly now: () => number;
  private state: CircuitState = 'closed';
  private buckets: { at: number; succeeded: number; failed: number }[] = [];
  private openMs: number;
  private openUntil = 0;
  private succeeded = 0;
  private failed = 0;
  private refused = 0;

  constructor(
    private readonly name: string,
    options: CircuitOptions = {},
  ) {
    this.failures = options.failures ?? 5;
    this.windowMs = options.windowMs ?? 30_000;
    this.firstOpenMs = options.openMs ?? 5_000;
    this.maxOpenMs = options.maxOpenMs ?? 30_000;
    this.now = options.now ?? (() => performance.now());
    this.openMs = this.firstOpenMs;
    circuits.set(name, this);
  }

  /** Leave to call, or null while the service is spared. */
  admit(): Permit | null {
    if (this.state === 'closed') return { isProbe: false };
    if (this.state === 'open' && this.now() >= this.openUntil) {
      this.state = 'half_open';
      return { isProbe: true };
    }
    this.refused += 1;
    return null;
  }

  /** @param answered whether the service answered, be it with a refusal */
  settle(permit: Permit, answered: boolean): void {
    if (answered) this.succeeded += 1;
    else this.failed += 1;
    if (permit.isProbe) {
      if (answered) this.close();
      else this.open(Math.min(this.openMs * 2, this.maxOpenMs));
      return;
    }
    // What began before the circuit opened tells nothing new.
    if (this.state !== 'closed') return;
    this.note(answered);
    const seen = this.buckets.reduce((sum, b) => ({ ok: sum.ok + b.succeeded, bad: sum.bad + b.failed }), {
      ok: 0,
      bad: 0,
    });
    if (!answered && seen.bad >= this.failures && seen.bad >= seen.ok) this.open(this.firstOpenMs);
  }

  report(): CircuitReport {
    const { name, state, succeeded, failed, refused } = this;
    return { name, state, retryInMs: this.retryInMs, succeeded, failed, refused };
  }

  /** Until the next probe may go. */
  get retryInMs(): number {
    return this.state === 'open' ? Math.max(0, Math.ceil(this.openUntil - this.now())) : 0;
  }

  private note(answered: boolean): void {
    const now = this.now();
    const oldest = now - this.windowMs;
    if (this.buckets.some((bucket) => bucket.at < oldest))
      this.buckets = this.buckets.filter((bucket) => bucket.at >= oldest);
    let bucket = this.buckets.at(-1);
    if (!bucket || now - bucket.at >= BUCKET_MS) {
      bucket = { at: now, succeeded: 0, failed: 0 };
      this.buckets.push(bucket);
    }
    if (answered) bucket.succeeded += 1;
    else bucket.failed += 1;
  }

  private open(ms: number): void {
    this.state = 'open';
    this.openMs = ms;
    this.openUntil = this.now() + ms;
  }

  private close(): void {
    this.state = 'closed';
    this.openMs = this.firstOpenMs;
    this.buckets = [];
  }
}
