/** As long as caches may keep the page of a collection. */
const FRESH_MS = 60_000;
/** Counting so many takes as long as a hundred product pages. */
const MANY = 10_000;
const MAX_KEPT = 1_000;

interface Kept {
  id: string;
  version: number;
  count: number;
  countedAt: number;
}

/** A collection as it was counted. */
interface Counted {
  id: string;
  version: number;
  productCount: number;
}

/**
 * How many products large collections have, as counted within the last minute. What staff change at the collection itself is
 * counted at once, since that makes another version of it; and collections of up to 10,000 products are counted each time.
 */
export class LargeCounts {
  private readonly byCurrency = new Map<string | null, Map<string, Kept>>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** What need not be counted now, as arrays for SQL. */
  known(currency: string | null): [ids: string[], versions: number[], counts: number[]] {
    const oldest = this.now() - FRESH_MS;
    const fresh = [...(this.byCurrency.get(currency)?.values() ?? [])].filter(({ countedAt }) => countedAt > oldest);
    return [fresh.map(({ id }) => id), fresh.map(({ version }) => version), fresh.map(({ count }) => count)];
  }

  /** Remembers what has just been counted, or was known. */
  learn(currency: string | null, rows: readonly Counted[]): void {
    const kept = this.byCurrency.get(currency) ?? new Map<string, Kept>();
    this.byCurrency.set(currency, kept);
    const oldest = this.now() - FRESH_MS;
    for (const { id, version, productCount: count } of rows) {
      const before = kept.get(id);
      if (before && before.version === version && before.countedAt > oldest) continue;
      kept.delete(id);
      if (count > MANY) kept.set(id, { id, version, count, countedAt: this.now() });
      if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
    }
  }
}
