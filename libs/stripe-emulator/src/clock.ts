/** Where the emulator reads the time, so that a test can own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Stripe's timestamps: whole seconds. */
export const seconds = (clock: Clock): number => Math.floor(clock.now() / 1000);

/** How far to go; the parts add up. */
export interface Duration {
  days?: number;
  hours?: number;
  minutes?: number;
  seconds?: number;
}

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const LONGEST_STEP = 3660 * 24 * HOUR;

/** @throws {RangeError} for what is no duration, goes back or is longer than ten years */
export function milliseconds(duration: Duration): number {
  const { days = 0, hours = 0, minutes = 0, seconds: rest = 0 } = duration;
  const total = days * 24 * HOUR + hours * HOUR + minutes * 60 * SECOND + rest * SECOND;
  if (!(total >= 0 && total <= LONGEST_STEP)) throw new RangeError('The clock goes forward, by up to ten years.');
  return total;
}

/** A clock that can be put forward, never back; the time it is ahead is kept by `keep`. */
export class EmulatedClock implements Clock {
  constructor(
    /** What its owner's watch shows: signatures are made with it, for receivers compare them with theirs. */
    readonly real: Clock,
    private aheadMs: number,
    private readonly keep: (aheadMs: number) => void,
  ) {}

  now(): number {
    return this.real.now() + this.aheadMs;
  }

  /** Goes on to a time; one that is over changes nothing. */
  moveTo(time: number): void {
    const step = time - this.now();
    if (step <= 0) return;
    this.aheadMs += step;
    this.keep(this.aheadMs);
  }

  /** Back to the real time. */
  reset(): void {
    this.aheadMs = 0;
    this.keep(0);
  }
}
