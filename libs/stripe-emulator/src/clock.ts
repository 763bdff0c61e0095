/** Where the emulator reads the time, so that a test can own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Stripe's timestamps: whole seconds. */
export const seconds = (clock: Clock): number => Math.floor(clock.now() / 1000);
