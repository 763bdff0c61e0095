const PPM = 1_000_000;

/** Rounds numerator / denominator half away from zero, exactly (no float). */
export function roundHalfUp(numerator: bigint, denominator: bigint): number {
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (2n * n + d) / (2n * d);
  return Number(negative ? -rounded : rounded);
}

/**
 * amount × numerator / denominator, rounded as `roundHalfUp` does. Amounts that people pay need no large integers: as long as
 * the dividend and the divisor together are safe integers, the quotient cannot round up to a whole number that it is not.
 */
export function shareOf(amount: number, numerator: number, denominator: number): number {
  const dividend = 2 * amount * numerator + denominator;
  const divisor = 2 * denominator;
  if (amount >= 0 && numerator >= 0 && denominator > 0 && dividend + divisor <= Number.MAX_SAFE_INTEGER)
    return Math.floor(dividend / divisor);
  return roundHalfUp(BigInt(amount) * BigInt(numerator), BigInt(denominator));
}

/**
 * The tax in an amount, rounded per line to a minor unit, half up.
 * @param amount minor units, net when `included` is false, gross when it is true
 * @param ratePpm the rate in parts per million: 20 % = 200000
 */
export function taxOf(amount: number, ratePpm: number, included: boolean): number {
  return shareOf(amount, ratePpm, included ? PPM + ratePpm : PPM);
}

/**
 * Spreads `total` over `weights` so that the parts are integers and add up exactly (largest remainder, ties to the first).
 * With all weights 0 the first part takes everything.
 */
export function allocate(total: number, weights: readonly number[]): number[] {
  if (weights.length === 0) return [];
  return allocateSmall(total, weights) ?? allocateAny(total, weights);
}

/** Amounts that people pay: where no product leaves the safe integers. Null for others. */
function allocateSmall(total: number, weights: readonly number[]): number[] | null {
  let sum = 0;
  for (const weight of weights) {
    if (!Number.isInteger(weight) || weight < 0) return null;
    sum += weight;
  }
  if (!Number.isInteger(total) || total < 0 || sum === 0 || total * sum > Number.MAX_SAFE_INTEGER) return null;
  let rest = total;
  const remainders: number[] = [];
  const parts = weights.map((weight) => {
    const product = total * weight;
    const remainder = product % sum;
    const part = (product - remainder) / sum;
    remainders.push(remainder);
    rest -= part;
    return part;
  });
  // Each gets one more at most: the largest remainders first, of equal ones the first.
  for (; rest > 0; rest -= 1) {
    let largest = 0;
    for (let at = 1; at < remainders.length; at += 1) if (remainders[at]! > remainders[largest]!) largest = at;
    parts[largest]! += 1;
    remainders[largest] = -1;
  }
  return parts;
}

function allocateAny(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + BigInt(b), 0n);
  if (sum === 0n) return weights.map((_, i) => (i === 0 ? total : 0));
  const parts = weights.map((w) => Number((BigInt(total) * BigInt(w)) / sum));
  let rest = total - parts.reduce((a, b) => a + b, 0);
  const order = weights
    .map((w, i) => ({ i, remainder: (BigInt(Math.abs(total)) * BigInt(w)) % sum }))
    .sort((a, b) => (a.remainder === b.remainder ? a.i - b.i : a.remainder > b.remainder ? -1 : 1));
  const step = Math.sign(rest);
  for (const { i } of order) {
    if (rest === 0) break;
    parts[i]! += step;
    rest -= step;
  }
  return parts;
}
