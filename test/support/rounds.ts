import { randomInt } from 'node:crypto';

/** How often a race is run: a few times in `npm test`, many times in `npm run test:full`. */
export const RACE_ROUNDS = process.env.EMPORIUM_TEST_FULL === '1' ? 50 : 5;

/** How long all rounds of one race may take. */
export const RACE_TIMEOUT_MS = 60_000 + RACE_ROUNDS * 8_000;

/** What tests leave to chance comes from this number; `EMPORIUM_SEED` repeats a run. */
export const SEED = Number(process.env.EMPORIUM_SEED ?? randomInt(1, 2 ** 31));

/**
 * A race as a test: all of its rounds, one after the other.
 * @param quick rounds in `npm test` of a race that takes long
 */
export function race(name: string, work: (round: number) => Promise<void>, quick = RACE_ROUNDS): void {
  const rounds = process.env.EMPORIUM_TEST_FULL === '1' ? RACE_ROUNDS : quick;
  it(
    name,
    async () => {
      for (let round = 1; round <= rounds; round += 1) await work(round);
    },
    RACE_TIMEOUT_MS,
  );
}
