/** A number that only grows, by labels. */
export interface Tally {
  name: string;
  help: string;
  labels: readonly string[];
}

const tallies = new Map<
  string,
  { tally: Tally; counts: Map<string, { labels: Record<string, string>; count: number }> }
>();

/**
 * Declares what is counted. The metrics page shows it; whoever counts need not know of that page.
 * @param name as Prometheus wants it: `shop_things_total`
 */
export function defineTally(tally: Tally): (labels: Record<string, string>) => void {
  const entry = { tally, counts: new Map<string, { labels: Record<string, string>; count: number }>() };
  if (tallies.has(tally.name)) throw new Error(`tally declared twice: ${tally.name}`);
  tallies.set(tally.name, entry);
  return (labels) => {
    const key = tally.labels.map((label) => labels[label] ?? '').join('\n');
    const known = entry.counts.get(key);
    if (known) known.count += 1;
    else entry.counts.set(key, { labels, count: 1 });
  };
}

/** Everything counted since the process began. */
export function tallyReports(): (Tally & { counts: { labels: Record<string, string>; count: number }[] })[] {
  return [...tallies.values()].map(({ tally, counts }) => ({ ...tally, counts: [...counts.values()] }));
}
