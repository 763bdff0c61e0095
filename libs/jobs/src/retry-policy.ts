/** Tries before a job becomes a dead letter, unless its definition says otherwise. */
export const DEFAULT_MAX_ATTEMPTS = 10;
/** How long one try may take before it is taken for dead. */
export const DEFAULT_LEASE_MS = 60_000;

/**
 * How long to wait after a failed try: 1 s, 2 s, 4 s … up to 10 min, with jitter of a quarter so that jobs that failed
 * together do not come back together. Ten tries span about half an hour.
 */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(1_000 * 2 ** (attempt - 1), 600_000);
  return Math.round(base * (0.75 + random() * 0.5));
}
