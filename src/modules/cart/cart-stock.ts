import type { CartLineSnapshot } from './cart.snapshot.js';

/** A thing in stock of which each piece of a line takes some. */
interface Need {
  variantId: string;
  /** by one piece */
  quantity: number;
  available: number;
}

/** What a line takes from the shelf: itself, or the parts of a bundle that are counted. */
function needsOf(line: CartLineSnapshot): Need[] {
  const needs = line.parts ?? [{ variantId: line.variantId, quantity: 1, available: line.available }];
  return needs.flatMap(({ variantId, quantity, available }) =>
    available === null ? [] : [{ variantId, quantity, available }],
  );
}

/**
 * How many of each line can be had, null where that is not counted. Bundles share parts with each other and with lines of
 * the same variant: lines that come first are served first.
 */
export function availabilityOf(lines: readonly CartLineSnapshot[]): (number | null)[] {
  if (!lines.some((line) => line.parts)) return lines.map((line) => line.available);
  const left = new Map<string, number>();
  return lines.map((line) => {
    const needs = needsOf(line);
    if (needs.length === 0) return null;
    const leftOf = ({ variantId, available }: Need) => left.get(variantId) ?? available;
    const can = Math.min(...needs.map((need) => Math.floor(leftOf(need) / need.quantity)));
    const taken = Math.min(line.quantity, can);
    for (const need of needs) left.set(need.variantId, leftOf(need) - taken * need.quantity);
    return can;
  });
}

/** A line of which there is not enough. */
export interface ShortLine {
  /** its place in the cart */
  index: number;
  available: number;
}

/**
 * The lines for which there was not enough.
 * @param missing variants of which too little was in stock
 * @param now what there is of these at this moment
 */
export function shortLines(
  lines: readonly CartLineSnapshot[],
  missing: ReadonlySet<string>,
  now: ReadonlyMap<string, number>,
): ShortLine[] {
  const fresh = <T extends { variantId: string; available: number | null }>(item: T): T =>
    missing.has(item.variantId) ? { ...item, available: now.get(item.variantId) ?? 0 } : item;
  const available = availabilityOf(
    lines.map((line) => (line.parts ? { ...line, parts: line.parts.map(fresh) } : fresh(line))),
  );
  const concerned = lines.flatMap((line, index) =>
    needsOf(line).some(({ variantId }) => missing.has(variantId)) ? [{ index, available: available[index] ?? 0 }] : [],
  );
  const short = concerned.filter((line) => line.available < lines[line.index]!.quantity);
  // Somebody gave back what was missing a moment ago: then it is named all the same.
  return short.length > 0 ? short : concerned;
}
